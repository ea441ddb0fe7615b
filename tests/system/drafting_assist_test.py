#!/usr/bin/python3
"""Suggestions by a language model: a server on this machine stands in for it."""
import http.server
import json
import threading
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, noa_client

DENIED, STATE, FAILED, UNAVAILABLE, TOO_LARGE = -11, -12, -13, -14, -7
KEY = "sk-this-is-nobody's"
TEXT = "Keep this. 😀 Change that. And keep this.\n"
BEGIN, END = TEXT.encode("utf-16-le").index("Change".encode("utf-16-le")) // 2, 26


class Model(http.server.ThreadingHTTPServer):
    """Answers each request with `pieces`, or with `status` and a refusal."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Asked)
        self.pieces, self.status, self.asked = ["Mend", " it."], 200, []
        self.goes_on = threading.Event()
        self.goes_on.set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # who asked has gone

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Asked(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        model = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model.asked.append((self.path, self.headers.get("Authorization"), body))
        self.send_response(model.status)
        self.end_headers()
        if model.status != 200:
            self.wfile.write(json.dumps({"error": {"message": "no such model"}}).encode())
            return
        for at, piece in enumerate(model.pieces):
            self.tell({"choices": [{"delta": {"content": piece}}]})
            if at == 0:
                model.goes_on.wait(PATIENCE_S)
        self.tell({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        self.wfile.write(b"data: [DONE]\n\n")

    def tell(self, chunk):
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()


class Assist(unittest.TestCase):
    def setUp(self):
        self.model = Model()
        self.addCleanup(self.model.server_close)
        self.addCleanup(self.model.shutdown)
        self.host = Host([PLUGINS / "drafting.so"])
        key = self.host.root / "key"
        key.write_text(KEY + "\n")
        key.chmod(0o600)
        self.host.config_file.write_text(f"""
[agents.drafting.settings.model]
url = "{self.model.url}"
name = "small"
key = {{ secret = "file:{key}" }}
""")
        self.host.start()
        self.addCleanup(self.host.__exit__)
        self.client = self.host.client()
        self.addCleanup(self.client.close)

    def call(self, operation, **body):
        return self.client.call("drafting", operation, body, timeout_s=PATIENCE_S).json()

    def refusal(self, **body):
        with self.assertRaises(noa_client.NoaError) as caught:
            self.call("assist", **body)
        return caught.exception.status

    def draft(self, **more):
        return self.call("create", title="A", content=TEXT, **more)["id"]

    def test_what_it_writes_is_a_change_that_nobody_applied(self):
        draft = self.draft(metadata={"assist": True})
        self.client.subscribe(f"drafts.{draft}.assist")
        answer = self.call("assist", id=draft, instruction="shorter", begin=BEGIN, end=END)
        self.assertEqual((answer["text"], answer["cut"]), ("Mend it.", False))
        self.assertEqual(self.call("get", id=draft)["content"], TEXT)
        [(path, authorization, body)] = self.model.asked
        self.assertEqual((path, authorization), ("/v1/chat/completions", "Bearer " + KEY))
        self.assertEqual((body["model"], body["stream"]), ("small", True))
        self.assertEqual(json.loads(body["messages"][1]["content"]),
                         {"instruction": "shorter", "passage": "Change that."})
        heard, events = "", self.client.events(PATIENCE_S)
        while len(heard) < len("Mend it."):  # in as many pieces as the connection brought
            heard += next(events).json()["text"]
        self.assertEqual(heard, "Mend it.")
        self.call("edit", id=draft, version=answer["version"],
                  updates=[{"clientID": "a", "changes": answer["changes"]}])
        self.assertEqual(self.call("get", id=draft)["content"],
                         TEXT.replace("Change that.", "Mend it."))
        self.assertNotIn(KEY, self.host.log_text() + self.host.noactl("config", "explain"))

    def test_a_draft_that_does_not_allow_it_is_not_shown(self):
        for metadata in ({}, {"assist": False}, {"assist": "true"}, {"assist": 1}):
            draft = self.draft(metadata=metadata)
            self.assertEqual(self.refusal(id=draft, instruction="shorter"), DENIED)
        self.assertEqual(self.model.asked, [])

    def test_a_model_that_fails_is_said_to(self):
        draft = self.draft(metadata={"assist": True})
        self.model.status = 404
        self.assertEqual(self.refusal(id=draft, instruction="shorter"), FAILED)
        self.model.status, self.model.pieces = 200, ["x" * 70_000]
        self.assertEqual(self.refusal(id=draft, instruction="longer"), TOO_LARGE)
        self.model.shutdown()
        self.model.server_close()
        self.assertEqual(self.refusal(id=draft, instruction="shorter"), UNAVAILABLE)

    def test_one_that_takes_its_time_holds_up_neither_edits_nor_differences_nor_a_reload(self):
        draft = self.draft(metadata={"assist": True})
        self.model.goes_on.clear()
        self.client.subscribe(f"drafts.{draft}.assist")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.late(draft)))
        asking.start()
        next(self.client.events(PATIENCE_S))
        self.call("edit", id=draft, version=0,
                  updates=[{"clientID": "a", "changes": [[0, "x"], len(TEXT) + 1]}])
        self.call("diff", id=draft, **{"from": 0})
        self.host.noactl("reload", "drafting", "--force")
        self.model.goes_on.set()  # asked anew by the next generation
        asking.join(PATIENCE_S)
        self.assertEqual([answer["text"] for answer in answers], ["Mend it."])

    def late(self, draft):
        with self.host.client() as client:
            return client.call("drafting", "assist", {"id": draft, "instruction": "shorter"},
                               timeout_s=PATIENCE_S).json()

    def test_without_a_model_there_is_none(self):
        with Host([PLUGINS / "drafting.so"]) as host, host.client() as client:
            draft = client.call("drafting", "create",
                                {"title": "A", "metadata": {"assist": True}}).json()["id"]
            with self.assertRaises(noa_client.NoaError) as caught:
                client.call("drafting", "assist", {"id": draft, "instruction": "shorter"})
            self.assertEqual(caught.exception.status, STATE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
