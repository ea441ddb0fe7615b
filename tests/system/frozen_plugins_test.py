#!/usr/bin/python3
"""Plugins of other minors than this host's: those of 1.0, and those from ahead of it."""
import socket
import unittest

from noa_host import BUILD, Host, Watcher
from noa_client import NoaError

FROZEN = BUILD / "tests/abi/frozen-1.0"
LATER_MINOR = 5  # ahead


class FrozenPlugins(unittest.TestCase):
    def check_every_contract(self, host, client, minor):
        """Calls what each contract is behind; state is left with three more echoes."""
        def call(operation, body=""):
            return client.call("every", operation, body)

        self.assertEqual(call("echo", "body").text(), "body")
        self.assertEqual(call("later", "kept").text(), "kept")
        self.assertEqual(call("wake").text(), "awake")
        self.assertEqual(call("ask", "every").text(), "asked")
        self.assertEqual(call("ask", "bare").text(), "asked")
        self.assertEqual(call("retry").text(), "2")
        self.assertEqual(call("store").text(), "stored")
        with self.assertRaisesRegex(NoaError, "as it should"):
            call("fail")
        with self.assertRaisesRegex(NoaError, "no such operation"):
            call("nothing")
        before = call("count").json()
        self.assertEqual(call("tell").text(), "told")
        after = call("count").json()  # comes behind the notes and the event
        self.assertEqual(after["notes"] - before["notes"], 3)
        self.assertEqual(after["events"] - before["events"], 1)
        self.assertLessEqual(
            {"noa.agent/1", "noa.arena/1", "noa.listener/1", "noa.storage/1", "noa.timer/1"},
            set(call("offers").json()))
        facts = call("facts").json()
        self.assertEqual((facts["name"], facts["run"]), ("every", 1))
        self.assertEqual(facts["generation"], host.generation("every"))
        self.assertEqual(call("health").json()["checks"][0]["name"], "frozen")
        self.assertIn("frozen", call("metrics").json()["agent"])
        self.assertIn("echo", call("describe").json()["operations"])
        large = "x" * 100_000
        self.assertEqual(call("echo", large).text(), large)
        younger = call("younger").json()
        self.assertEqual(younger.pop("minor"), minor)
        self.assertEqual(set(younger.values()), {0}, younger)

    def connect(self, client):
        port = int(client.call("every", "port").text())
        return socket.create_connection(("127.0.0.1", port), timeout=60)

    def check_connection(self, connection, text):
        connection.sendall(text)
        got = b""
        while len(got) < len(text):
            piece = connection.recv(len(text) - len(got))
            self.assertTrue(piece, "the connection is gone")
            got += piece
        self.assertEqual(got, text)

    def host_with_both(self):
        host = Host()
        host.install(FROZEN / "frozen-every.so", "every.so")
        host.install(FROZEN / "frozen-bare.so", "bare.so")
        return host

    def test_a_plugin_of_1_0_works_and_reloads_with_all_it_has(self):
        with self.host_with_both() as host, host.client() as client:
            self.assertEqual(client.call("bare", "echo", "least").text(), "least")
            self.check_every_contract(host, client, 0)
            with self.connect(client) as connection:
                self.check_connection(connection, b"before")
                handled = client.call("every", "count").json()["handled"]
                for generation in (2, 3):
                    host.noactl("reload", "--force", "every", "bare")
                    self.assertEqual(host.generation("every"), generation)
                    self.check_connection(connection, b"after")
                count = client.call("every", "count").json()
                self.assertEqual((count["handled"], count["restored"]), (handled, 2))
            self.check_every_contract(host, client, 0)
            self.assertEqual(client.call("bare", "echo", "least").text(), "least")
            self.assertEqual(host.json("status")["pinned"], [])

    def test_its_settings_are_taken_while_it_runs_and_else_by_a_new_generation(self):
        with self.host_with_both() as host, host.client() as client:
            for prefix, generation in (("one ", 1), ("two ", 1), ("", 2), ("three ", 2)):
                host.configure(f'[agents.every.settings]\nprefix = "{prefix}"\n')
                host.noactl("reload")
                self.assertEqual(client.call("every", "echo", "x").text(), prefix + "x")
                self.assertEqual(host.generation("every"), generation, prefix)
            self.assertEqual(client.call("every", "count").json()["reconfigured"], 1)

    def test_a_plugin_of_a_later_minor_follows_one_of_1_0_and_goes_back(self):
        with self.host_with_both() as host, host.client() as client, \
                Watcher(host, "host.agent.every") as events, self.connect(client) as connection:
            client.call("every", "echo", "counted")
            handled = 1
            for file, minor in (("later.so", LATER_MINOR), ("frozen-every.so", 0)):
                host.install(FROZEN / file, "every.so")
                events.action("every", "reloaded")
                count = client.call("every", "count").json()
                self.assertEqual(count["handled"], handled, file)
                self.check_every_contract(host, client, minor)
                self.check_connection(connection, b"still here")
                handled = client.call("every", "count").json()["handled"]
            self.assertEqual(host.json("status")["pinned"], [])

    def test_a_plugin_that_needs_a_later_host_is_refused_and_the_old_one_serves(self):
        with self.host_with_both() as host, host.client() as client, \
                Watcher(host, "host.agent.every") as events:
            host.install(FROZEN / "needs_later.so", "every.so")
            said = events.action("every", "failed")["text"]
            self.assertIn(f"min_host_minor: wanted at most 0, found {LATER_MINOR}", said)
            self.assertIn("it needs a newer host", said)
            self.assertEqual(client.call("every", "echo", "on").text(), "on")
            self.assertEqual(host.generation("every"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
