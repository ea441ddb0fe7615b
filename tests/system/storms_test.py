#!/usr/bin/python3
"""Many reloads at once: serialised, coalesced, none lost, none endless."""
import concurrent.futures
import hashlib
import json
import os
import random
import shutil
import signal
import threading
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Gate, Running, Sequence, until
from noa_host import FIXTURES, Watcher, noa_client

HINTS = 100_000 if os.environ.get("FAULTS_LONG") else 5_000
CLIENTS = 4
BUSY, UNAVAILABLE, NO_SIGNAL = -5, -14, 0
REFUSED = 4  # noactl: the host refused, and says why
ROUNDS = 50 if os.environ.get("FAULTS_LONG") else 8


def version(host, number):
    """faulty with a digest of its own, and that digest."""
    data = (RELOAD / "faulty.so").read_bytes() + f"version {number}".encode()
    path = host.root / f"version-{number}.so"
    path.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


class Hints(FaultCase):
    def test_by_the_thousand_end_with_the_last_content(self):
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            target, beside = host.plugin_dir / "faulty.so", host.root / "beside.so"
            changes = 0
            for hint in range(HINTS):
                if hint % 500 == 0:
                    changes += 1
                    path, last = version(host, changes)
                    shutil.copyfile(path, beside)
                    beside.rename(target)
                    sequence.send(10)
                elif hint % 2:
                    os.close(os.open(target, os.O_WRONLY))
                else:
                    os.link(target, beside)
                    beside.rename(target)
                    beside.unlink(missing_ok=True)
            until(lambda: host.agent("faulty")["digest"], lambda digest: digest == last)
            agent = host.agent("faulty")
            self.assertLessEqual(agent["generation"], changes + 1)
            self.assertEqual(self.reload(host, force=False)["action"], "unchanged")
            self.serves(host, faulty=("running", agent["generation"]))
            sequence.check(self)

    def test_without_a_pause_do_not_put_off_what_changed(self):
        with FaultyHost(config='[host]\ndebounce = "100ms"\n') as host, \
                Watcher(host, "host.agent.faulty") as events:
            path, last = version(host, 1)
            host.install(path, "faulty.so")
            ended = threading.Event()

            def storm():
                for _ in range(1_000_000):  # many times what the pause is
                    if ended.is_set():
                        return
                    os.close(os.open(host.plugin_dir / "echo-c.so", os.O_WRONLY))

            stormer = threading.Thread(target=storm)
            stormer.start()
            events.action("faulty", "reloaded")
            self.assertTrue(stormer.is_alive(), "only when the storm was over")
            ended.set()
            stormer.join()
            self.assertEqual(host.agent("faulty")["digest"], last)
            self.serves(host, faulty=("running", 2))

    def test_by_signal_while_a_reload_is_under_way_are_one_more_look(self):
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.agent.faulty") as events:
            gate, sequence = Gate(host), Sequence(client)
            host.order(f"quiesce hold {gate.path}")
            reload = Running(host, "reload", "--force", "faulty")
            gate.await_arrival()
            for _ in range(500):
                host.process.send_signal(signal.SIGHUP)
            path, last = version(host, 1)
            host.install(path, "faulty.so")
            sequence.send(100)
            host.order()
            gate.release()
            self.assertEqual(reload.end()[0], 0)
            events.until(lambda event: event["generation"] == 3)
            self.assertEqual(host.agent("faulty")["digest"], last)
            self.assertTrue(host.log_lines() or host.log_text())
            self.serves(host, faulty=("running", 3))
            sequence.check(self)


class Commands(FaultCase):
    def test_every_agent_from_four_clients_at_once(self):
        config = "".join(f'[agents.{name}]\nplugin = "flooder"\nprobation = "0s"\n'
                         for name in ("left", "right"))
        with FaultyHost([FIXTURES / "flooder.so"], config) as host, host.client() as client:
            for sender in ("left", "right"):
                client.call(sender, "start", {"to": "faulty", "operation": "put", "count": 0,
                                              "rate": 5000, "size": 64})
            for _ in range(ROUNDS):
                for reload in [Running(host, "reload", "--force", "--json")
                               for _ in range(CLIENTS)]:
                    code, said = reload.end()
                    self.assertEqual(code, 0, said)
                    actions = [outcome["action"] for outcome in json.loads(said)["outcomes"]]
                    self.assertEqual(actions, ["reloaded"] * 5, said)
            sent = {}
            for sender in ("left", "right"):
                client.call(sender, "stop", {})
                sent[sender] = client.call(sender, "report", {}).json()["accepted"]
            report = client.call("faulty", "report", {}, timeout_s=60).json()
            for sender, got in report["senders"].items():
                self.assertEqual(got["last"], sent[sender])
                for defect in ("missing", "reordered", "duplicates_unflagged"):
                    self.assertEqual(got[defect], 0, (sender, defect, got))
            last = ROUNDS * CLIENTS + 1
            self.serves(host, faulty=("running", last), echo_c=("running", last),
                        left=("running", last), right=("running", last),
                        flooder=("running", last))

    def test_interrupted_in_the_middle_leave_a_reload_that_ends_by_itself(self):
        with FaultyHost() as host, host.client() as client:
            sequence = Sequence(client)
            for number, where in enumerate(("create", "quiesce", "save", "restore", "start"), 2):
                with self.subTest(where=where), Watcher(host, "host.agent.faulty") as events:
                    gate = Gate(host, f"gate-{where}")
                    host.order(f"{where} hold {gate.path}")
                    reload = Running(host, "reload", "--force", "faulty")
                    gate.await_arrival()
                    self.assertNotEqual(reload.end(signal.SIGINT)[0], 0)
                    sequence.send(10)
                    host.order()
                    gate.release()
                    events.action("faulty", "reloaded")
                    sequence.check(self)
                    self.serves(host, faulty=("running", number))

    def test_in_each_others_way_settle_every_accepted_message(self):
        verbs = [("reload", "--force"), ("restart",), ("stop",), ("start",), ("disable",),
                 ("enable",)]
        with FaultyHost() as host:
            ended = threading.Event()

            def send():
                accepted = 0
                with host.client() as client:
                    while not ended.is_set():
                        try:
                            client.send("faulty", "calls", {})
                            accepted += 1
                        except noa_client.NoaError as error:
                            self.assertIn(error.status, (BUSY, UNAVAILABLE))
                return accepted

            def command(seed):
                choose = random.Random(seed)
                for _ in range(ROUNDS * 3):
                    code, said = Running(host, *choose.choice(verbs), "faulty").end()
                    self.assertIn(code, (0, 1, REFUSED), said)

            def change():
                """What an agent takes in without a new generation; a file that goes and comes."""
                for size in range(100, 100 + ROUNDS * 3):
                    host.configure(f"[agents.faulty]\nqueue_size = {size}\n")
                    (host.plugin_dir / "faulty.so").rename(host.root / "away.so")
                    Running(host, "reload", "echo-c").end()
                    (host.root / "away.so").rename(host.plugin_dir / "faulty.so")

            with concurrent.futures.ThreadPoolExecutor() as threads:
                sender = threads.submit(send)
                try:
                    for done in [threads.submit(change), *(threads.submit(command, seed)
                                                           for seed in range(CLIENTS))]:
                        done.result()
                finally:
                    ended.set()
                accepted = sender.result()
            host.noactl_run("enable", "faulty")
            host.noactl_run("start", "faulty")
            host.noactl("call", "faulty", "calls", "{}")  # comes behind them all
            counters = host.agent("faulty")["counters"]
            self.assertEqual(counters["handled"] + counters["dead"], accepted + 1, counters)
            self.serves(host, faulty=("running", host.generation("faulty")))

    def test_a_stop_between_plan_and_deed_leaves_nothing_to_do(self):
        """What the plan knew of an agent that is gone: other limits, a file that went."""
        def retune(host):
            host.configure("[agents.echo-c]\nqueue_size = 7\n")

        def remove(host):
            (host.plugin_dir / "echo-c.so").unlink()

        for change in (retune, remove):
            with self.subTest(change=change.__name__), FaultyHost() as host, \
                    Watcher(host, "host.agent.faulty") as events:
                gate = Gate(host)
                host.order(f"probe.create hold {gate.path}")
                path, _ = version(host, 1)
                change(host)
                path.rename(host.plugin_dir / "faulty.so")  # both within one debounce
                gate.await_arrival()  # planned; what is new is being looked at
                host.noactl("stop", "echo-c")
                host.order()
                gate.release()
                events.action("faulty", "reloaded")
                self.assertEqual(host.noactl("call", "faulty", "fault").strip(), "")
                self.assertEqual(host.agent("echo-c")["state"], "stopped")

    def test_that_end_the_host_in_the_middle_of_a_reload_end_it(self):
        for where in ("create", "quiesce", "start"):
            with self.subTest(where=where), FaultyHost(quiesce="200ms") as host:
                gate = Gate(host)
                host.order(f"{where} hold {gate.path}")
                reload = Running(host, "reload", "--force", "faulty")
                gate.await_arrival()
                host.process.send_signal(signal.SIGTERM)
                host.order()
                gate.release()
                reload.end()
                self.assertEqual(host.stop(NO_SIGNAL), 0)  # once is enough
                host.start()
                self.serves(host, faulty=("running", 1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
