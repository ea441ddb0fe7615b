#!/usr/bin/python3
"""A new generation is at fault, and the way back to the former one goes wrong as well."""
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Gate, Sequence
from noa_host import Watcher, noa_client

TRIAL = '[agents.faulty]\nprobation = "1h"\nprobation_defects = 1\nquiesce_timeout = "{quiesce}"\n'
ENDED = ("open", "switched")  # are no ends


class TrialHost(FaultyHost):
    """Version 1 confirmed, then version 2 in a probation that only a fault ends."""

    def __init__(self, quiesce="5s"):
        super().__init__(quiesce=quiesce)
        self.quiesce = quiesce

    def upgrade(self):
        self.configure(TRIAL.format(quiesce=self.quiesce))
        self.noactl("reload")
        with Watcher(self, "host.reload.faulty") as events:
            self.install(RELOAD / "faulty_2.so", "faulty.so")
            events.until(lambda event: event["outcome"] == "switched")


class BackCase(FaultCase):
    def end_of(self, events, outcome):
        end = events.until(lambda event: event["outcome"] not in ENDED)
        self.assertEqual(end["outcome"], outcome, end)
        return end

    def fault(self, client):
        """One error; an internal one is one too many."""
        with self.assertRaises(noa_client.NoaError):
            client.call("faulty", "fault", {})

    def runs(self, host, version, state, generation):
        self.assertEqual(host.agent("faulty")["version"], f"{version}.0.0")
        self.serves(host, faulty=(state, generation))

    def settled(self, host, sent):
        """Every message that was accepted has been handled or given up."""
        host.noactl("call", "faulty", "report")
        agent = host.agent("faulty")
        self.assertGreaterEqual(agent["counters"]["handled"] + agent["counters"]["dead"], sent)
        self.assertEqual(agent["depth"], 0)


class Faults(BackCase):
    def test_an_exception_out_of_any_call_swaps_back_with_the_state(self):
        for where, operation in (("handle", "fault"), ("on_reply", "ask"), ("on_wake", "wake"),
                                 ("on_timer", "arm")):
            for what in ("throw_int", "throw_exception"):
                with self.subTest(where=where, what=what), TrialHost() as host, \
                        host.client() as client:
                    sequence = Sequence(client)
                    sequence.send(10)
                    host.upgrade()
                    sequence.send(10)
                    host.order(f"{where}@2 {what}")
                    with Watcher(host, "host.reload.faulty") as events:
                        client.send("faulty", operation, {})
                        self.assertIn("exception", self.end_of(events, "swapped_back")["reason"])
                    sequence.send(10)
                    sequence.check(self)
                    self.runs(host, 1, "running", 1)

    def test_errors_that_the_contract_knows_are_no_faults(self):
        with TrialHost() as host, host.client() as client:
            host.upgrade()
            host.order("handle fail")
            for _ in range(5):
                self.fault(client)
            self.runs(host, 2, "running", 2)

    def test_a_reload_that_comes_to_nothing_does_not_end_the_trial(self):
        with TrialHost() as host, host.client() as client:
            sequence = Sequence(client)
            host.upgrade()
            with Watcher(host, "host.reload.faulty") as events:
                for order, outcome in (("create fail", "refused"), ("quiesce fail", "cancelled"),
                                       ("start fail", "undone")):
                    host.order(order)
                    sequence.send(10)
                    self.refused(host, "was told to fail", outcome=outcome)
                    self.end_of(events, outcome)
                host.order("handle@2 throw_int")
                self.fault(client)
                self.end_of(events, "swapped_back")
            sequence.check(self)
            self.runs(host, 1, "running", 1)


class Switch(BackCase):
    """The new one does not start, and the old one does not either."""

    def test_the_old_one_is_created_anew(self):
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.reload.faulty") as events:
            Sequence(client).send(10)
            host.order("start@2 fail", "start_again fail")
            host.install(RELOAD / "faulty_2.so", "faulty.so")
            end = self.end_of(events, "recreated")
            self.assertIn("start was told to fail", end["reason"])
            self.assertIn("created anew, without its state", end["reason"])
            self.settled(host, 10)
            self.runs(host, 1, "running", 2)

    def test_with_nothing_that_starts_the_agent_has_failed_and_says_so(self):
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.reload.faulty") as events:
            Sequence(client).send(10)
            host.order("start fail", "start_again fail")
            host.install(RELOAD / "faulty_2.so", "faulty.so")
            self.end_of(events, "degraded")
            listed = {agent["name"]: agent["state"] for agent in host.json("agents")}
            self.assertEqual(listed["faulty"], "failed")
            host.order()
            host.noactl("start", "faulty")
            self.settled(host, 10)
            self.assertEqual(host.agent("faulty")["state"], "running")

    def test_nor_after_a_quiesce_that_failed(self):
        with FaultyHost() as host, host.client() as client:
            Sequence(client).send(10)
            host.order("quiesce fail", "start_again fail")
            self.assertEqual(self.reload(host)["action"], "failed")
            [record] = host.json("reloads", "faulty", "-n", "1")
            self.assertEqual(record["outcome"], "recreated")
            self.settled(host, 10)
            self.runs(host, 1, "running", 2)

    def test_nor_after_a_quiesce_that_was_cancelled(self):
        with FaultyHost(quiesce="200ms") as host, host.client() as client, \
                Watcher(host, "host.agent.faulty") as events:
            gate = Gate(host)
            Sequence(client).send(10)
            host.order(f"quiesce hold {gate.path}", "start_again fail")
            self.assertEqual(self.reload(host)["action"], "failed")
            gate.await_arrival()
            Sequence(client, sender="late").send(10)
            gate.release()
            anew = events.action("faulty", "reloaded")
            self.assertIn("created anew", anew["text"])
            self.assertIn("start_again was told to fail", anew["text"])
            self.settled(host, 20)
            self.runs(host, 1, "running", 2)
            self.assertIn("created anew", host.agent("faulty")["note"])


class WayBack(BackCase):
    def back(self, orders, outcome, reason, runs, quiesce="5s"):
        with TrialHost(quiesce) as host, host.client() as client:
            sequence = Sequence(client)
            sequence.send(10)
            host.upgrade()
            sequence.send(10)
            with Watcher(host, "host.reload.faulty") as events:
                host.order("handle@2 throw_int", *orders)
                self.fault(client)
                end = self.end_of(events, outcome)
            self.assertIn("no std::exception", end["reason"])
            self.assertIn(reason, end["reason"])
            self.assertIn(reason, host.agent("faulty")["note"])
            host.order()
            self.settled(host, 20)
            self.runs(host, *runs)
            self.reloaded(host)  # and on from there, whatever it was

    def test_no_state_to_take_back_has_the_former_one_created_anew(self):
        self.back(["save@2 fail"], "recreated", "held in memory is lost", (1, "running", 3))

    def test_a_state_that_the_former_one_refuses_has_it_created_anew(self):
        self.back(["restore@1 fail"], "recreated", "held in memory is lost", (1, "running", 3))

    def test_a_former_one_that_cannot_start_again_is_created_anew(self):
        self.back(["start_again@1 fail"], "recreated", "held in memory is lost",
                  (1, "running", 3))

    def test_a_former_one_that_cannot_even_be_created_leaves_what_runs(self):
        self.back(["restore@1 fail", "create@1 fail"], "degraded", "create was told to fail",
                  (2, "degraded", 2))

    def test_one_that_can_neither_rest_nor_start_again_gives_way(self):
        self.back(["quiesce@2 fail", "start_again@2 fail"], "recreated",
                  "held in memory is lost", (1, "running", 3))

    def test_what_is_degraded_stays_so_when_a_reload_comes_to_nothing(self):
        with TrialHost() as host, host.client() as client, \
                Watcher(host, "host.reload.faulty") as events:
            host.upgrade()
            host.order("handle@2 throw_int", "restore@1 fail", "create@1 fail")
            self.fault(client)
            self.end_of(events, "degraded")
            host.order("create fail")
            self.assertEqual(self.reload(host)["action"], "failed")
            self.runs(host, 2, "degraded", 2)
            host.order()
            self.reloaded(host)
            self.assertEqual(host.agent("faulty")["state"], "running")

    def test_one_that_does_not_come_to_rest_stays(self):
        self.back(["quiesce@2 fail"], "degraded", "quiesce was told to fail", (2, "degraded", 2))

    def test_one_that_never_comes_to_rest_stays_and_goes_on_when_it_does(self):
        with TrialHost("200ms") as host, host.client() as client:
            gate, sequence = Gate(host), Sequence(client)
            host.upgrade()
            sequence.send(10)
            with Watcher(host, "host.reload.faulty") as events:
                host.order("handle@2 throw_int", f"quiesce@2 hold {gate.path}")
                self.fault(client)
                end = self.end_of(events, "degraded")
            self.assertIn("not quiet within 200 ms", end["reason"])
            gate.await_arrival()
            self.serves(host, faulty=("degraded", 2))
            host.order()
            gate.release()
            sequence.check(self)
            self.reloaded(host)
            sequence.check(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
