#!/usr/bin/python3
"""State goes from generation to generation whole, or the one that has it stays."""
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Sequence
from noa_host import Watcher

STATE_LIMIT = 64 << 20
HEAD_BYTES = 16  # of what fixtures/reload/schema.c saves in schema 1


class Handing(FaultCase):
    def test_state_that_is_not_saved_leaves_the_old_generation_with_it(self):
        too_much = f"size: wanted at most {STATE_LIMIT} bytes, found more"
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            for order, reason in (("save fail", "save was told to fail"),
                                  ("save huge", too_much), ("save huge_ignoring", too_much)):
                with self.subTest(order=order):
                    host.order(order)
                    sequence.send(10)
                    self.refused(host, reason, outcome="undone")
                    sequence.check(self)
            host.order()
            self.serves(host, faulty=("running", 1))
            self.reloaded(host)
            sequence.check(self)

    def test_state_that_is_not_taken_leaves_the_old_generation_with_it(self):
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            for what in ("fail", "unsupported", "throw_int", "throw_exception"):
                with self.subTest(what=what):
                    host.order(f"restore {what}")
                    sequence.send(10)
                    self.refused(host, "restore state", outcome="undone")
                    sequence.check(self)
            host.order()
            self.serves(host, faulty=("running", 1))
            self.reloaded(host)
            sequence.check(self)

    def test_a_restart_hands_nothing_over_and_needs_no_state(self):
        with FaultyHost() as host, host.client() as client:
            Sequence(client).send(3)
            host.order("save fail", "restore fail")
            host.noactl("restart", "faulty")
            self.assertEqual(client.call("faulty", "report", {}).json()["senders"], {})
            self.serves(host, faulty=("running", 2))

    def test_every_byte_arrives_up_to_the_limit_and_not_beyond(self):
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.agent.schema") as events:
            host.install(RELOAD / "schema_1.so", "schema.so")
            events.action("schema", "started")
            for padding in (0, 1, 4093, (1 << 20) + 7, STATE_LIMIT - HEAD_BYTES):
                with self.subTest(padding=padding):
                    wanted = client.call("schema", "set", {"number": padding + 3,
                                                           "padding": padding}).json()
                    self.reloaded(host, "schema")
                    self.assertEqual(client.call("schema", "get", {}, timeout_s=30).json(), wanted)
            client.call("schema", "set", {"padding": STATE_LIMIT - HEAD_BYTES + 1})
            self.refused(host, f"size: wanted at most {STATE_LIMIT} bytes, found more",
                         agent="schema")
            self.serves(host, schema=("running", 6))


class Schemas(FaultCase):
    def install(self, host, events, version, action):
        host.install(RELOAD / f"schema_{version}.so", "schema.so")
        return events.action("schema", action)["text"]

    def test_an_older_schema_is_migrated_and_a_newer_one_refused(self):
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.agent.schema") as events:
            self.install(host, events, 1, "started")
            client.call("schema", "set", {"number": 7, "padding": 100})
            self.install(host, events, 2, "reloaded")
            self.assertEqual(client.call("schema", "set", {"number": 8}).json(),
                             {"number": 8, "label": "migrated", "padding": 100, "schema": 2})
            said = self.install(host, events, 1, "failed")
            self.assertIn("state: schema 2 is newer than 1", said)
            self.assertEqual(client.call("schema", "get", {}).json(),
                             {"number": 8, "label": "migrated", "padding": 100, "schema": 2})
            self.assertEqual(host.agent("schema")["version"], "2.0.0")
            self.serves(host, schema=("running", 2))

    def test_a_schema_that_the_new_version_reads_no_more_is_refused_by_number(self):
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.agent.schema") as events:
            self.install(host, events, 1, "started")
            client.call("schema", "set", {"number": 7})
            said = self.install(host, events, 3, "failed")
            self.assertIn("state schema: wanted at least 3, found 1", said)
            self.assertEqual(client.call("schema", "get", {}).json()["number"], 7)
            self.serves(host, schema=("running", 1))
            # A way through all the same: over a version that reads both, or without the state.
            self.install(host, events, 2, "reloaded")
            said = self.install(host, events, 3, "failed")
            self.assertIn("state schema: wanted at least 3, found 2", said)
            host.noactl("restart", "schema")
            self.assertEqual(client.call("schema", "get", {}).json(),
                             {"number": 0, "label": "fresh", "padding": 0, "schema": 3})
            self.serves(host, schema=("running", 3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
