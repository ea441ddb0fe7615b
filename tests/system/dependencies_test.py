#!/usr/bin/python3
"""depends_on: who starts first, who waits, who is healed first, who stops first."""
import unittest

from noa_faults import RELOAD
from noa_host import FIXTURES, Host, Watcher

HASTY = '[host.restart]\nbackoff = "1ms"\nmax = 5\nin_a_row = 1\ncooldown = "1h"\n'
ECHO = '[agents.{name}]\nplugin = "echo-c"\ndepends_on = {needs}\n'


class OrderedHost(Host):
    def __init__(self, config, *plugins):
        super().__init__([RELOAD / "faulty.so", FIXTURES / "echo-c.so", *plugins],
                         '[agents.faulty]\nprobation = "0s"\n' + config)

    def order(self, *lines):
        beside = self.root / "orders.new"
        beside.write_text("".join(f"{line}\n" for line in lines))
        beside.rename(self.root / "orders")

    def state(self, agent):
        return self.agent(agent)["state"]


class Dependencies(unittest.TestCase):
    def order_of(self, host, event, agents):
        return [line["agent"] for line in host.log_lines(event) if line["agent"] in agents]

    def test_starts_follow_what_they_need_and_stops_go_before_it(self):
        config = (ECHO.format(name="a", needs='["b", "c"]') + ECHO.format(name="b", needs='["d"]') +
                  ECHO.format(name="c", needs='[{ name = "d", optional = true }]') +
                  ECHO.format(name="d", needs="[]"))
        with Host([FIXTURES / "echo-c.so"], config) as host:
            host.noactl("agents")
            started = self.order_of(host, "agent.started", "abcd")
            self.assertEqual((started[0], started[-1]), ("d", "a"))
            host.stop()
            stopped = self.order_of(host, "agent.stopped", "abcd")
            self.assertEqual((stopped[0], stopped[-1]), ("a", "d"))

    def test_a_cycle_is_refused_and_named(self):
        host = Host([FIXTURES / "echo-c.so"], ECHO.format(name="a", needs='["b"]') +
                    ECHO.format(name="b", needs='[{ name = "c", optional = true }]') +
                    ECHO.format(name="c", needs='["a"]'))
        with self.assertRaisesRegex(AssertionError, "a -> b -> c -> a"):
            host.start()

    def test_what_is_not_there_is_refused_unless_it_is_optional(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            host.configure(ECHO.format(name="a", needs='["nobody"]'))
            done = host.noactl_run("reload")
            self.assertIn('agents.a.depends_on: no agent "nobody"', done.stderr)
            host.configure(ECHO.format(name="a", needs='[{ name = "nobody", optional = true }]'))
            host.noactl("reload")
            self.assertEqual(host.agent("a")["state"], "running")
            self.assertEqual(host.agent("a")["optional"], ["nobody"])

    def test_it_waits_for_what_it_needs_and_starts_by_itself(self):
        config = HASTY + ECHO.format(name="top", needs='["middle"]') + \
            ECHO.format(name="middle", needs='["faulty"]') + \
            ECHO.format(name="easy", needs='[{ name = "faulty", optional = true }]')
        host = OrderedHost(config)
        host.order("start fail")
        with host, Watcher(host, "host.agent.>") as events:
            host.log_until("agent.restart_planned", agent="faulty", step="probe")
            self.assertEqual([host.state(name) for name in ("easy", "middle", "top")],
                             ["running", "waiting", "waiting"])
            self.assertEqual(host.agent("middle")["note"], "waits: faulty is failed")
            self.assertEqual(host.agent("top")["note"], "waits: middle is waiting")
            # Asked for, it waits all the same.
            [outcome] = host.json("start", "middle")["outcomes"]
            self.assertEqual(outcome["action"], "waiting")
            host.order()
            host.noactl("start", "faulty")
            events.action("middle", "started")
            events.action("top", "started")
            self.assertEqual(host.agent("top")["note"], "")

    def test_what_is_critical_by_its_own_word_is_waited_for_too(self):
        config = ('[agents.patient]\nprobation = "0s"\n'
                  'settings.health = \'{"status": "critical"}\'\n') + \
            ECHO.format(name="top", needs='["patient"]')
        with OrderedHost(config, FIXTURES / "patient.so") as host, \
                Watcher(host, "host.agent.top") as events:
            self.assertIn("critical", host.agent("top")["note"])
            host.noactl("call", "patient", "say", '{"status": "needs_repair"}')
            events.action("top", "started")

    def test_a_waiting_agent_that_is_stopped_stays_so(self):
        host = OrderedHost(HASTY + ECHO.format(name="top", needs='["faulty"]'))
        host.order("start fail")
        with host, Watcher(host, "host.agent.faulty") as events:
            host.log_until("agent.restart_planned", agent="faulty", step="probe")
            host.noactl("stop", "top")
            host.order()
            host.noactl("start", "faulty")
            events.action("faulty", "started")
            host.noactl("call", "faulty", "report")
            self.assertEqual(host.state("top"), "stopped")

    def test_what_is_dead_is_healed_first_and_then_who_needs_it(self):
        config = HASTY + ('[agents.patient]\nprobation = "1h"\nprobation_defects = 1\n'
                          'depends_on = ["middle"]\n'
                          '[agents.middle]\nplugin = "stateful"\ndepends_on = ["faulty"]\n')
        with OrderedHost(config, FIXTURES / "patient.so", FIXTURES / "stateful.so") as host:
            host.order("start fail", "start_again fail")
            self.assertEqual(host.noactl_run("reload", "--force", "faulty").returncode, 1)
            host.log_until("agent.restart_planned", agent="faulty", step="probe")
            host.order()
            with Watcher(host, "host.heal.>") as heals:
                host.noactl("send", "patient", "fail")
                heals.until(lambda event: event["event"] == "heal.done" and
                            event["agent"] == "patient")
            healed = [line["agent"] for line in host.log_lines("agent.started")
                      if line["agent"] in ("faulty", "patient") and line["generation"] > 1]
            self.assertEqual(healed, ["faulty"])  # and patient was reloaded, its state kept
            self.assertEqual([host.state(name) for name in ("faulty", "middle", "patient")],
                             ["degraded", "running", "running"])  # a probe has yet to last


if __name__ == "__main__":
    unittest.main(verbosity=2)
