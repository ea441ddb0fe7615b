#!/usr/bin/python3
"""ordered = true: one unsettled message a sender, in order through retries and reloads."""
import json
import os
import unittest

from noa_host import FIXTURES, Host

COUNT = int(os.environ.get("ORDERED_COUNT", "1000"))
RELOADS_MAX = 10 * COUNT // 50


class Ordered(unittest.TestCase):
    def test_order_of_two_senders_outlives_retries_and_reloads_with_open_deliveries(self):
        config = ('[agents.orderly]\nordered = true\nquiesce_timeout = "20ms"\n'
                  '[agents.left]\nplugin = "flooder"\n[agents.right]\nplugin = "flooder"\n'
                  '[agents.flooder]\nenabled = false\n')
        with Host([FIXTURES / "orderly.so", FIXTURES / "flooder.so"], config) as host, \
                host.client() as client:
            self.assertIs(host.agent("orderly")["ordered"], True)
            for sender in ("left", "right"):
                client.call(sender, "start", {"to": "orderly", "operation": "put",
                                              "count": COUNT, "rate": 100_000})
            for _ in range(RELOADS_MAX):
                host.json("reload", "--force", "orderly")
                seen = client.call("orderly", "report", {}).json()["senders"]
                if (all(seen.get(sender, {}).get("last") == COUNT for sender in ("left", "right"))
                        and host.agent("orderly")["depth"] == 0):
                    break
            for sender in ("left", "right"):
                self.assertEqual(seen[sender]["last"], COUNT, seen)
                self.assertEqual(seen[sender]["disorder"], 0, seen)
                self.assertGreaterEqual(seen[sender]["again"], COUNT // 3)
            self.assertEqual(host.agent("orderly")["counters"]["dead"], 0)

    def test_it_is_turned_on_and_off_without_a_reload(self):
        with Host([FIXTURES / "slow.so"]) as host, host.client() as client:
            def blocked():  # asked by another sender than the one that is kept waiting
                return json.loads(host.noactl("call", "slow", "report"))["blocked"]

            host.configure("[agents.slow]\nordered = true\n")
            host.noactl("reload")
            for _ in range(3):
                client.send("slow", "block", {})
            self.assertEqual(blocked(), 1)
            self.assertEqual(host.agent("slow")["depth"], 3)
            host.noactl("call", "slow", "release")
            self.assertEqual(blocked(), 1, "the second one")
            host.configure("")
            host.noactl("reload")
            self.assertEqual(blocked(), 2, "the rest, at once")
            self.assertEqual(host.generation("slow"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
