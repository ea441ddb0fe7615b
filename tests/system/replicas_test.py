#!/usr/bin/python3
"""Several processes of one agent share its inbox."""
import os
import signal
import threading
import unittest

from noa_faults import until
from noa_host import FIXTURES, Host, Watcher, noa_client

WORKER = ('[host.restart]\nbackoff = "1ms"\nmax = 1000\nin_a_row = 1000\n'
          '[agents.worker]\nrun = "process"\nprobation = "0s"\n')


def workers(count, more=""):
    return Host([FIXTURES / "worker.so", FIXTURES / "echo-c.so"],
                WORKER + f"replicas = {count}\n" + more)


def pids_of(host):
    return {replica["pid"] for replica in host.agent("worker")["replicas"]}


class Replicas(unittest.TestCase):
    def test_while_one_is_inside_a_call_the_others_serve(self):
        with workers(3) as host, host.client() as client:
            pids = pids_of(host)
            self.assertEqual(len(pids), 3)
            fifos = [host.root / f"fifo-{number}" for number in range(2)]
            held = set()

            def wait(fifo):
                with host.client() as own:
                    held.add(own.call("worker", "wait", {"fifo": str(fifo)}, timeout_s=60).json()["pid"])

            waiting = [threading.Thread(target=wait, args=(fifo,)) for fifo in fifos]
            for fifo, waiter in zip(fifos, waiting):
                os.mkfifo(fifo)
                waiter.start()
            until(lambda: host.agent("worker")["depth"], lambda depth: depth == 2)
            free = {client.call("worker", "who").json()["pid"] for _ in range(50)}
            self.assertEqual(len(free), 1)
            for fifo, waiter in zip(fifos, waiting):
                os.close(os.open(fifo, os.O_WRONLY))
                waiter.join()
            self.assertEqual(held | free, pids)

    def test_what_one_asks_for_is_answered_to_that_one(self):
        with workers(4) as host:
            def ask():
                with host.client() as client:
                    for _ in range(100):
                        seen.add(client.call("worker", "relay", {"agent": "echo-c",
                                                                 "operation": "echo"},
                                             timeout_s=60).json()["pid"])
            seen = set()
            askers = [threading.Thread(target=ask) for _ in range(4)]
            for asker in askers:
                asker.start()
            for asker in askers:
                asker.join()
            self.assertEqual(seen, pids_of(host))

    def test_the_end_of_one_loses_nothing(self):
        with workers(2, "max_deliveries = 100\n") as host:
            answers = []

            def ask():
                with host.client() as client:
                    for _ in range(300):
                        answers.append(client.call("worker", "who", timeout_s=60).json()["pid"])

            asker = threading.Thread(target=ask)
            asker.start()
            with Watcher(host, "host.agent.worker") as events:
                for _ in range(3):
                    os.kill(min(pids_of(host)), signal.SIGKILL)
                    events.action("worker", "reloaded")
            asker.join()
            self.assertEqual(len(answers), 300)
            self.assertEqual(len(pids_of(host)), 2)

    def test_they_go_together_and_nothing_stays(self):
        with workers(3) as host:
            before = pids_of(host)
            host.configure("[agents.worker]\nreplicas = 2\n")
            host.noactl("reload")
            self.assertEqual(len(pids_of(host)), 2)
            self.assertFalse(before & pids_of(host))
            for pid in before:
                until(lambda pid=pid: os.path.exists(f"/proc/{pid}"), lambda there: not there)

    def test_each_senders_order_is_kept_when_it_is_asked_for(self):
        with workers(3, "ordered = true\n") as host, host.client() as client:
            fifo = host.root / "fifo"
            os.mkfifo(fifo)
            first = client._send(noa_client.REQUEST, to="worker", subject="wait",
                                 body=b'{"fifo": "%s"}' % str(fifo).encode())
            second = client._send(noa_client.REQUEST, to="worker", subject="who", body=b"")
            until(lambda: host.agent("worker")["depth"], lambda depth: depth == 2)
            os.close(os.open(fifo, os.O_WRONLY))
            client._answer_to(first, 30)
            client._answer_to(second, 30)

    def test_a_plugin_with_a_state_and_a_thread_have_none(self):
        config = WORKER.replace("worker", "stateful") + "replicas = 2\n"
        with Host([FIXTURES / "stateful.so"], config) as host:
            until(lambda: host.agent("stateful")["last_error"],
                  lambda error: "replicas share none" in error)
        with workers(1) as host:
            host.configure('[agents.worker]\nrun = "thread"\nreplicas = 2\n')
            done = host.noactl_run("reload")
            self.assertIn('needs run = "process"', done.stdout + done.stderr)


class ScaleUp(unittest.TestCase):
    HEALTH = '[host.health]\ninterval = "50ms"\nthreshold = 2\n'

    def test_an_inbox_that_stays_full_gets_a_replica_up_to_the_limit(self):
        more = ('queue_size = 10\nheal.scale_up = 2\nheal.cooldown = "50ms"\n'
                'quiesce_timeout = "300ms"\n')
        files = [FIXTURES / "worker.so", FIXTURES / "slow.so"]
        with Host(files, self.HEALTH + WORKER + more) as host, host.client() as client, \
                Watcher(host, "host.heal.worker") as events:
            for _ in range(9):
                client._send(noa_client.REQUEST, to="worker", subject="relay",
                             body=b'{"agent": "slow", "operation": "block"}')
            planned = events.until(lambda event: event["event"] == "heal.planned")
            self.assertEqual(planned["strategy"], "scale_up")
            self.assertIn("inbox: 9 of 10 waiting", planned["reason"])
            until(lambda: len(host.agent("worker").get("replicas", [])), lambda count: count == 2)
            with host.client() as other:
                other.call("slow", "release")

    def test_by_hand(self):
        with workers(1, "heal.scale_up = 2\n") as host:
            host.noactl("heal", "worker", "--for", "high-load")
            self.assertEqual(len(pids_of(host)), 2)
            done = host.noactl_run("heal", "worker", "--for", "high-load")
            self.assertIn("as many replicas as heal.scale_up", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
