#!/usr/bin/python3
"""Agents in processes of their own: served like any other, and what ends one harms nobody."""
import json
import os
import pathlib
import signal
import threading
import unittest

from noa_faults import Sequence, until
from noa_host import FIXTURES, Host, Watcher, leave_signals_to_the_kernel, noa_client

PROCESS = '[agents.{name}]\nprobation = "0s"\n'
# However often, and at once.
PATIENT = '[host.restart]\nbackoff = "1ms"\nbackoff_max = "1ms"\nmax = 1000\nin_a_row = 1000\n'
BYSTANDER = FIXTURES / "echo-c.so"
leave_signals_to_the_kernel()


def process_host(*names, config="", run="process", **keys):
    """A host with these fixtures as processes; `keys` are of each of them."""
    keys["run"] = run
    more = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    text = "".join(PROCESS.format(name=name) + more for name in names)
    files = [FIXTURES / f"{name}.so" for name in names]
    return Host(dict.fromkeys([*files, BYSTANDER]), PATIENT + config + text)


def state_of(pid):
    """Of a process: "Z" of one that has ended; nothing when it is not there."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2]


class ProcessCase(unittest.TestCase):
    def serves(self, host):
        self.assertEqual(host.noactl("call", "echo-c", "echo", "[1]").strip(), "[1]")

    def ended(self, host, agent="rude"):
        """Subscribed before: the reason that its process ended for."""
        return Watcher(host, f"host.agent.{agent}")


class Serving(ProcessCase):
    def test_it_is_another_process_and_says_so(self):
        with process_host("rude") as host, host.client() as client:
            agent = host.agent("rude")
            self.assertEqual((agent["run"], agent["state"]), ("process", "running"))
            pid = client.call("rude", "count").json()["pid"]
            self.assertEqual(pid, agent["pid"])
            self.assertNotEqual(pid, host.process.pid)
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            self.assertEqual(words[0], b"noa:rude")
            self.assertEqual(pathlib.Path(f"/proc/{pid}/comm").read_text(), "noa:rude\n")
            self.assertNotIn("rude", pathlib.Path(f"/proc/{host.process.pid}/maps").read_text())

    def test_it_gets_no_more_of_the_host_than_it_needs(self):
        with process_host("rude") as host, host.client() as client:
            seen = client.call("rude", "surroundings").json()
            self.assertFalse([name for name in seen["environment"] if name.startswith("NOTIFY")])
            links = {fd: os.readlink(f"/proc/{host.agent('rude')['pid']}/fd/{fd}")
                     for fd in seen["descriptors"]}
            self.assertEqual(links.pop(0), "/dev/null")
            self.assertTrue(all(links.pop(fd).startswith("pipe:") for fd in (1, 2)), links)
            self.assertTrue(links.pop(3).startswith("socket:"), links)
            self.assertEqual(list(links.values()), ["anon_inode:[eventfd]"])

    def test_bodies_of_every_size_arrive_both_ways(self):
        with process_host("echo-cpp") as host, host.client() as client:
            for size in (0, 1, 1024, 65_535, 65_536, 65_537, 1 << 20, 16 << 20):
                body = os.urandom(size)
                self.assertEqual(client.call("echo-cpp", "echo", body, timeout_s=30).body, body)

    def test_what_is_refused_in_a_thread_is_refused_here(self):
        with process_host("facts", "orderly") as host:
            for agent in ("facts", "orderly"):
                done = host.noactl_run("call", agent, "no-such-operation")
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("unknown operation", done.stderr)

    def test_it_learns_that_it_is_a_process(self):
        with process_host("facts", queue_size=77) as host, host.client() as client:
            facts = client.call("facts", "report").json()
            self.assertEqual((facts["name"], facts["run"], facts["queue_size"]), ("facts", 2, 77))

    def test_a_loop_of_agents_ends_at_the_hop_limit(self):
        """Part of what is handled counts as that on the other side of the link too."""
        counted = {}
        for run in ("thread", "process"):
            with process_host("rude", run=run) as host, host.client() as client:
                client.send("rude", "loop")
                until(lambda: host.agent("rude")["counters"]["failed"], lambda failed: failed == 1)
                counted[run] = client.call("rude", "count").json()["count"]
        self.assertEqual(counted, {"thread": 34, "process": 34})

    def test_many_deliveries_may_be_open_and_are_answered(self):
        with process_host("slow", queue_size=2000) as host, host.client() as client:
            with host.client() as other:
                sent = [client._send(noa_client.REQUEST, to="slow", subject="block", body=b"")
                        for _ in range(1000)]
                until(lambda: other.call("slow", "report").json()["blocked"],
                      lambda blocked: blocked == len(sent))
                self.assertEqual(other.call("slow", "release").json(), {"released": len(sent)})

    def test_its_output_is_in_the_log_and_a_flood_of_it_is_counted(self):
        with process_host("rude", stall_limit="500ms") as host, host.client() as client:
            client.call("rude", "flood", {"lines": 3})
            self.assertEqual(host.log_until("agent.output", text="line 2")["agent"], "rude")
            client.call("rude", "flood", {"lines": 100_000}, timeout_s=60)
            dropped = host.log_until("agent.output_dropped")
            self.assertEqual(dropped["agent"], "rude")
            self.assertGreater(dropped["lines"], 1000)
            self.assertLess(len(host.log_lines("agent.output")), 5000)
            self.serves(host)


class Switching(ProcessCase):
    def test_thread_process_thread_under_traffic_and_nothing_is_lost(self):
        with Host([FIXTURES / "stateful.so"], PATIENT) as host, host.client() as client:
            sequence = Sequence(client, "stateful")
            done = threading.Event()

            def send():
                with host.client() as own:
                    sender = Sequence(own, "stateful", "thread")
                    while not done.is_set():
                        sender.send(20)
                        own.call("stateful", "report", {}, timeout_s=60)
                    sender.check(self)

            traffic = threading.Thread(target=send)
            traffic.start()
            for run in ("process", "thread", "process", "process", "thread"):
                sequence.send(100)
                host.configure(f'[agents.stateful]\nrun = "{run}"\nprobation = "0s"\n')
                host.noactl("reload", "--force", "stateful")
                agent = host.agent("stateful")
                self.assertEqual((agent["run"], "pid" in agent), (run, run == "process"))
            done.set()
            traffic.join()
            sequence.check(self)
            self.assertEqual(host.json("status")["pinned"], [])

    def test_a_new_version_takes_over_from_the_old_process(self):
        with process_host("rude") as host, host.client() as client:
            before = client.call("rude", "count").json()
            host.noactl("reload", "--force", "rude")
            after = client.call("rude", "count").json()
            self.assertEqual(after["count"], before["count"] + 1)
            self.assertNotEqual(after["pid"], before["pid"])
            self.assertIsNone(state_of(before["pid"]))

    def test_the_former_process_waits_through_the_probation_and_takes_over_again(self):
        config = '[agents.trial]\nrun = "process"\nprobation = "1h"\nrestart.max = 0\n'
        with Host((), config) as host, host.client() as client, \
                Watcher(host, "host.reload.>") as events:
            host.install(FIXTURES / "trial-1.so", "trial.so")
            events.until(lambda event: event["outcome"] == "switched")
            host.configure('[agents.trial]\nprobation = "0s"\n', "90-now.toml")
            host.noactl("reload", "--force", "trial")
            host.configure("", "90-now.toml")
            host.noactl("reload", "trial")
            former = host.agent("trial")
            self.assertEqual(client.call("trial", "add", {}).json()["count"], 1)
            host.install(FIXTURES / "trial-2.so", "trial.so")
            events.until(lambda event: event["outcome"] == "switched" and
                         event["version"] == "2.0.0")
            self.assertEqual(client.call("trial", "add", {}).json()["version"], "2.0.0")
            self.assertNotEqual(host.agent("trial")["pid"], former["pid"])
            self.assertEqual(state_of(former["pid"]), "S")
            for _ in range(3):
                with self.assertRaisesRegex(Exception, "broken on purpose"):
                    client.call("trial", "fail", {})
            events.until(lambda event: event["outcome"] == "swapped_back")
            answer = client.call("trial", "add", {}).json()
            self.assertEqual((answer["count"], answer["version"]), (3, "1.0.0"))
            self.assertEqual(host.agent("trial")["pid"], former["pid"])

    def test_stopped_it_is_gone(self):
        with process_host("rude") as host, host.client() as client:
            pid = client.call("rude", "count").json()["pid"]
            host.noactl("stop", "rude")
            self.assertIsNone(state_of(pid))
            self.assertNotIn("pid", host.agent("rude"))

    def test_with_the_host_it_is_gone(self):
        with process_host("rude") as host, host.client() as client:
            pid = client.call("rude", "count").json()["pid"]
            host.stop(signal.SIGKILL)
            until(lambda: state_of(pid), lambda state: state in (None, "Z"))


class Ending(ProcessCase):
    def life_after(self, host, client, how, expected, **body):
        """One end, and the next life; the generation that follows."""
        before = host.agent("rude")
        with self.ended(host) as events:
            client.send("rude", how, body)
            event = events.action("rude", "process_ended")
            self.assertIn(expected, event["text"])
            self.assertEqual(event["generation"], before["generation"])
            events.action("rude", "reloaded")
        answer = client.call("rude", "count", timeout_s=60).json()
        agent = host.agent("rude")
        self.assertEqual((agent["state"], agent["pid"]), ("running", answer["pid"]))
        self.assertGreater(agent["generation"], before["generation"])
        self.assertIsNone(state_of(before["pid"]))
        self.serves(host)
        return agent

    def test_each_way_to_end_costs_one_restart(self):
        ways = {"crash": "SIGSEGV", "abort": "SIGABRT", "leave": "exit code 3",
                "garbage": "garbage on the link", "close_link": "it closed the link"}
        with process_host("rude", max_deliveries=1) as host, host.client() as client:
            for how, expected in ways.items():
                with self.subTest(how=how):
                    self.life_after(host, client, how, expected)
            self.assertEqual(host.json("status")["pinned"], [])

    def test_a_lane_that_does_not_return_is_ended_at_its_stall_limit(self):
        with process_host("rude", max_deliveries=1, stall_limit="300ms") as host, \
                host.client() as client:
            self.life_after(host, client, "block", "did not return from a call (block)")

    def test_one_that_is_stopped_misses_its_heartbeat(self):
        with process_host("rude", stall_limit="300ms") as host, host.client() as client:
            pid = client.call("rude", "count").json()["pid"]
            with self.ended(host) as events:
                os.kill(pid, signal.SIGSTOP)
                event = events.action("rude", "process_ended")
                self.assertIn("did not answer the last heartbeat", event["text"])
                events.action("rude", "reloaded")
            self.assertNotEqual(client.call("rude", "count").json()["pid"], pid)

    def test_the_message_that_ends_it_each_time_is_given_up(self):
        with process_host("rude", max_deliveries=3) as host, host.client() as client:
            with Watcher(host, "host.dead_letter.rude") as letters:
                client.send("rude", "crash")
                letter = letters.until(lambda event: event["subject"] == "crash")
            self.assertEqual(letter["attempts"], 3)
            self.assertEqual(len(host.log_lines("agent.process_ended")), 3)
            client.call("rude", "count")

    def test_it_goes_on_from_the_state_that_was_left_to_it(self):
        with process_host("rude", max_deliveries=1) as host, host.client() as client:
            for _ in range(5):
                client.call("rude", "count")
            host.noactl("reload", "--force", "rude")
            self.life_after(host, client, "crash", "SIGSEGV")
            self.assertEqual(client.call("rude", "count").json()["count"], 7)

    def test_killed_under_traffic_nothing_is_lost(self):
        with process_host("stateful", max_deliveries=100) as host, host.client() as client:
            sequence = Sequence(client, "stateful")
            sequence.send(50)
            sequence.check(self)
            host.noactl("reload", "--force", "stateful") # what it has seen is left to the next life
            lives = host.generation("stateful")
            with self.ended(host, "stateful") as events:
                for _ in range(5):
                    pid = host.agent("stateful")["pid"] # before: the kill comes amid what is sent
                    sequence.send(2000)
                    os.kill(pid, signal.SIGKILL)
                    sequence.send(500)
                    events.action("stateful", "reloaded")
            report = client.call("stateful", "report", {}, timeout_s=60).json()["senders"]["test"]
            self.assertEqual(host.generation("stateful"), lives + 5)
            # What earlier lives have handled died with them; nothing that was open did.
            self.assertEqual(report["last"], sequence.last)
            self.assertEqual(report["reordered"], 0)
            counters = host.agent("stateful")["counters"]
            self.assertEqual((counters["dead"], counters["expired"]), (0, 0))
            self.assertGreater(counters["redelivered"], 0)

    def test_requests_that_were_open_are_answered_by_the_next_life(self):
        with process_host("echo-cpp", max_deliveries=100) as host, host.client() as client:
            answers = []

            def ask():
                with host.client() as own:
                    for number in range(300):
                        body = str(number).encode()
                        answers.append(own.call("echo-cpp", "echo", body, timeout_s=60).body == body)

            askers = [threading.Thread(target=ask) for _ in range(4)]
            for asker in askers:
                asker.start()
            with self.ended(host, "echo-cpp") as events:
                for _ in range(5):
                    os.kill(host.agent("echo-cpp")["pid"], signal.SIGKILL)
                    events.action("echo-cpp", "reloaded")
            for asker in askers:
                asker.join()
            self.assertEqual(answers, [True] * 1200)

    def test_what_it_started_goes_with_it(self):
        with process_host("rude", max_deliveries=1) as host, host.client() as client:
            stray = client.call("rude", "stray").json()["pid"]
            until(lambda: state_of(stray), lambda state: state == "S")
            self.life_after(host, client, "crash", "SIGSEGV")
            until(lambda: state_of(stray), lambda state: state in (None, "Z"))
            stray = client.call("rude", "stray").json()["pid"]
            host.noactl("stop", "rude")
            until(lambda: state_of(stray), lambda state: state in (None, "Z"))

    def test_one_that_does_not_go_is_killed_and_named(self):
        with process_host("rude", start_timeout="300ms") as host, host.client() as client:
            pid = client.call("rude", "count").json()["pid"]
            client.call("rude", "deaf")
            host.noactl("stop", "rude")
            self.assertIsNone(state_of(pid))
            self.serves(host)

    def test_it_cannot_settle_what_is_not_its_own(self):
        with process_host("rude", "slow") as host, host.client() as client, host.client() as other:
            blocked = client._send(noa_client.REQUEST, to="slow", subject="block", body=b"")
            until(lambda: other.call("slow", "report").json()["blocked"], lambda count: count == 1)
            with self.assertRaisesRegex(noa_client.NoaError, "-13"):  # its own it may
                other.call("rude", "forge")
            self.assertEqual(other.call("slow", "release").json(), {"released": 1})
            answer = client._answer_to(blocked, 30)
            self.assertEqual(answer.json(), {"unblocked": True})

    def test_killed_while_it_comes_to_rest_the_next_one_starts_all_the_same(self):
        with process_host("slow", quiesce_timeout="30s") as host, host.client() as client:
            client.send("slow", "block")
            until(lambda: client.call("slow", "report").json()["blocked"], lambda count: count == 1)
            reload = threading.Thread(target=host.noactl, args=("reload", "--force", "slow"))
            pid = host.agent("slow")["pid"]
            reload.start()
            until(lambda: host.agent("slow")["state"], lambda state: state == "reloading")
            os.kill(pid, signal.SIGKILL)
            reload.join()
            self.assertEqual(host.agent("slow")["state"], "running")
            self.assertNotEqual(host.agent("slow")["pid"], pid)
            self.assertEqual(client.call("slow", "report").json()["blocked"], 1)
            client.call("slow", "release")


if __name__ == "__main__":
    unittest.main(verbosity=2)
