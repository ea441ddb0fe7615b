#!/usr/bin/python3
"""What a request leads to, from agent to agent: recorded as one trace, and told."""
import json
import re
import unittest

from noa_host import FIXTURES, Host, Outside

CONFIG = """
[host.traces]
sampling = 0.0
[agents.near]
plugin = "worker"
run = "thread"
[agents.far]
plugin = "worker"
run = "process"
"""


class Traces(unittest.TestCase):
    def call_traced(self, host, agent, operation, body):
        done = host.noactl_run("call", "--trace", agent, operation, json.dumps(body))
        self.assertEqual(done.returncode, 0, done.stderr)
        return re.search(r"trace ([0-9a-f]{32})", done.stderr)[1]

    def show(self, host, trace):
        return host.json("traces", "show", trace)["spans"]

    def edges(self, spans):
        """(who, of whom) of every span, by its parent."""
        agents = {span["span"]: span["agent"] for span in spans}
        return {(span["agent"], agents.get(span.get("parent"))) for span in spans}

    def on_behalf(self, host, message):
        with host.client() as client:
            return client.call("far", "who", {}, because=message).json()

    def test_a_trace_goes_from_agent_to_agent(self):
        with Host([FIXTURES / "worker.so"], CONFIG) as host:
            with self.subTest("through a thread into a process, and back"):
                there = self.call_traced(host, "near", "relay", {"agent": "far", "operation": "who"})
                self.assertEqual(self.edges(self.show(host, there)), {("near", None), ("far", "near")})
                back = self.call_traced(host, "far", "relay", {"agent": "near", "operation": "who"})
                self.assertEqual(self.edges(self.show(host, back)), {("far", None), ("near", "far")})
            with self.subTest("through a program outside, which began none itself"):
                with Outside(host, "guest", lambda message: self.on_behalf(host, message)):
                    trace = self.call_traced(host, "near", "relay", {"agent": "guest", "operation": "go"})
                spans = self.show(host, trace)
                self.assertEqual(self.edges(spans),
                                 {("near", None), ("guest", "near"), ("far", "guest")})
                self.assertEqual({span["status_name"] for span in spans}, {"ok"})
            with self.subTest("as told"):
                told = host.noactl("traces", "show", trace)
                self.assertRegex(told, r"(?m)^near +relay .*\n  guest +go .*\n    far +who ")
                listed = host.json("traces", "list")["traces"]
                self.assertEqual([one["trace"] for one in listed], [trace, back, there])
                self.assertEqual(listed[0]["spans"], 3)
            with self.subTest("what failed is found"):
                self.assertNotEqual(host.noactl_run("call", "--trace", "near", "fly").returncode, 0)
                failed = host.json("traces", "list", "--failed", "--agent", "near")["traces"]
                self.assertEqual([one["failed"] for one in failed], [1])
            with self.subTest("nothing else is recorded"):
                host.noactl("call", "near", "who", "{}")
                self.assertEqual(len(host.json("traces", "list")["traces"]), 4)
            with self.subTest("a share of the rest, from the next save on"):
                host.configure(CONFIG.replace("0.0", "1.0"))
                host.noactl("reload")
                host.noactl("call", "near", "who", "{}")
                newest = host.json("traces", "list")["traces"][0]
                self.assertEqual((newest["agent"], newest["operation"], newest["from"]),
                                 ("near", "who", "host"))
                self.assertNotIn("parent", self.show(host, newest["trace"])[0])


if __name__ == "__main__":
    unittest.main()
