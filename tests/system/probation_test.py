#!/usr/bin/python3
"""From the switch to the confirmation: what is undone, how, and what is remembered."""
import contextlib
import json
import os
import pathlib
import signal
import unittest

from noa_host import FIXTURES, Host, Watcher, noa_client, sanitized

LONG = '[agents.trial]\nprobation = "1h"\nrestart.max = 0\n'


def trial(version):
    return FIXTURES / f"trial-{version}.so"


def installed(version, config=LONG):
    host = Host((), config)
    host.install(trial(version), "trial.so")
    return host


class Probation(unittest.TestCase):
    def count(self, client):
        return client.call("trial", "add", {}).json()

    def ended(self, events, outcome):
        return events.until(lambda event: event["outcome"] == outcome)

    def upgrade(self, host, version, events):
        host.install(trial(version), "trial.so")
        events.until(lambda event: event["outcome"] == "switched" and
                     event["version"] == f"{version}.0.0")

    def confirmed(self, host, events):
        """Confirms what runs, by ending its probation."""
        host.configure('[agents.trial]\nprobation = "0s"\n', "90-now.toml")
        host.noactl("reload", "--force", "trial")
        self.ended(events, "confirmed")
        host.configure("", "90-now.toml")
        host.noactl("reload", "trial")

    def test_defects_swap_back_with_the_state(self):
        with installed(1) as host, host.client() as client, Watcher(host, "host.reload.>") as events:
            self.confirmed(host, events)
            self.assertEqual(self.count(client)["count"], 1)
            self.upgrade(host, 2, events)
            self.assertEqual(self.count(client), {"count": 2, "version": "2.0.0", "limit": 0})
            for _ in range(3):
                with self.assertRaisesRegex(Exception, "broken on purpose"):
                    client.call("trial", "fail", {})
            end = self.ended(events, "swapped_back")
            self.assertIn("broken on purpose", end["reason"])
            # The former generation goes on from where the other one was.
            self.assertEqual(self.count(client), {"count": 3, "version": "1.0.0", "limit": 0})
            self.assertEqual(host.generation("trial"), end["from"])
            rejected = host.agent("trial")["versions"]["rejected"]
            self.assertEqual(rejected[0]["version"], "2.0.0")
            # Neither a hint nor a plain reload brings the rejected file back; --force does.
            self.assertIn("unchanged", host.noactl("reload", "trial"))
            host.noactl("reload", "--force", "trial")
            self.assertEqual(self.count(client)["version"], "2.0.0")

    def test_two_defects_are_not_enough(self):
        with installed(1) as host, host.client() as client:
            host.noactl("reload", "--force", "trial")
            for _ in range(2):
                with self.assertRaisesRegex(Exception, "broken on purpose"):
                    client.call("trial", "fail", {})
            self.assertEqual(host.generation("trial"), 2)

    def test_critical_health_undoes_settings_and_keeps_the_file(self):
        short = '[agents.trial]\nprobation = "1s"\n'
        with installed(1, short) as host, host.client() as client, \
                Watcher(host, "host.reload.>") as events:
            self.ended(events, "confirmed")
            host.configure(short + "[agents.trial.settings]\ncritical = true\n")
            end = self.ended(events, "swapped_back")
            self.assertIn("critical", end["reason"])
            self.assertEqual(end["cause"], "settings")
            self.assertEqual(self.count(client)["version"], "1.0.0")
            self.assertEqual(host.agent("trial")["versions"]["rejected"], [])

    def test_what_the_former_one_complained_of_too_is_no_fault(self):
        config = '[agents.trial]\nprobation = "1s"\n[agents.trial.settings]\ncritical = true\n'
        with installed(1, config) as host, Watcher(host, "host.reload.>") as events:
            host.noactl("reload", "--force", "trial")
            end = self.ended(events, "confirmed")
            self.assertEqual(end["to"], 2)

    def test_a_state_that_the_former_one_cannot_read_has_it_created_anew(self):
        with installed(1) as host, host.client() as client, Watcher(host, "host.reload.>") as events:
            self.confirmed(host, events)
            self.assertEqual(self.count(client)["count"], 1)
            self.upgrade(host, 3, events)
            self.assertEqual(self.count(client)["count"], 2)
            for _ in range(3):
                client.send("trial", "fail", {})
            end = self.ended(events, "recreated")
            self.assertIn("held in memory is lost", end["reason"])
            self.assertEqual(self.count(client), {"count": 1, "version": "1.0.0", "limit": 0})
            self.assertIn("was undone", host.agent("trial")["note"])

    def test_a_plugin_that_cannot_go_back_is_degraded_and_serves_on(self):
        with installed(1) as host, host.client() as client, Watcher(host, "host.reload.>") as events:
            self.confirmed(host, events)
            self.upgrade(host, 4, events)
            for _ in range(3):
                client.send("trial", "fail", {})
            self.assertIn("cannot be rolled back", self.ended(events, "degraded")["reason"])
            self.assertEqual(self.count(client)["version"], "4.0.0")
            self.assertEqual(host.agent("trial")["state"], "degraded")

    def test_a_stuck_lane_is_found_and_said(self):
        with Host((), "") as host:
            gate = host.root / "gate"
            with Watcher(host, "host.reload.>") as events, host.client() as client:
                host.install(trial(1), "trial.so")
                events.until(lambda event: event["outcome"] == "switched")
                host.configure('[agents.trial]\nprobation = "1s"\nstall_limit = "100ms"\n'
                               'quiesce_timeout = "100ms"\n'
                               f'[agents.trial.settings]\ngate = "{gate}"\n')
                events.until(lambda event: event["outcome"] == "switched" and
                             event["cause"] == "settings" and event["to"] == 2)
                client.send("trial", "block", {})
                end = self.ended(events, "degraded")
                self.assertIn("stall_limit", end["reason"])
                gate.write_text("")
                self.assertEqual(self.count(client)["count"], 1)

    def test_a_reload_in_the_probation_supersedes_it(self):
        with installed(1) as host, host.client() as client:
            for number in range(2, 5):
                host.noactl("reload", "--force", "trial")
                self.assertEqual(host.generation("trial"), number)
            ends = [each["outcome"] for each in host.json("reloads", "trial")]
            self.assertEqual(ends, ["switched", "superseded", "superseded", "superseded"])
            self.assertEqual(self.count(client)["count"], 1)
            threads = os.listdir(f"/proc/{host.process.pid}/task")
            names = [pathlib.Path(f"/proc/{host.process.pid}/task/{each}/comm").read_text()
                     for each in threads]
            self.assertEqual(len([name for name in names if name.startswith("trial#")]), 2)

    def test_live_settings_make_no_new_generation_unless_the_plugin_refuses(self):
        with installed(5) as host, host.client() as client, Watcher(host, "host.reload.>") as events:
            self.count(client)
            host.configure("[agents.trial.settings]\nlimit = 4\n")
            self.assertEqual(self.ended(events, "reconfigured")["cause"], "settings")
            self.assertEqual(self.count(client), {"count": 2, "version": "5.0.0", "limit": 4})
            self.assertEqual(host.generation("trial"), 1)
            host.configure("[agents.trial.settings]\nlimit = 5\n")
            self.ended(events, "switched")
            self.assertEqual(self.count(client), {"count": 3, "version": "5.0.0", "limit": 5})
            self.assertEqual(host.generation("trial"), 2)


class Crashes(unittest.TestCase):
    def crash(self, host, operation):
        with host.client() as client, contextlib.suppress(noa_client.NoaError):
            client.send("trial", operation, {})  # the end may be faster than its receipt
        self.assertNotEqual(host.process.wait(60), 0)
        host.stop()

    def upgraded(self, host):
        """Version 1 confirmed, version 2 in its probation."""
        with Watcher(host, "host.reload.>") as events:
            host.configure('[agents.trial]\nprobation = "0s"\n', "90-now.toml")
            host.noactl("reload", "--force", "trial")
            events.until(lambda event: event["outcome"] == "confirmed")
            host.configure('[agents.trial]\nprobation = "1h"\n', "90-now.toml")
            host.noactl("reload", "trial")
            host.install(trial(2), "trial.so")
            events.until(lambda event: event["outcome"] == "switched" and
                         event["version"] == "2.0.0")

    @unittest.skipIf(sanitized(), "sanitizers have signal handlers of their own")
    def test_a_crash_in_the_new_code_rejects_it_and_starts_the_version_before(self):
        with installed(1) as host:
            self.upgraded(host)
            self.crash(host, "crash")
            host.start()
            line = host.log_until("host.crashed")
            self.assertEqual((line["agent"], line["certain"]), ("trial", True))
            self.assertEqual(host.agent("trial")["version"], "1.0.0")
            versions = host.agent("trial")["versions"]
            self.assertIn("the host crashed in it", versions["rejected"][0]["reason"])
            self.assertIn("in the code of trial", host.json("status")["last_crash"])

    @unittest.skipIf(sanitized(), "sanitizers have signal handlers of their own")
    def test_a_crash_on_its_lane_in_other_code_is_laid_at_its_door_less_surely(self):
        with installed(1) as host:
            self.upgraded(host)
            self.crash(host, "crash_libc")
            host.start()
            line = host.log_until("host.crashed")
            self.assertEqual((line["agent"], line["certain"]), ("trial", False))
            self.assertEqual(host.agent("trial")["version"], "1.0.0")

    def test_an_end_that_nobody_explains_is_tried_once_more_and_then_rejected(self):
        with installed(1) as host:
            self.upgraded(host)
            for version in ("2.0.0", "1.0.0"):
                host.stop(signal.SIGKILL)
                host.start()
                self.assertEqual(host.agent("trial")["version"], version)
            reason = host.agent("trial")["versions"]["rejected"][0]["reason"]
            self.assertIn("2 times while it was on trial", reason)

    def test_an_orderly_stop_in_the_probation_is_nobodys_fault(self):
        with installed(1) as host:
            self.upgraded(host)
            for _ in range(3):
                self.assertEqual(host.stop(), 0)
                host.start()
                self.assertEqual(host.agent("trial")["version"], "2.0.0")

    def test_a_ledger_that_is_broken_is_put_aside_and_said(self):
        with installed(1) as host:
            host.stop()
            page = host.state_dir / "ledger/trial.json"
            for text in ("", "[]", '{"good": 1}', "{" * 5000, json.dumps({"good": [{}] * 3})):
                page.write_text(text)
                host.start()
                self.assertEqual(host.agent("trial")["state"], "running")
                host.log_until("ledger.put_aside")
                host.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
