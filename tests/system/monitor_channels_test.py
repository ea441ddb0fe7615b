#!/usr/bin/python3
"""Alerts on their way to receivers through a real host: files, messages, HTTP; down for a while."""
import email.header
import http.server
import json
import pathlib
import queue
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import unittest
import urllib.request

from noa_host import PATIENCE_S, PLUGINS, Host, Watcher

RULE = """
[agents.monitor.settings]
interval = "1s"
retention = "5min"
shipped_rules = false
[[agents.monitor.settings.rules]]
name = "Stopped"
expression = "noa_agent_stopped == 1"
keep = "0s"
cooldown = "0s"
severity = "critical"
summary = "{{ $labels.agent }} was stopped"
"""
ALERTMANAGER = shutil.which("prometheus-alertmanager")


def channel(name, kind, target, severity="info"):
    return (f'[[agents.monitor.settings.channels]]\nname = "{name}"\ntype = "{kind}"\n'
            f'target = "{target}"\nseverity = "{severity}"\n')


class Receiver(http.server.ThreadingHTTPServer):
    """Refuses with 503 while `down`; what it takes is in `taken`."""
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Post)
        self.down = False
        self.refused = threading.Event()
        self.taken = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def next(self):
        return self.taken.get(timeout=PATIENCE_S)

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Post(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(503 if self.server.down else 200)
        self.end_headers()
        if self.server.down:
            self.server.refused.set()
        else:
            self.server.taken.put((self.path, body))

    def log_message(self, *_):
        pass


class MailServer(socketserver.ThreadingTCPServer):
    """As much of SMTP as a client needs; what it takes is in `taken`: from, to, text."""
    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), MailSession)
        self.taken = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class MailSession(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 test")
        sender, recipients = "", []
        for line in self.rfile:
            word = line.decode().strip()
            if word.startswith("MAIL FROM:"):
                sender = word.split(":")[1].split()[0]
            elif word.startswith("RCPT TO:"):
                recipients.append(word.split(":")[1])
            elif word == "DATA":
                self.say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.taken.put((sender, recipients, email.message_from_bytes(text)))
            self.say("221 bye" if word == "QUIT" else "250 good")


class MonitorChannels(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, *channels):
        plugins = [PLUGINS / f"{name}.so" for name in ("monitor", "heartbeat", "communication")]
        return self.enter(Host(plugins, RULE + "".join(channels)))

    def settled(self, host, name, receiver=None):
        """The channel, once nothing waits for it; looked at after each round, while the receiver's
        process runs."""
        found = {}

        def look(_):
            self.assertIsNone(receiver and receiver.poll(), "the receiver has ended")
            found.update(next(one for one in host.json("alerts", "channels")["channels"]
                              if one["name"] == name))
            return found["waiting"] == 0 and found["delivered"] > 0

        with Watcher(host, "monitor.round") as rounds:
            rounds.until(look)
        return found

    def test_receivers_are_told_that_it_fires_and_that_it_is_over(self):
        receiver = self.enter(Receiver())
        host = self.host(channel("chat", "slack", receiver.url("/hooks/secret"), "critical"))
        host.noactl("stop", "heartbeat")
        self.assertEqual(receiver.next(), ("/hooks/secret", {
            "text": "*FIRING* Stopped (critical)\n• heartbeat was stopped"}))
        host.noactl("start", "heartbeat")
        self.assertIn("RESOLVED", receiver.next()[1]["text"])
        listed = host.noactl("alerts", "channels")
        self.assertRegex(listed, r"(?m)^chat +slack +127.0.0.1:\d+ +critical ")
        self.assertNotIn("secret", listed)

    def test_mail_and_a_pager_are_told(self):
        server, receiver = self.enter(MailServer()), self.enter(Receiver())
        host = self.host(
            channel("ops", "email", f"smtp://127.0.0.1:{server.server_address[1]}") +
            'from = "noa@edge.example"\nto = ["ops@example.com", "night@example.com"]\n',
            channel("duty", "pager", receiver.url("/v2/enqueue")) + 'secret = { secret = "file:%s" }\n'
            % self.secret("routing-key"))
        host.noactl("stop", "heartbeat")
        sender, recipients, mail = server.taken.get(timeout=PATIENCE_S)
        self.assertEqual((sender, recipients), ("<noa@edge.example>", [
            "<ops@example.com>", "<night@example.com>"]))
        subject = str(email.header.make_header(email.header.decode_header(mail["Subject"])))
        self.assertEqual(subject, "[critical] Stopped fires: heartbeat was stopped")
        self.assertIn("heartbeat was stopped", mail.get_payload(decode=True).decode())
        path, event = receiver.next()
        self.assertEqual((path, event["event_action"], event["routing_key"]),
                         ("/v2/enqueue", "trigger", "routing-key"))
        host.noactl("start", "heartbeat")
        over = receiver.next()[1]
        self.assertEqual((over["event_action"], over["dedup_key"]), ("resolve", event["dedup_key"]))
        self.assertIn("is over", str(email.header.make_header(email.header.decode_header(
            server.taken.get(timeout=PATIENCE_S)[2]["Subject"]))))
        self.assertNotIn("routing-key", host.log_text() + host.noactl("alerts", "channels"))

    def secret(self, text):
        folder = self.enter(tempfile.TemporaryDirectory())
        path = pathlib.Path(folder) / "secret"
        path.write_text(text)
        path.chmod(0o600)
        return path

    def test_a_channel_gets_only_what_is_urgent_enough(self):
        receiver = self.enter(Receiver())
        config = RULE.replace('severity = "critical"', 'severity = "warning"')
        host = self.enter(Host([PLUGINS / "monitor.so", PLUGINS / "heartbeat.so"], config +
                               channel("pager", "webhook", receiver.url("/pager"), "critical") +
                               channel("all", "webhook", receiver.url("/all"), "warning")))
        host.noactl("stop", "heartbeat")
        self.assertEqual(receiver.next()[0], "/all")
        host.noactl("start", "heartbeat")
        self.assertEqual(receiver.next()[0], "/all")

    def test_a_receiver_that_is_down_gets_it_later_though_the_host_is_killed(self):
        receiver = self.enter(Receiver())
        receiver.down = True
        host = self.host(channel("hook", "webhook", receiver.url("/hook")))
        host.noactl("disable", "heartbeat")
        self.assertTrue(receiver.refused.wait(PATIENCE_S))
        record = host.state_dir / "agents/monitor/alerts.json"
        with Watcher(host, "monitor.round") as rounds:
            rounds.until(lambda _: record.exists() and
                         json.loads(record.read_text())["waiting"].get("hook"))
        host.stop(signal.SIGKILL)
        host.start()
        host.noactl("reload", "monitor", "--force")
        receiver.down = False
        path, body = receiver.next()
        self.assertEqual((path, body["status"], body["rule"]), ("/hook", "firing", "Stopped"))
        host.noactl("enable", "heartbeat")
        self.assertEqual(receiver.next()[1]["status"], "resolved")
        self.settled(host, "hook")

    def test_what_came_and_went_while_the_receiver_was_down_is_told(self):
        receiver = self.enter(Receiver())
        receiver.down = True
        host = self.host(channel("hook", "webhook", receiver.url("/hook")))
        with Watcher(host, "monitor.alert.Stopped") as told:
            host.noactl("stop", "heartbeat")
            told.until(lambda event: event["status"] == "firing")
            host.noactl("start", "heartbeat")
            told.until(lambda event: event["status"] == "resolved")
        receiver.down = False
        self.assertEqual(receiver.next()[1]["status"], "resolved")

    def test_a_file_has_a_line_for_each_notice(self):
        host = self.host(channel("file", "file", ""))
        host.noactl("stop", "heartbeat")
        self.settled(host, "file")
        [file] = (host.state_dir / "agents/monitor/alerts").iterdir()
        self.assertRegex(file.name, r"^alerts-\d{4}-\d\d-\d\d\.jsonl$")
        [line] = map(json.loads, file.read_text().splitlines())
        self.assertEqual((line["rule"], line["status"]), ("Stopped", "firing"))

    def test_a_message_is_handed_over_to_communication(self):
        host = self.host(channel("team", "message", "desk/note"))
        host.noactl("stop", "heartbeat")
        self.settled(host, "team")
        [message] = host.json("messages", "list", "--to", "desk")["messages"]
        self.assertEqual((message["operation"], message["sender"]), ("note", "monitor"))
        shown = host.json("messages", "show", message["id"])
        self.assertEqual(shown["body"]["rule"], "Stopped")

    @unittest.skipUnless(ALERTMANAGER, "prometheus-alertmanager is not installed")
    def test_alertmanager_takes_what_fires_and_what_is_over(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        host = self.host(channel("am", "alertmanager", f"http://127.0.0.1:{port}/api/v2/alerts"))
        (host.root / "am.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
        host.noactl("stop", "heartbeat")
        manager = subprocess.Popen(
            [ALERTMANAGER, f"--config.file={host.root}/am.yml", f"--storage.path={host.root}/am",
             f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(manager.wait)
        self.addCleanup(manager.terminate)
        self.settled(host, "am", manager)
        [alert] = self.alerts(port)
        self.assertEqual(alert["labels"],
                         {"alertname": "Stopped", "severity": "critical", "agent": "heartbeat"})
        host.noactl("start", "heartbeat")
        with Watcher(host, "monitor.round") as rounds:
            rounds.until(lambda _: self.alerts(port) == [])

    @staticmethod
    def alerts(port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/alerts") as answer:
            return json.load(answer)

    def test_channels_that_make_no_sense_are_refused_with_their_place(self):
        host = self.host()
        for bad, place in ((channel("a", "webhook", "ftp://x/"), "/channels/0/target"),
                           (channel("a", "message", "desk"), "/channels/0/target"),
                           (channel("a", "file", "here"), "/channels/0/target"),
                           (channel("a", "file", "/tmp") * 2, "/channels/1/name")):
            host.configure(bad)
            done = host.noactl_run("plan")
            self.assertNotEqual(done.returncode, 0, bad)
            self.assertIn(place, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
