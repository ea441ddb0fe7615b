#!/usr/bin/python3
"""What is done about findings: by which strategy, how often, and what is said of it."""
import json
import threading
import unittest

from noa_faults import RELOAD, until
from noa_host import FIXTURES, Host, Watcher, noa_client

QUICK = ('[host.health]\ninterval = "20ms"\ntimeout = "200ms"\nthreshold = 2\n'
         '[host.restart]\nbackoff = "1ms"\nin_a_row = 2\ncooldown = "1h"\n'
         '[host.heal]\ncooldown = "1ms"\nwatch = "100ms"\n{heal}'
         '[agents.patient]\nprobation = "0s"\n{agent}')


def patient(agent="", heal=""):
    return Host([FIXTURES / "patient.so"], QUICK.format(agent=agent, heal=heal))


def heals(host):
    return Watcher(host, "host.heal.patient")


def of(event, **fields):
    return lambda seen: seen.get("event") == event and all(
        seen.get(key) == value for key, value in fields.items())


def say(client, answer):
    client.call("patient", "say", answer)


CRITICAL = {"checks": [{"name": "disk", "status": "critical", "text": "full"}]}


class Heal(unittest.TestCase):
    def test_a_critical_check_restarts_it_with_its_state(self):
        with patient() as host, host.client() as client, heals(host) as events:
            client.call("patient", "add", {})
            say(client, CRITICAL)
            planned = events.until(of("heal.planned", strategy="restart"))
            self.assertEqual(planned["reason"], "disk: full")
            events.until(of("heal.done"))
            self.assertEqual(client.call("patient", "add", {}).json()["count"], 2)
            agent = host.agent("patient")
            self.assertEqual((agent["state"], agent["generation"]), ("running", 2))

    def test_switched_off_it_is_only_advised(self):
        with patient(heal="restart = false\n") as host, host.client() as client, \
                heals(host) as events:
            say(client, CRITICAL)
            events.until(of("heal.advised", strategy="restart", reason="disk: full"))
            self.assertEqual(host.generation("patient"), 1)

    def test_restarts_are_bounded_then_it_is_degraded_to_what_is_critical(self):
        with patient('settings.chronic = true\nheal.critical = ["say"]\n') as host, \
                host.client() as client, heals(host) as events:
            say(client, CRITICAL)
            events.until(of("heal.exhausted"))
            events.until(of("heal.degraded", mode="critical"))
            with self.assertRaisesRegex(noa_client.NoaError, "degraded: disk: full"):
                client.call("patient", "add", {})
            self.assertEqual(host.agent("patient")["state"], "degraded")
            say(client, {})  # which it may still be told
            events.until(of("heal.recovered"))

    def test_read_only_is_an_agent_s_own_way_to_be_degraded(self):
        agent = 'settings.chronic = true\nsettings.has_read_only = true\nheal.critical = ["say"]\n'
        with patient(agent) as host, host.client() as client, heals(host) as events:
            say(client, CRITICAL)
            events.until(of("heal.degraded", mode="read_only"))
            with self.assertRaisesRegex(noa_client.NoaError, "read only"):
                client.call("patient", "add", {})

    def failing(self, host):
        """Errors without end, until told."""
        return self.calling(host, "fail", {})

    def calling(self, host, operation, body, how="call"):
        stop = threading.Event()

        def go_on():
            with host.client() as client:
                while not stop.is_set():
                    try:
                        getattr(client, how)("patient", operation, body)
                    except noa_client.NoaError:
                        pass

        thread = threading.Thread(target=go_on)
        thread.start()

        def end():
            stop.set()
            thread.join()
        return end

    def test_a_safe_restart_that_helped_is_validated(self):
        with patient("settings.sick_from = 1\n") as host, host.client() as client, \
                heals(host) as events:
            client.call("patient", "add", {})  # from here on it fails; without its state it does not
            end = self.failing(host)
            events.until(of("heal.done", strategy="safe_restart"))
            events.until(of("heal.validated"))
            end()
            self.assertEqual(client.call("patient", "add", {}).json()["count"], 1)

    def test_one_that_did_not_help_gives_the_state_back(self):
        with patient() as host, host.client() as client, heals(host) as events:
            client.call("patient", "add", {})
            end = self.failing(host)  # with or without a state
            events.until(of("heal.done", strategy="safe_restart"))
            restored = events.until(of("heal.state_restored"))
            end()
            self.assertIn("errors", restored["reason"])
            self.assertEqual(client.call("patient", "add", {}).json()["count"], 2)

    def test_slowness_is_a_safe_restart_too(self):
        with patient('health.latency.limit = "1ms"\n') as host, host.client() as client, \
                heals(host) as events:
            end = self.calling(host, "work", "20")
            planned = events.until(of("heal.planned"))
            end()
            self.assertEqual(planned["strategy"], "safe_restart")
            self.assertRegex(planned["reason"], r"^latency: \d+ms at the ")

    def test_a_leak_is_a_restart_with_the_state(self):
        with patient('health.memory.limit = "1MiB"\n') as host, host.client() as client, \
                heals(host) as events:
            client.call("patient", "add", {})
            client.call("patient", "leak", "2000000")
            say(client, {"memory": 2000000})  # of a thread the host knows no better
            planned = events.until(of("heal.planned"))
            self.assertEqual((planned["strategy"], planned["reason"]),
                             ("graceful_restart", "memory: 2MB in use"))
            events.until(of("heal.done"))
            self.assertEqual(client.call("patient", "add", {}).json()["count"], 2)

    def test_load_is_only_advised_about(self):
        with patient("queue_size = 10\n") as host, heals(host) as events:
            end = self.calling(host, "work", "20", how="send")  # it answers in between
            advised = events.until(of("heal.advised"))
            end()
            self.assertEqual(advised["strategy"], "scale_up")
            self.assertRegex(advised["reason"], "^inbox: .* of 10 waiting")
            self.assertEqual(host.generation("patient"), 1)

    def test_corruption_that_it_tells_of_asks_for_the_version_before(self):
        damaged = {"checks": [{"name": "store", "status": "critical", "text": "page 7",
                               "reason": "data-corruption"}]}
        with patient() as host, host.client() as client, Watcher(host, "host.>") as events:
            self.newer(host, events)
            say(client, damaged)
            wanted = events.until(of("heal.approval_wanted"))
            self.assertEqual((wanted["strategy"], wanted["reason"]), ("rollback", "store: page 7"))
            self.assertEqual(len(host.json("approve")), 1)
            host.noactl("approve", "patient")
            self.assertEqual(host.agent("patient")["digest"], self.first)

    def test_allowed_to_it_goes_back_by_itself(self):
        damaged = {"checks": [{"name": "store", "status": "critical",
                               "reason": "data-corruption"}]}
        with patient(heal='rollback = "auto"\n') as host, host.client() as client, \
                Watcher(host, "host.>") as events:
            self.newer(host, events)
            say(client, damaged)
            events.until(of("heal.done", strategy="rollback"))
            self.assertEqual(host.agent("patient")["digest"], self.first)

    def test_with_nothing_to_go_back_to_it_starts_without_its_state(self):
        damaged = {"checks": [{"name": "store", "status": "critical",
                               "reason": "data-corruption"}]}
        with patient() as host, host.client() as client, heals(host) as events:
            client.call("patient", "add", {})
            say(client, damaged)
            events.until(of("heal.done", strategy="safe_restart"))
            self.assertEqual(client.call("patient", "add", {}).json()["count"], 1)

    def newer(self, host, events):
        """Other bytes of the same plugin, confirmed."""
        self.first = host.agent("patient")["digest"]
        newer = host.root / "patient.so"
        newer.write_bytes((FIXTURES / "patient.so").read_bytes() + b"newer")
        host.install(newer)
        events.until(lambda event: event.get("outcome") == "confirmed" and event.get("to") == 2)

    def test_a_rollback_waits_for_approval(self):
        config = QUICK.format(agent="", heal="").replace("[agents.patient]", "[agents.trial]") + \
            'settings.critical = true\nrestart.max = 0\n'
        with Host([], '[agents.trial]\nprobation = "0s"\n') as host, \
                Watcher(host, "host.>") as events:
            host.install(FIXTURES / "trial-1.so", "trial.so")
            events.until(lambda event: event.get("outcome") == "confirmed")
            host.install(FIXTURES / "trial-2.so", "trial.so")
            events.until(lambda event: event.get("outcome") == "confirmed" and
                         event.get("version") == "2.0.0")
            self.assertIn("nothing waits", host.noactl("approve"))
            host.configure(config)
            wanted = events.until(of("heal.approval_wanted"))
            self.assertEqual(wanted["strategy"], "rollback")
            [pending] = host.json("approve")
            self.assertEqual(pending["agent"], "trial")
            host.noactl("approve", "trial")
            self.assertEqual(host.agent("trial")["version"], "1.0.0")
            self.assertNotEqual(host.noactl_run("approve", "trial").returncode, 0)


class ByHand(unittest.TestCase):
    def heal(self, host, reason, *args):
        return json.loads(host.noactl("heal", "patient", "--for", reason, "--json", *args))

    def test_each_reason_has_its_strategy(self):
        strategies = {"service-down": "restart", "check-failed": "restart",
                      "memory-leak": "graceful_restart", "resource-exhaustion": "graceful_restart",
                      "degraded-performance": "safe_restart", "high-error-rate": "safe_restart"}
        with patient() as host, host.client() as client:
            number = 1
            for reason, strategy in strategies.items():
                client.call("patient", "add", {})
                said = self.heal(host, reason, "--dry-run")
                self.assertEqual((said["strategy"], said["dry_run"]), (strategy, True))
                self.assertTrue(said["steps"])
                self.assertEqual(host.generation("patient"), number)
                self.assertEqual(self.heal(host, reason)["action"], "reloaded")
                number += 1
                self.assertEqual(host.generation("patient"), number)
            # The last one was without the state of three.
            self.assertEqual(client.call("patient", "add", {}).json()["count"], 1)

    def test_of_the_others_it_says_what_it_would_do(self):
        with patient() as host:
            for reason, strategy in (("bad-deployment", "rollback"), ("data-corruption", "rollback"),
                                     ("dependency-failed", "dependency"),
                                     ("high-load", "scale_up"), ("restarts-exhausted", "degrade")):
                self.assertEqual(self.heal(host, reason, "--dry-run")["strategy"], strategy)
            self.assertEqual(host.generation("patient"), 1)

    def test_what_it_needs_is_healed_first(self):
        config = ('[host.restart]\nin_a_row = 1\ncooldown = "1h"\n[agents.faulty]\n'
                  'probation = "0s"\n[agents.patient]\nprobation = "0s"\ndepends_on = ["faulty"]\n')
        host = Host([FIXTURES / "patient.so", RELOAD / "faulty.so"], config)
        (host.root / "orders").write_text("start fail\n")
        with host:
            host.log_until("agent.restart_planned", agent="faulty", step="probe")
            (host.root / "orders").write_text("")
            self.heal(host, "dependency-failed")
            until(lambda: host.agent("patient")["state"], lambda state: state == "running")

    def test_degraded_by_hand_it_says_why(self):
        with patient('heal.critical = ["say"]\n') as host, host.client() as client, \
                heals(host) as events:
            self.heal(host, "restarts-exhausted")
            events.until(of("heal.degraded"))
            with self.assertRaisesRegex(noa_client.NoaError, "degraded: restarts-exhausted"):
                client.call("patient", "add", {})

    def test_what_is_no_reason_or_cannot_be_is_said(self):
        with patient() as host:
            done = host.noactl_run("heal", "patient", "--for", "bad-weather")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("bad-deployment, check-failed", done.stderr)
            self.assertNotEqual(host.noactl_run("heal", "nobody", "--for", "high-load").returncode, 0)
            self.assertIn("replicas", host.noactl_run("heal", "patient", "--for", "high-load").stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
