#!/usr/bin/python3
"""Webhooks through a real host: signed, tried again, verified by a receiver of others."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import queue
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from console_client import free_port
from noa_host import BUILD, PATIENCE_S, PLUGINS, Host, Watcher, noa_client

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FORMER = "whsec_" + base64.b64encode(b"a former secret of 32 bytes, ok!").decode()
INVALID, DENIED, NOT_FOUND = -2, -11, -16  # of noa/status.h
LIBRARY = "standardwebhooks@1.1.1"
CONFIG = """
[agents.communication.settings]
retry = {{ first_pause = "10ms", longest_pause = "50ms", attempts = 4, timeout = "{timeout}" }}
breaker = {{ failures = 1000, failure_share = 1.1 }}
[agents.communication.settings.webhooks.orders]
url = "{scheme}://localhost:{port}/hook?token=hush"
ca = "{ca}"
secret = {{ secret = "file:{secret}" }}
former_secret = {{ secret = "file:{former}" }}
[agents.communication.settings.hooks.paid]
secret = {{ secret = "file:{secret}" }}
message = {{ subject = "orders.paid" }}
"""


class Receiver(http.server.ThreadingHTTPServer):
    """Answers with the codes that it is given, then with 204; keeps what came."""
    daemon_threads = True

    def __init__(self, *codes, certificate=None):
        super().__init__(("127.0.0.1", 0), Post)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.codes, self.got, self.silent = list(codes), [], threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # who does not trust the certificate ends the connection

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.silent.set()
        self.shutdown()
        self.server_close()


class Post(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((self.path, dict(self.headers.items()), body))
        code = self.server.codes.pop(0) if self.server.codes else 204
        if code == "silence":
            self.server.silent.wait()
            return
        self.send_response(code)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def signature(secret, headers, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class Webhooks(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, port, timeout="5s", scheme="http", ca="", plugins=(), more=""):
        host = Host([PLUGINS / f"{name}.so" for name in ("communication", *plugins)])
        places = {}
        for name, value in (("secret", SECRET), ("former", FORMER)):
            places[name] = host.root / name
            places[name].write_text(value + "\n")
            places[name].chmod(0o600)
        with open(host.config_file, "a") as file:
            file.write((CONFIG + more).format(port=port, timeout=timeout, scheme=scheme, ca=ca,
                                              **places))
        return self.enter(host)

    def settled(self, host, **message):
        with host.client() as client:
            message = {"webhook": "orders", "body": {"n": 1}, **message}
            sent = client.call("communication", "send", message, timeout_s=PATIENCE_S).json()
            answer = client.call("communication", "wait", {"id": sent["id"], "wait_s": 10},
                                 timeout_s=PATIENCE_S).json()
        return answer["state"], answer["attempts"], answer.get("error", "")

    def test_a_post_is_signed_with_each_key_and_tried_again(self):
        receiver = self.enter(Receiver(500, 503))
        host = self.host(receiver.server_port)
        self.assertEqual(self.settled(host, id="order-7")[:2], ("acked", 3))
        for path, headers, body in receiver.got:
            self.assertEqual((path, body, headers["webhook-id"]),
                             ("/hook?token=hush", b'{"n": 1}', "order-7"))
            self.assertEqual(headers["webhook-signature"].split(),
                             [signature(secret, headers, body) for secret in (SECRET, FORMER)])
        self.assertEqual(len(receiver.got), 3)
        listed = host.json("call", "communication", "webhook.list")
        told = json.dumps(listed) + host.log_text() + host.noactl("messages", "show", "order-7")
        for hidden in ("hush", SECRET, SECRET.removeprefix("whsec_")):
            self.assertNotIn(hidden, told)

    def test_an_endpoint_that_is_gone_is_not_asked_again(self):
        receiver = self.enter(Receiver(410))
        host = self.host(receiver.server_port)
        self.assertEqual(self.settled(host), ("dead", 1, "HTTP 410"))
        self.assertEqual(len(receiver.got), 1)

    def test_silence_and_nobody_there_are_failures(self):
        receiver = self.enter(Receiver("silence"))
        host = self.host(receiver.server_port, timeout="200ms")
        self.assertEqual(self.settled(host)[:2], ("acked", 2))
        receiver.shutdown()
        receiver.server_close()
        state, attempts, error = self.settled(host)
        self.assertEqual((state, attempts), ("dead", 4))
        self.assertIn("connect", error)

    def test_certificates_are_checked(self):
        folder = self.enter(tempfile.TemporaryDirectory())
        certificate = pathlib.Path(folder) / "both.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", certificate, "-out", f"{folder}/one.pem"], check=True,
                       capture_output=True)
        with open(certificate, "a") as file:
            file.write(pathlib.Path(f"{folder}/one.pem").read_text())
        receiver = self.enter(Receiver(certificate=certificate))
        known = self.host(receiver.server_port, scheme="https", ca=f"{folder}/one.pem")
        self.assertEqual(self.settled(known), ("acked", 1, ""))
        unknown = self.host(receiver.server_port, scheme="https")
        state, _, error = self.settled(unknown)
        self.assertEqual(state, "dead")
        self.assertIn("self-signed certificate", error)
        self.assertEqual(len(receiver.got), 1)

    def test_what_cannot_be_posted_is_refused(self):
        host = self.host(1)
        for message, why in (({"webhook": "none"}, "/webhook"), ({"id": "a.b"}, "/id")):
            with self.assertRaises(noa_client.NoaError) as caught:
                self.settled(host, **message)
            self.assertIn(why, caught.exception.text)

    def test_what_is_posted_here_is_verified_and_taken_once(self):
        host = self.host(1)
        with host.client() as client, Watcher(host, "orders.paid") as watcher:
            def post(name="paid", id="evt_1", body=b'{"n": 1}', secret=SECRET, age_s=0):
                stamp = str(int(time.time()) - age_s)
                headers = {"webhook-id": id, "webhook-timestamp": stamp}
                return client.call("communication", "webhook.receive", {
                    "name": name, "id": id, "timestamp": stamp,
                    "signature": signature(secret, headers, body),
                    "content_type": "application/json; charset=utf-8",
                    "base64": base64.b64encode(body).decode()}, timeout_s=PATIENCE_S).json()
            self.assertEqual(post(), {"id": "evt_1", "state": "queued"})
            self.assertEqual(post(), {"id": "evt_1", "duplicate": True})
            watcher.until(lambda event: event == {"n": 1})
            for wrong, status in (({"name": "none"}, NOT_FOUND), ({"secret": FORMER}, DENIED),
                                  ({"age_s": 400}, DENIED), ({"id": "a.b"}, INVALID),
                                  ({"id": "evt_2", "body": b"{"}, INVALID)):
                with self.subTest(**wrong), self.assertRaises(noa_client.NoaError) as caught:
                    post(**wrong)
                self.assertEqual(caught.exception.status, status)
        shown = host.json("messages", "show", "evt_1")
        self.assertEqual((shown["sender"], shown["state"]), ("webhook/paid", "acked"))

    def test_a_trace_comes_in_by_a_hook_and_goes_on_by_a_webhook(self):
        receiver, port = self.enter(Receiver()), free_port()
        host = self.host(receiver.server_port, plugins=["console"], more="""
            [agents.communication.settings.hooks.forward]
            secret = {{ secret = "file:{secret}" }}
            message = {{ webhook = "orders" }}
            [agents.console.settings]
            listen = ["tcp:127.0.0.1:%d"]
            """ % port)
        trace, span, stamp = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", str(int(time.time()))
        headers = {"content-type": "application/json", "webhook-id": "evt_1",
                   "webhook-timestamp": stamp, "traceparent": f"00-{trace}-{span}-01"}
        headers["webhook-signature"] = signature(SECRET, headers, b"{}")
        posted = urllib.request.Request(f"http://127.0.0.1:{port}/hooks/forward", b"{}", headers)
        with urllib.request.urlopen(posted, timeout=PATIENCE_S) as answer:
            told = answer.headers["traceparent"]
        with host.client() as client:
            client.call("communication", "wait", {"id": "evt_1", "wait_s": 10}, timeout_s=PATIENCE_S)
        [taken] = host.json("traces", "show", trace)["spans"]
        self.assertEqual((taken["operation"], taken["from"], taken["parent"]),
                         ("webhook.receive", "console", span))
        self.assertEqual(told, f"00-{trace}-{taken['span']}-01")
        [(_, delivered, _)] = receiver.got
        self.assertRegex(delivered["traceparent"], f"^00-{trace}-[0-9a-f]{{16}}-01$")
        self.assertNotIn(delivered["traceparent"], (told, headers["traceparent"]))

    def library(self):
        folder = BUILD / "tests/system/webhooks"
        if not (folder / "node_modules/standardwebhooks").exists():
            folder.mkdir(parents=True, exist_ok=True)
            try:
                subprocess.run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit",
                                "--no-fund", "--prefix", folder, LIBRARY], check=True,
                               capture_output=True, timeout=PATIENCE_S)
            except (OSError, subprocess.SubprocessError) as failure:
                self.skipTest(f"npm cannot fetch {LIBRARY}: {failure}")
        return folder

    def test_what_the_library_of_standard_webhooks_signs_is_taken_over_http(self):
        folder, port = self.library(), free_port()
        host = self.host(1, plugins=["console"], more=f"""
            [agents.console.settings]
            listen = ["tcp:127.0.0.1:{port}"]
            """)
        body = '{"type": "order.paid", "n": 1}'
        script = ("const [folder, secret, id, at, body] = process.argv.slice(1);"
                  "const { Webhook } = require('module').createRequire(folder + '/')('standardwebhooks');"
                  "console.log(new Webhook(secret).sign(id, new Date(Number(at) * 1000), body));")
        stamp = str(int(time.time()))

        def post(secret, id):
            signed = subprocess.run(["node", "-e", script, folder, secret, id, stamp, body],
                                    check=True, capture_output=True, text=True)
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/hooks/paid", body.encode(), {
                    "content-type": "application/json", "webhook-id": id,
                    "webhook-timestamp": stamp, "webhook-signature": signed.stdout.strip()})
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                    return answer.status
            except urllib.error.HTTPError as refused:
                return refused.code

        with Watcher(host, "orders.paid") as watcher:
            self.assertEqual(post(SECRET, "evt_1"), 202)
            watcher.until(lambda event: event == json.loads(body))
        self.assertEqual(post(SECRET, "evt_1"), 200)
        self.assertEqual(post(FORMER, "evt_2"), 401)

    def test_the_library_of_standard_webhooks_verifies_them(self):
        folder = self.library()
        script = pathlib.Path(os.environ["SOURCE_ROOT"]) / "tests/system/webhooks_receiver.mjs"
        node = self.enter(subprocess.Popen(["node", script, folder, SECRET], text=True,
                                           stdout=subprocess.PIPE))
        self.addCleanup(node.kill)
        lines = queue.SimpleQueue()
        threading.Thread(target=lambda: [lines.put(line) for line in node.stdout],
                         daemon=True).start()
        host = self.host(int(lines.get(timeout=PATIENCE_S)))
        body = {"type": "order.paid", "data": {"text": "caf\u00e9 \U0001F600", "n": [1, 2.5]}}
        self.assertEqual(self.settled(host, id="msg_1", body=body)[:2], ("acked", 1))
        self.assertEqual(json.loads(lines.get(timeout=PATIENCE_S)), {"id": "msg_1", "body": body})


if __name__ == "__main__":
    unittest.main(verbosity=2)
