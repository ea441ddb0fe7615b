#!/usr/bin/python3
"""Whatever a call into a plugin does, it is that agent's fault and nobody else's."""
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Gate, Sequence, until
from noa_host import NOACTL, Watcher, noa_client

NoaError, E_INTERNAL = noa_client.NoaError, noa_client.E_INTERNAL
RETIRED, STATE, INVALID = -9, -12, -2
NO_EXCEPTION_TYPE = "an exception that is no std::exception"


def texts_of(where):
    """What a fault of a call must be told as."""
    return {"throw_int": f"exception: {NO_EXCEPTION_TYPE}",
            "throw_exception": f"exception: {where} is broken",
            "fail": f"{where} was told to fail",
            "unknown": f"{where} was told to fail",
            "unterminated": "x" * 239}


class Exceptions(FaultCase):
    def test_of_a_new_generation_leave_the_old_one_as_it_was(self):
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            for where, outcome in (("create", "refused"), ("validate", "refused"),
                                   ("commit", "refused"), ("restore", "undone"),
                                   ("start", "undone")):
                for what, text in texts_of(where).items():
                    with self.subTest(where=where, what=what):
                        host.order(f"{where} {what}")
                        sequence.send()
                        self.refused(host, text, outcome=outcome)
                        sequence.check(self)
            host.order()
            self.serves(host, faulty=("running", 1))
            self.reloaded(host)
            sequence.check(self)

    def test_of_the_old_generation_leave_it_in_place(self):
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            for where, outcome in (("quiesce", "cancelled"), ("save", "undone")):
                for what, text in texts_of(where).items():
                    with self.subTest(where=where, what=what):
                        host.order(f"{where} {what}")
                        sequence.send()
                        self.refused(host, text, outcome=outcome)
                        sequence.check(self)
            host.order()
            self.serves(host, faulty=("running", 1))
            self.reloaded(host)
            sequence.check(self)

    def test_on_the_way_out_do_not_hold_up_the_way_out(self):
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            for number, what in enumerate(("throw_int", "throw_exception"), 1):
                with self.subTest(what=what):
                    host.order(f"destroy {what}")
                    sequence.send()
                    self.reloaded(host)
                    sequence.check(self)
                    self.serves(host, faulty=("running", number + 1))
            host.noactl("stop", "faulty")
            self.serves(host, faulty=("stopped", 3))

    def test_of_confirm_come_too_late_to_matter(self):
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            for number, what in enumerate(("throw_int", "throw_exception"), 1):
                with self.subTest(what=what):
                    host.order(f"confirm {what}")
                    sequence.send()
                    self.reloaded(host)
                    calls = until(lambda: client.call("faulty", "calls", {}).json(),
                                  lambda calls: calls["confirms"] == 1)
                    self.assertEqual(calls["starts"], 1)
                    sequence.check(self)
                    self.serves(host, faulty=("running", number + 1))

    def test_of_handle_are_the_askers_error(self):
        with FaultyHost() as host, host.client() as client:
            for what, text in texts_of("handle").items():
                with self.subTest(what=what):
                    host.order(f"handle {what}")
                    with self.assertRaises(NoaError) as caught:
                        client.call("faulty", "fault", {})
                    # An answer that the contract does not know is told as an internal error.
                    self.assertIn("status 77" if what == "unknown" else text, caught.exception.text)
                    if what.startswith("throw") or what == "unknown":
                        self.assertEqual(caught.exception.status, E_INTERNAL)
            counters = host.agent("faulty")["counters"]
            self.assertEqual((counters["handled"], counters["failed"]), (5, 5))
            self.serves(host, faulty=("running", 1))

    def test_of_callbacks_end_there(self):
        with FaultyHost() as host, host.client() as client:
            for what in ("throw_int", "throw_exception"):
                host.order(*(f"{where} {what}" for where in ("on_reply", "on_wake", "on_timer")))
                before = client.call("faulty", "calls", {}).json()
                for operation, counted in (("ask", "replies"), ("wake", "wakes"),
                                           ("arm", "timers")):
                    with self.subTest(what=what, callback=counted):
                        client.call("faulty", operation, {})
                        until(lambda: client.call("faulty", "calls", {}).json(),
                              lambda calls: calls[counted] == before[counted] + 1)
            self.serves(host, faulty=("running", 1))
            self.reloaded(host)

    def test_of_questions_are_the_askers_error(self):
        with FaultyHost() as host, host.client() as client:
            for question in ("health", "metrics", "describe"):
                for what in ("throw_int", "throw_exception", "fail", "unterminated"):
                    with self.subTest(question=question, what=what):
                        host.order(f"{question} {what}")
                        with self.assertRaises(NoaError) as caught:
                            client.call("faulty", question, {})
                        self.assertIn(texts_of(question)[what], caught.exception.text)
            self.serves(host, faulty=("running", 1))

    def test_of_extension_mean_that_it_is_not_offered(self):
        with FaultyHost() as host, host.client() as client:
            for what in ("throw_int", "throw_exception"):
                with self.subTest(what=what):
                    host.order(f"extension {what}", "health fail")
                    self.reloaded(host)
                    self.assertEqual(client.call("faulty", "health", {}).json()["status"],
                                     "healthy")
            self.serves(host, faulty=("running", 3))

    def test_in_the_probe_reach_nobody(self):
        with FaultyHost() as host:
            for where in ("create", "validate", "describe"):
                for what, text in texts_of(where).items():
                    if (where, what) == ("describe", "unknown"):
                        continue
                    with self.subTest(where=where, what=what):
                        host.order(f"probe.{where} {what}")
                        # A verdict is kept by the file's digest: each needs a file of its own.
                        padded = host.root / "padded.so"
                        padded.write_bytes((RELOAD / "faulty.so").read_bytes() +
                                           f"{where} {what}".encode())
                        with Watcher(host, "host.agent.faulty") as events:
                            host.install(padded, "faulty.so")
                            self.assertIn(text, events.action("faulty", "failed")["text"])
            host.order()
            self.serves(host, faulty=("running", 1))


class Rules(FaultCase):
    def test_functions_of_the_lane_answer_other_threads_with_state(self):
        with FaultyHost() as host, host.client() as client:
            statuses = client.call("faulty", "off_lane", {}).json()
            self.assertEqual(statuses.pop("on_lane"), 0)
            self.assertEqual(set(statuses.values()), {STATE}, statuses)
            self.serves(host, faulty=("running", 1))

    def test_a_token_that_outlived_its_generation_is_retired(self):
        with FaultyHost([RELOAD / "keeper.so"]) as host, host.client() as client:
            token = client.call("faulty", "token", {}).json()
            statuses = client.call("keeper", "use", token).json()
            self.assertEqual(statuses["send"], 0, "as good as any thread of its owner")
            self.reloaded(host)
            handled = host.agent("echo-c")["counters"]["handled"]
            statuses = client.call("keeper", "use", token).json()
            self.assertEqual(statuses.pop("on_lane"), 0)
            self.assertEqual(set(statuses.values()), {RETIRED}, statuses)
            self.assertEqual(host.agent("echo-c")["counters"]["handled"], handled)
            for never in (0, 4095, 2 ** 62):
                statuses = client.call("keeper", "use", {"context": never}).json()
                statuses.pop("on_lane")
                self.assertEqual(set(statuses.values()), {RETIRED}, (never, statuses))
            self.serves(host, faulty=("running", 2), keeper=("running", 1))

    def test_settling_twice_late_or_what_never_was_is_answered_retired(self):
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "faulty.settled") as events:
            answer = client.call("faulty", "settle_wrongly", {}).json()
            self.assertEqual(answer, {"settled": "once"})
            statuses = events.until(lambda _: True)
            self.assertEqual(statuses, {"zero": RETIRED, "unknown": RETIRED, "deferred": INVALID,
                                        "reply": 0, "reply_again": RETIRED,
                                        "settle_again": RETIRED})
            self.serves(host, faulty=("running", 1))

    def test_a_delivery_that_was_taken_back_is_settled_once_by_the_new_generation(self):
        with FaultyHost(quiesce="200ms") as host, host.client() as client:
            client.send("faulty", "defer", {})
            [first] = client.call("faulty", "open", {}).json()["open"]
            self.reloaded(host)
            [second] = client.call("faulty", "open", {}).json()["open"]
            self.assertNotEqual(first["delivery"], second["delivery"])
            self.assertEqual((first["redelivered"], second["redelivered"]), (False, True))
            late = host.agent("faulty")["counters"]["late_settlements"]
            for one, status in ((first, RETIRED), (second, 0), (second, RETIRED)):
                answer = client.call("faulty", "settle", one).json()
                self.assertEqual(answer["status"], status, (first, second))
            counters = host.agent("faulty")["counters"]
            self.assertEqual(counters["late_settlements"], late + 2)
            self.assertEqual(counters["redelivered"], 1)
            self.serves(host, faulty=("running", 2))


class Hanging(FaultCase):
    def test_in_handle_cancels_the_reload_and_the_old_one_goes_on_when_it_returns(self):
        with FaultyHost(quiesce="200ms") as host, host.client() as client, \
                host.client() as asker:
            gate, sequence = Gate(host), Sequence(client)
            host.order(f"handle hold {gate.path}")
            asker.send("faulty", "fault", {})
            gate.await_arrival()
            sequence.send(10)
            self.refused(host, "not quiet within 200 ms", outcome="cancelled")
            self.refused(host, "not quiet within 200 ms", outcome="cancelled")
            self.serves(host, faulty=("running", 1))
            host.order()
            gate.release()
            sequence.check(self)
            self.assertEqual(host.agent("faulty")["counters"]["redelivered"], 0)
            self.reloaded(host)
            sequence.check(self)

    def test_an_agent_that_waits_for_its_own_reload_on_its_lane_is_not_reloaded(self):
        self.reload_itself("lane", 1, 1)

    def test_an_agent_that_waits_for_its_own_reload_on_a_thread_is_not_reloaded(self):
        self.reload_itself("thread", 1, 1)

    def test_an_agent_that_asks_for_its_own_reload_and_does_not_wait_is(self):
        self.reload_itself("leave", 0, 2)

    def reload_itself(self, how, code, generation):
        with FaultyHost(quiesce="300ms") as host, host.client() as client, \
                Watcher(host, "host.agent.faulty") as events:
            sequence = Sequence(client)
            sequence.send(10)
            command = (f"{NOACTL} --runtime-dir {host.runtime_dir} reload --force faulty "
                       f">{host.root}/said 2>&1")
            answer = client.call("faulty", "run", {"command": command, "how": how},
                                 timeout_s=60).json()
            self.assertEqual(answer["exit"], code)
            events.action("faulty", "failed" if code else "reloaded")
            sequence.send(10)
            sequence.check(self)
            self.serves(host, faulty=("running", generation))
            self.reloaded(host)
            sequence.check(self)


if __name__ == "__main__":
    unittest.main(verbosity=2)
