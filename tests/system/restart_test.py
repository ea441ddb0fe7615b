#!/usr/bin/python3
"""Agents that ended: when they are started again, from what, and what is said of it."""
import unittest

from noa_faults import RELOAD, Sequence
from noa_host import FIXTURES, Host, Watcher, noa_client

AGENT = '[agents.faulty]\nprobation = "{probation}"\nprobation_defects = 1\n'
# However often; but soon.
PATIENT = '[agents.faulty.restart]\nbackoff = "1ms"\nmax = 1000\nin_a_row = 1000\n'
# Exhausted after two, and then tried again ten times a second.
HASTY = '[host.restart]\nbackoff = "1ms"\nmax = 5\nin_a_row = 2\ncooldown = "100ms"\n'


class RestartHost(Host):
    def __init__(self, config, probation="0s", file="faulty.so"):
        super().__init__([FIXTURES / "echo-c.so"], AGENT.format(probation=probation) + config)
        self.install(RELOAD / file, "faulty.so")

    def order(self, *lines):
        beside = self.root / "orders.new"
        beside.write_text("".join(f"{line}\n" for line in lines))
        beside.rename(self.root / "orders")


def heals(host):
    return Watcher(host, "host.heal.faulty")


def of(event, **fields):
    def wanted(seen):
        return seen["event"] == event and all(seen[key] == value for key, value in fields.items())
    return wanted


class Restart(unittest.TestCase):
    def failing(self, config, **options):
        """A host whose agent does not start until it is let."""
        host = RestartHost(config, **options)
        host.order("start fail")
        return host

    def test_a_start_that_failed_is_tried_again_until_it_does(self):
        with self.failing(PATIENT) as host, heals(host) as events:
            events.until(lambda event: event["event"] == "heal.planned" and event["in_a_row"] > 4)
            host.order()
            done = events.until(of("heal.done"))
            self.assertEqual(done["strategy"], "restart")
            self.assertIn("start was told to fail", done["reason"])
            agent = host.agent("faulty")
            self.assertEqual((agent["state"], agent["last_error"]), ("running", ""))
            self.assertGreater(agent["restarts"], 4)
            self.assertEqual(host.noactl("call", "faulty", "report").strip()[:1], "{")
            record = host.json("reloads", "faulty", "-n", "1")[0]
            self.assertEqual((record["cause"], record["outcome"]), ("start", "confirmed"))

    def test_the_first_restart_is_at_once_and_the_others_are_not(self):
        config = PATIENT.replace("1ms", "10ms")
        with self.failing(config) as host:
            planned = {turn: host.log_until("agent.restart_planned", agent="faulty",
                                            in_a_row=turn)["in_ms"] for turn in range(1, 5)}
            self.assertEqual(planned[1], 0)
            self.assertTrue(4 <= planned[2] <= 10, planned)
            self.assertTrue(9 <= planned[3] <= 20, planned)
            self.assertTrue(19 <= planned[4] <= 40, planned)

    def test_given_up_on_it_is_still_probed_and_heals(self):
        with self.failing(HASTY) as host, heals(host) as events:
            for _ in range(3):
                probe = events.until(of("heal.planned", strategy="probe"))
                self.assertEqual(probe["in_ms"], 100)
            agent = host.agent("faulty")
            self.assertTrue(agent["restart"]["exhausted"])
            self.assertEqual([line["agent"] for line in
                              map(flat, host.log_lines("agent.restarts_exhausted"))], ["faulty"])
            host.order()
            self.assertEqual(events.until(of("heal.done"))["state"], "degraded")
            events.until(of("heal.settled"))  # it has lasted for the cooldown
            agent = host.agent("faulty")
            self.assertEqual((agent["state"], agent["note"]), ("running", ""))
            self.assertFalse(agent["restart"]["exhausted"])

    def test_the_last_known_good_version_is_tried_when_restarts_do_not_help(self):
        with RestartHost(HASTY) as host:
            self.assertEqual(host.agent("faulty")["version"], "1.0.0")
            host.stop()
            host.order("start@2 fail")
            host.install(RELOAD / "faulty_2.so", "faulty.so")
            host.start()
            host.log_until("agent.restart_planned", step="last_known_good")
            host.log_until("agent.started", agent="faulty", version="1.0.0")
            agent = host.agent("faulty")
            self.assertEqual(agent["version"], "1.0.0")
            [rejected] = agent["versions"]["rejected"]
            self.assertIn("restarts did not help", rejected["reason"])
            # Nor does the next look at the files bring it back; a command does.
            host.noactl("reload")
            self.assertEqual(host.agent("faulty")["version"], "1.0.0")
            host.order()
            host.noactl("reload", "--force", "faulty")
            self.assertEqual(host.agent("faulty")["version"], "2.0.0")

    def test_code_that_was_confirmed_is_probed_not_rejected(self):
        with RestartHost(HASTY) as host:
            host.stop()
            host.order("start fail")
            host.start()
            host.log_until("agent.restart_planned", step="probe")
            self.assertEqual(host.log_lines("version.rejected"), [])
            self.assertEqual(host.agent("faulty")["versions"]["rejected"], [])

    def test_stopped_by_hand_it_is_left_alone(self):
        with self.failing(HASTY.replace('"100ms"', '"1h"')) as host:
            host.log_until("agent.restart_planned", step="probe")
            host.noactl("stop", "faulty")
            agent = host.agent("faulty")
            self.assertEqual(agent["state"], "stopped")
            self.assertNotIn("planned", agent["restart"])

    def test_started_by_hand_it_begins_anew(self):
        with self.failing(HASTY) as host, heals(host) as events:
            events.until(of("heal.planned", strategy="probe"))
            host.noactl_run("start", "faulty")
            events.until(of("heal.planned", strategy="restart", in_a_row=1))

    def test_other_settings_begin_anew(self):
        with self.failing(HASTY) as host, heals(host) as events:
            events.until(of("heal.planned", strategy="probe"))
            host.configure("[agents.faulty.settings]\nx = 1\n")
            events.until(of("heal.planned", strategy="restart", in_a_row=1))

    def test_what_is_at_fault_is_replaced_with_its_state(self):
        with RestartHost(PATIENT, probation="1h") as host, host.client() as client, \
                heals(host) as events:
            sequence = Sequence(client)
            sequence.send(10)
            host.order("handle throw_int")
            with self.assertRaises(noa_client.NoaError):
                client.call("faulty", "fault", {})
            host.order()
            planned = events.until(of("heal.planned"))
            self.assertIn("no std::exception", planned["reason"])
            events.until(of("heal.done"))
            sequence.send(10)
            sequence.check(self)
            agent = host.agent("faulty")
            self.assertEqual((agent["state"], agent["generation"]), ("running", 2))

    def test_a_host_that_ends_does_not_wait_for_restarts(self):
        with self.failing(HASTY.replace('"100ms"', '"1h"')) as host:
            host.log_until("agent.restart_planned", step="probe")
            self.assertEqual(host.stop(), 0)

    def test_nobody_else_waits_for_a_restart(self):
        config = PATIENT + '[agents.other]\nplugin = "start_fails_on_flag"\nsettings.fail = true\n'
        with RestartHost(config) as host:
            host.install(FIXTURES / "start_fails_on_flag.so")
            host.log_until("agent.restart_planned", agent="other")
            self.assertEqual(host.noactl("call", "echo-c", "echo", "1").strip(), "1")


def flat(line):
    return {**line, **line.get("fields", {})}


if __name__ == "__main__":
    unittest.main(verbosity=2)
