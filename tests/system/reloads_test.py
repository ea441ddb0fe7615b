#!/usr/bin/python3
"""The history of reloads, and the events they are made of."""
import unittest

from noa_host import BROKEN, FIXTURES, Host, Watcher

PHASES = ["hint", "stage", "scan", "probe", "load", "switch", "confirm", "retire"]
CONFIG = '[agents.trial]\nprobation = "0s"\n'


class Reloads(unittest.TestCase):
    def test_each_phase_is_an_event_and_the_end_says_the_outcome(self):
        with Host((), CONFIG) as host:
            host.install(FIXTURES / "trial-1.so", "trial.so")
            with Watcher(host, "host.reload.trial") as events:
                events.until(lambda event: event["outcome"] == "confirmed")
                host.noactl("reload", "--force", "trial")
                seen = []

                def note(event):
                    seen.append(event["phase"])
                    return event["outcome"] == "confirmed"
                events.until(note)
            self.assertEqual(seen, PHASES + ["retire"])

    def test_the_history_tells_phases_pause_cause_and_outcome(self):
        with Host((), "") as host:
            with Watcher(host, "host.reload.trial") as events:
                host.configure(CONFIG, "20-trial.toml")
                host.install(FIXTURES / "trial-1.so", "trial.so")
                events.until(lambda event: event["outcome"] == "confirmed")
                host.install(FIXTURES / "trial-2.so", "trial.so")
                events.until(lambda event: event["outcome"] == "confirmed")
                host.configure("[agents.trial.settings]\nlimit = 2\n")
                events.until(lambda event: event["outcome"] == "confirmed")
            history = [each for each in host.json("reloads", "trial")
                       if each["outcome"] == "confirmed"]
            self.assertEqual([each["cause"] for each in history], ["settings", "file", "start"])
            self.assertEqual([each["to"] for each in history], [3, 2, 1])
            self.assertEqual(history[1]["from_version"], "1.0.0")
            self.assertEqual(history[1]["version"], "2.0.0")
            self.assertEqual(list(history[1]["phases"]), sorted(PHASES))
            self.assertGreater(history[1]["pause_ns"], 0)
            self.assertGreater(history[1]["phases"]["switch"], history[1]["pause_ns"] // 2)
            self.assertEqual(len(host.json("reloads", "trial", "-n", "2")), 2)
            table = host.noactl("reloads")
            for word in ("AGENT", "PAUSE", "OUTCOME", "confirmed", "2 (2.0.0)"):
                self.assertIn(word, table)
            self.assertEqual(host.noactl_run("reloads", "nobody").returncode, 1)

    def test_a_refusal_names_the_phase_it_happened_in_and_why(self):
        with Host((), CONFIG) as host, Watcher(host, "host.reload.>") as events:
            host.install(FIXTURES / "trial-1.so", "trial.so")
            events.until(lambda event: event["outcome"] == "confirmed")
            host.install(BROKEN / "no_entry.so", "trial.so")
            end = events.until(lambda event: event["outcome"] == "refused")
            self.assertEqual((end["agent"], end["phase"], end["from"], end["to"]),
                             ("trial", "scan", 1, 0))
            self.assertIn("noa_plugin_entry_v1", end["reason"])
            self.assertEqual(host.generation("trial"), 1)

    def test_too_many_pinned_libraries_refuse_further_reloads(self):
        config = ('[host]\nmax_pinned = 1\n[agents.whole]\nallow_pinned = true\n'
                  'probation = "0s"\n')
        with Host((), config) as host:
            host.install(BROKEN / "nodelete.so", "whole.so")
            host.noactl("reload")
            host.noactl("reload", "--force", "whole")
            pins = host.json("status")["pinned"]
            self.assertEqual(len(pins), 1)
            self.assertIn("DF_1_NODELETE", pins[0]["reason"])
            done = host.noactl_run("reload", "--force", "whole")
            self.assertEqual(done.returncode, 1)
            self.assertIn("no more than 1 may stay", done.stdout + done.stderr)
            self.assertEqual(host.agent("whole")["state"], "running")


if __name__ == "__main__":
    unittest.main(verbosity=2)
