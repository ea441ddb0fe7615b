#!/usr/bin/python3
"""Agents that follow a document by the SDK, through reloads of both sides and kills of the host."""
import random
import signal
import threading
import time
import unittest

from noa_host import FIXTURES, PATIENCE_S, PLUGINS, Host, noa_client

AGENTS = {"near": "thread", "apart": "process"}


class Watch(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, settings=""):
        host = Host([PLUGINS / "config.so", FIXTURES / "follower.so"])
        host.configure(f"[agents.config.settings]\n{settings}\n" + "".join(
            f'[agents.{name}]\nplugin = "follower"\nrun = "{run}"\n'
            f'[agents.{name}.settings]\nlog = "{host.root / name}.log"\n'
            for name, run in AGENTS.items()))
        return self.enter(host)

    def lines(self, host, name):
        path = host.root / f"{name}.log"
        return path.read_text().splitlines() if path.exists() else []

    def until(self, host, name, line):
        """The lines of an agent, once that one is there: it comes by an event to the agent."""
        ends = time.monotonic() + PATIENCE_S
        with host.client() as client:
            while line not in (lines := self.lines(host, name)):
                self.assertLess(time.monotonic(), ends, lines[-3:])
                client.call("config", "stats", {})
        return lines

    def write(self, host, stop, done):
        """Changes, until told to stop; by a program that goes on where the host is again."""
        number = 0
        while not stop.is_set():
            try:
                with host.client() as client:
                    while not stop.is_set():
                        number += 1
                        name = "other" if number % 3 == 0 else "app"
                        client.call("config", "set", {"name": name, "value": {"n": number}},
                                    timeout_s=2)
                        done["count"] += 1
                        done["changed"].set()
            except noa_client.NoaError:
                pass

    def test_the_log_of_each_is_complete_through_reloads_and_kills(self):
        host = self.host()
        dice = random.Random(3)
        stop, done = threading.Event(), {"count": 0, "changed": threading.Event()}
        writer = threading.Thread(target=self.write, args=(host, stop, done))
        writer.start()
        try:
            for step in ["config", "near", "apart", "kill", "config", "apart", "near", "kill"]:
                wanted = done["count"] + dice.randrange(20, 60)
                while done["count"] < wanted:
                    done["changed"].clear()
                    done["changed"].wait(PATIENCE_S)
                if step == "kill":
                    host.stop(signal.SIGKILL)
                    host.start()
                else:
                    host.noactl("reload", "--force", step)
        finally:
            stop.set()
            writer.join()
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"last": True}})
            events, since, more = [], 0, True
            while more:
                answer = client.call("config", "changes", {"since": since}).json()
                events += answer["events"]
                since, more = answer["revision"], answer["more"]
        self.assertEqual([event["revision"] for event in events], list(range(1, since + 1)))
        wanted = [f"{event['revision']} app" for event in events if event["name"] == "app"]
        for name in AGENTS:
            self.assertEqual(self.until(host, name, wanted[-1]), wanted, name)

    def test_one_that_was_away_too_long_is_told_to_read_anew(self):
        host = self.host("events = 100\nversions = 1")
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"n": -1}})
            self.until(host, "near", "1 app")
            host.noactl("stop", "near")
            for number in range(200):
                client.call("config", "set", {"name": "app", "value": {"n": number}})
            host.noactl("start", "near")
            lines = self.until(host, "near", "anew 201")
            self.assertEqual(lines, ["1 app", "anew 201"])
            client.call("config", "set", {"name": "app", "value": {}})
            self.assertEqual(self.until(host, "near", "202 app"), ["1 app", "anew 201", "202 app"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
