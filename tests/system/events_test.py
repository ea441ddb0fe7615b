#!/usr/bin/python3
"""noactl events and doctor: what the host did, and what is wrong with it."""
import json
import subprocess
import unittest

from noa_faults import until
from noa_host import BROKEN, FIXTURES, NOACTL, Host, Watcher


def events_of(host, *args):
    return [json.loads(line) for line in host.noactl("events", "--json", *args).splitlines()]


class Events(unittest.TestCase):
    def test_they_have_stable_names_and_ids_in_order(self):
        with Host([FIXTURES / "echo-c.so"], '[agents.echo-c]\nprobation = "0s"\n') as host:
            with Watcher(host, "host.agent.>") as seen:
                host.noactl("restart", "echo-c")
                host.noactl("stop", "echo-c")
                seen.action("echo-c", "stopped")
            wanted = ["agent.started", "agent.reloaded", "agent.stopped"]
            named = until(lambda: [event["event"] for event in events_of(host)
                                   if event["event"] in wanted],
                          lambda names: names[-1:] == wanted[-1:])
            self.assertEqual(named, wanted)
            ids = [event["id"] for event in events_of(host)]
            self.assertEqual(ids, sorted(set(ids)))
            self.assertEqual(len(events_of(host, "-n", "1")), 1)
            self.assertEqual(events_of(host, "--agent", "nobody"), [])
            self.assertIn("agent.stopped", host.noactl("events"))

    def test_followed_they_come_as_they_happen(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            follow = subprocess.Popen(
                [str(NOACTL), "--runtime-dir", str(host.runtime_dir), "events", "-f", "-n", "0",
                 "--json"], stdout=subprocess.PIPE, text=True)
            until(lambda: (host.noactl("restart", "echo-c"),
                           "control.request" in host.log_text())[1], bool)
            event = json.loads(follow.stdout.readline())
            self.assertEqual(event["agent"], "echo-c")
            follow.terminate()
            self.assertEqual(follow.wait(), 130)
            follow.stdout.close()


class Doctor(unittest.TestCase):
    def test_a_healthy_host_has_nothing_to_say(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            found = json.loads(host.noactl("doctor", "--json"))
            self.assertTrue(found["ok"])
            self.assertEqual({finding["verdict"] for finding in found["findings"]}, {"ok"})

    def test_each_finding_comes_with_advice(self):
        config = ('[host.restart]\nmax = 0\n[agents.patient]\nprobation = "0s"\n'
                  '[agents.start_fails_on_flag]\nsettings.fail = true\n')
        with Host([FIXTURES / "patient.so", FIXTURES / "start_fails_on_flag.so",
                   BROKEN / "no_entry.so"], config) as host:
            host.noactl("call", "patient", "say", json.dumps(
                {"checks": [{"name": "disk", "status": "critical", "text": "full"}]}))
            done = host.noactl_run("doctor", "--json")
            self.assertEqual(done.returncode, 1, done.stderr)
            found = {(finding["what"], finding["verdict"]): finding
                     for finding in json.loads(done.stdout)["findings"]}
            disk = found["patient", "fail"]
            self.assertEqual(disk["text"], "disk: full")
            self.assertIn("restart", disk["advice"])
            failed = found["start_fails_on_flag", "fail"]
            self.assertIn("cooldown", failed["advice"])
            self.assertIn("is started again in", found["start_fails_on_flag", "warn"]["text"])
            plugin = found[str(host.plugin_dir / "no_entry.so"), "warn"]
            self.assertIn("noactl check", plugin["advice"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
