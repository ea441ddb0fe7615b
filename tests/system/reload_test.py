#!/usr/bin/python3
"""Reloads under load: nothing is lost, order is kept."""
import os
import unittest

from noa_host import FIXTURES, Host, Watcher

RELOADS = int(os.environ.get("RELOADS", "200"))
RATE = 10_000


class Reload(unittest.TestCase):
    def test_reloads_keep_messages_and_order_of_two_senders(self):
        config = ('[agents.stateful]\nqueue_size = 100000\n'
                  '[agents.left]\nplugin = "flooder"\n[agents.right]\nplugin = "flooder"\n')
        with Host([FIXTURES / "stateful.so", FIXTURES / "flooder.so"], config) as host, \
                host.client() as client:
            flood = {"to": "stateful", "operation": "put", "count": 0, "rate": RATE, "size": 64}
            for sender in ("left", "right"):
                client.call(sender, "start", flood)
            for _ in range(RELOADS):
                outcome = host.json("reload", "--force", "stateful")
                self.assertIn("reloaded", str(outcome))
            sent = {}
            for sender in ("left", "right"):
                client.call(sender, "stop", {})
                sent[sender] = client.call(sender, "report", {}).json()
            # A request from here comes behind everything that was accepted before it.
            report = client.call("stateful", "report", {}, timeout_s=60).json()
            self.assertEqual(host.generation("stateful"), RELOADS + 1)
            for sender in ("left", "right"):
                got = report["senders"][sender]
                self.assertEqual(sent[sender]["refused"], 0, "senders notice nothing")
                self.assertEqual(got["last"], sent[sender]["accepted"], (sender, got))
                for defect in ("missing", "reordered", "duplicates_unflagged"):
                    self.assertEqual(got[defect], 0, (sender, defect, got))
                self.assertGreater(got["count"], RELOADS)
            self.assertEqual(host.json("status")["pinned"], [])

    def test_open_deliveries_of_the_old_generation_are_delivered_again(self):
        with Host([FIXTURES / "slow.so"]) as host, host.client() as client, \
                Watcher(host, "host.agent.>") as events:
            client.send("slow", "block", {})
            self.assertEqual(client.call("slow", "report", {}).json()["blocked"], 1)
            host.configure("[agents.slow]\nquiesce_timeout = \"200ms\"\n")
            host.log_until("agent.retuned", agent="slow")
            host.noactl("reload", "--force", "slow")
            events.action("slow", "reloaded")
            self.assertEqual(client.call("slow", "report", {}).json()["blocked"], 1)
            self.assertEqual(host.agent("slow")["counters"]["redelivered"], 1)
            self.assertEqual(client.call("slow", "release", {}).json()["released"], 1)

    def test_two_agents_with_full_inboxes_answer_each_other(self):
        config = ('[agents.ping]\nplugin = "pingpong"\nqueue_size = 100\n'
                  '[agents.ping.settings]\npeer = "pong"\n'
                  '[agents.pong]\nplugin = "pingpong"\nqueue_size = 100\n'
                  '[agents.pong.settings]\npeer = "ping"\n'
                  '[agents.pingpong]\nenabled = false\n')
        with Host([FIXTURES / "pingpong.so"], config) as host, host.client() as client:
            accepted = {"ping": 0, "pong": 0}
            refused = 0
            for round_number in range(3000):
                name = "ping" if round_number % 2 else "pong"
                try:
                    client.send(name, "ask", {})
                    accepted[name] += 1
                except Exception as error:  # noqa: BLE001 the full inbox is the point
                    self.assertIn("full", str(error))
                    refused += 1
                if round_number % 500 == 0:
                    self.assertEqual(client.call(name, "health", {}).json()["status"], "healthy")
            for name in ("ping", "pong"):
                host.noactl("stop", name)  # works off what was accepted
                counters = host.agent(name)["counters"]
                self.assertEqual(counters["dead"], 0)
                self.assertEqual(counters["expired"], 0)
                self.assertGreaterEqual(counters["handled"], accepted[name])


if __name__ == "__main__":
    unittest.main(verbosity=2)
