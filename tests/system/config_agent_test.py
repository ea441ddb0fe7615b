#!/usr/bin/python3
"""The config agent through a real host: documents, watchers, reloads, and what a kill leaves."""
import json
import random
import signal
import threading
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, Watcher, noa_client


class Reader:
    """A watcher as applications are: it knows its revision, and asks on from there."""

    def __init__(self):
        self.revision = 0
        self.events = []

    def read(self, client, wait_s=0.0, names=()):
        while True:
            answer = client.call("config", "changes", {
                "since": self.revision, "wait_s": wait_s, "names": list(names)},
                timeout_s=PATIENCE_S).json()
            self.events += answer["events"]
            self.revision = answer["revision"]
            if not answer["more"]:
                return answer["events"]


class ConfigAgent(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, settings="", config=""):
        return self.enter(Host([PLUGINS / "config.so"],
                               f"[agents.config.settings]\n{settings}\n{config}"))

    def refusal(self, client, operation, body):
        with self.assertRaises(noa_client.NoaError) as caught:
            client.call("config", operation, body)
        return caught.exception.text

    def test_a_document_is_checked_versioned_and_explained(self):
        host = self.host('environment = "staging"')
        client = self.enter(host.client())
        client.call("config", "schema.set", {"name": "app", "value": {
            "properties": {"port": {"type": "integer", "minimum": 1}}}})
        client.call("config", "set", {"name": "app", "value": {"port": 80, "name": "x"},
                                      "reason": "first", "author": "ada"})
        client.call("config", "set", {"name": "app", "layer": "staging", "value": {"port": 8080}})
        self.assertEqual(self.refusal(client, "set", {
            "name": "app", "layer": "host", "value": {"port": 0}}),
            "app in staging: /port: expected at least 1, found 0")
        found = client.call("config", "get", {"name": "app"}).json()
        self.assertEqual(found["value"], {"port": 8080, "name": "x"})
        origins = {one["pointer"]: one["layer"] for one in client.call(
            "config", "explain", {"name": "app"}).json()["values"]}
        self.assertEqual(origins, {"/port": "staging", "/name": "base"})
        client.call("config", "set", {"name": "app", "pointer": "/port", "value": 81})
        client.call("config", "rollback", {"name": "app", "to": 1})
        versions = client.call("config", "history", {"name": "app"}).json()["versions"]
        self.assertEqual([one["version"] for one in versions], [3, 2, 1])
        self.assertTrue(versions[2]["author"].startswith("ada via "))
        self.assertTrue(client.call("config", "audit", {"verify": True}).json()["ok"])
        self.assertIn('"port":80', host.noactl("call", "config", "get",
                                               '{"name": "app", "environment": "production"}'))

    def test_watchers_are_told_in_order_through_reloads(self):
        host = self.host()
        client = self.enter(host.client())
        watcher = self.enter(Watcher(host, "config.changed.app"))
        reader = Reader()
        waiting = self.enter(host.client())
        for round_ in range(5):
            client.call("config", "set", {"name": "app", "value": {"round": round_}})
            reader.read(waiting)
            host.noactl("reload", "config", "--force")
        told = [watcher.until(lambda _: True)["revision"] for _ in range(5)]
        self.assertEqual(told, [1, 2, 3, 4, 5])
        self.assertEqual([event["revision"] for event in reader.events], told)

    def test_who_waits_is_answered_by_the_next_generation(self):
        host = self.host()
        client = self.enter(host.client())
        other = self.enter(host.client())
        asked = other._send(noa_client.REQUEST, to="config", subject="changes",
                            body=json.dumps({"since": 0, "wait_s": 60}).encode(),
                            content_type=noa_client.JSON, timeout_ms=60_000)
        while client.call("config", "stats").json()["watchers"] == 0:
            pass
        host.noactl("reload", "config", "--force")
        client.call("config", "set", {"name": "app", "value": {}})
        answer = other._answer_to(asked, PATIENCE_S)
        self.assertEqual(answer.json()["events"][0]["name"], "app")

    def test_a_compacted_revision_is_an_error_that_says_so(self):
        host = self.host("events = 100\nversions = 1")
        client = self.enter(host.client())
        for number in range(150):
            client.call("config", "set", {"name": "app", "value": {"n": number}})
        self.assertIn("compacted", self.refusal(client, "changes", {"since": 0}))
        compacted = client.call("config", "stats").json()["compacted"]
        reader = Reader()
        reader.revision = compacted
        reader.read(client)
        self.assertEqual([event["revision"] for event in reader.events],
                         list(range(compacted + 1, 151)))

    def test_a_kill_of_the_host_loses_and_invents_nothing(self):
        host = self.host()
        chance = random.Random(7)
        reader = Reader()
        acknowledged = {}
        for life in range(4):
            with host.client() as client, host.client() as watching:
                stop_at = chance.randrange(50, 400)
                killer = threading.Thread(target=host.stop, args=(signal.SIGKILL,))
                try:
                    for number in range(10_000):
                        if number == stop_at:
                            killer.start()
                        body = {"name": f"d{number % 7}", "value": {"life": life, "n": number}}
                        done = client.call("config", "set", body, timeout_s=2).json()
                        acknowledged[done["revision"]] = body
                        if number % 10 == 0:
                            reader.read(watching)
                except noa_client.NoaError:
                    pass
                killer.join()
            host.start()
        with host.client() as client:
            reader.read(client)
            self.assertTrue(client.call("config", "audit", {"verify": True}).json()["ok"])
        revisions = [event["revision"] for event in reader.events]
        self.assertEqual(revisions, list(range(1, len(revisions) + 1)))
        by_revision = {event["revision"]: event for event in reader.events}
        for revision, body in acknowledged.items():
            self.assertEqual(by_revision[revision]["name"], body["name"])
        values = {}
        for event in reader.events:
            for step in event["patch"]:
                if step["path"] == "":
                    values[event["name"]] = dict(step["value"])
                else:
                    values[event["name"]][step["path"][1:]] = step["value"]
        with host.client() as client:
            for name, value in values.items():
                self.assertEqual(client.call("config", "get", {"name": name}).json()["value"],
                                 value)

    def test_an_agent_outside_is_asked_before_its_document_changes(self):
        host = self.host()
        client = self.enter(host.client())
        serving = self.enter(host.client())

        def check(message):
            value = message.json()["value"]
            return {"ok": value.get("n", 0) < 10, "error": "/n: expected less than 10"}

        over = threading.Event()
        serving.begin_serving("app")

        def serve():
            while not over.is_set():
                serving.serve(check, timeout_s=0.2)

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)
        client.call("config", "policy.set", {"name": "app", "value": {
            "consumers": ["app"], "consumers_required": True}})
        client.call("config", "set", {"name": "app", "value": {"n": 1}})
        self.assertIn("/n: expected less than 10",
                      self.refusal(client, "set", {"name": "app", "value": {"n": 11}}))

    def test_a_damaged_store_is_refused_and_left_as_it_is(self):
        host = self.host()
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {}})
        host.stop()
        store = next(host.state_dir.rglob("config.db"))
        store.write_bytes(b"x" * 8192)
        host.start()
        agent = host.agent("config")
        self.assertNotEqual(agent["state"], "running")
        self.assertIn("restore a backup", json.dumps(agent) + host.log_text())
        self.assertEqual(store.read_bytes(), b"x" * 8192)


    def test_secrets_are_references_and_refusals_are_in_the_audit_log(self):
        host = self.host()
        client = self.enter(host.client())
        client.call("config", "schema.set", {"name": "db", "value": {"definitions": {
            "key": {"writeOnly": True}}, "properties": {"key": {"$ref": "#/definitions/key"},
                                                        "port": {"maximum": 9}}}})
        self.assertEqual(self.refusal(client, "set", {"name": "db", "value": {"key": "hunter2"}}),
                         'db in production: /key: expected {"$secret": …}: it is writeOnly, '
                         "found a value")
        client.call("config", "set", {"name": "db", "value": {"key": {"$secret": "file:/k"}}})
        self.refusal(client, "set", {"name": "db", "pointer": "/port", "value": 12345})
        entries = client.call("config", "audit", {"name": "db"}).json()["entries"]
        self.assertEqual([one["action"] for one in entries], ["refused", "set", "refused", "set"])
        self.assertEqual(entries[0]["reason"],
                         "db in production: /port: expected at most 9")
        self.assertNotIn("hunter2", json.dumps(entries))
        for _ in range(70):
            self.refusal(client, "set", {"name": "db", "pointer": "/port", "value": 12345})
        entries = client.call("config", "audit", {"name": "db"}).json()["entries"]
        self.assertLess(len(entries), 74)
        self.assertTrue(client.call("config", "audit", {"verify": True}).json()["ok"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
