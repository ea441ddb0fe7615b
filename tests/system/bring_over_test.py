#!/usr/bin/python3
"""An agent that was written in Python for NATS serves on the bus: plugin-api/wire/bring_over."""
import json
import subprocess
import sys
import unittest

from noa_host import PATIENCE_S, PLUGINS, SOURCE, Host, Watcher


class BringOver(unittest.TestCase):
    def serving(self, host):
        """The agent in its own process, from its first heartbeat on."""
        with Watcher(host, "heartbeat.beat.my-engine") as beats:
            agent = subprocess.Popen(
                [sys.executable, str(SOURCE / "plugin-api/wire/bring_over/my_engine.py"),
                 str(host.runtime_dir)], stderr=subprocess.DEVNULL)
            self.addCleanup(agent.wait)
            self.addCleanup(agent.kill)
            beats.until(lambda beat: beat["interval_s"] == 30)
        return agent

    def test_its_tasks_are_operations_and_its_failures_the_askers(self):
        with Host([PLUGINS / "heartbeat.so"]) as host:
            self.serving(host)
            self.assertEqual(json.loads(host.noactl("call", "my-engine", "process",
                                                    '{"value": 21}')),
                             {"status": "success", "doubled": 42})
            done = host.noactl_run("call", "my-engine", "process", '{"wrong": 1}')
            self.assertEqual(done.returncode, 1)
            self.assertIn("KeyError", done.stderr)
            metrics = json.loads(host.noactl("call", "my-engine", "metrics_of_mine"))
            self.assertEqual((metrics["tasks_completed"], metrics["tasks_failed"]), (1, 1))

    def test_its_subjects_are_events_both_ways(self):
        with Host([PLUGINS / "heartbeat.so"]) as host:
            self.serving(host)
            with Watcher(host, "my.topic_seen") as events:
                host.noactl("publish", "my.topic", '{"n": 7}')
                events.until(lambda event: event == {"seen": {"n": 7}})

    def test_others_know_that_it_is_there_and_that_it_has_gone(self):
        with Host([PLUGINS / "heartbeat.so"]) as host:
            agent = self.serving(host)
            beating = json.loads(host.noactl("call", "heartbeat", "list"))["agents"]
            self.assertIn(("my-engine", "beating"),
                          [(each["agent"], each["status"]) for each in beating])
            agent.terminate()
            self.assertEqual(agent.wait(PATIENCE_S), 0)
            self.assertNotEqual(host.noactl_run("call", "my-engine", "process", "{}").returncode, 0)
            self.serving(host)  # the name is free again
            self.assertIn("success", host.noactl("call", "my-engine", "process", '{"value": 1}'))


if __name__ == "__main__":
    unittest.main(verbosity=2)
