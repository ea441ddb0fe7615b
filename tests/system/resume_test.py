#!/usr/bin/python3
"""A host that is stopped and started again: states and accepted messages are there."""
import signal
import unittest
from concurrent import futures

from noa_host import FIXTURES, Host, noa_client

RELOADED = FIXTURES / "reload"
QUICK = 'quiesce_timeout = "300ms"\nprobation = "0s"\n'


class Resume(unittest.TestCase):
    def checkpoints(self, host):
        return sorted(path.name for path in (host.state_dir / "checkpoints").glob("*"))

    def ask(self, host):
        with host.client() as client, self.assertRaises(noa_client.NoaError) as failed:
            client.call("slow", "block", {}, timeout_s=60)
        return failed.exception

    def test_a_restart_keeps_states(self):
        for run in ("thread", "process"):
            with self.subTest(run=run), \
                    Host([RELOADED / "schema_2.so"],
                         f'[agents.schema]\nplugin = "schema"\nrun = "{run}"\n{QUICK}') as host:
                (host.plugin_dir / "schema_2.so").rename(host.plugin_dir / "schema.so")
                host.noactl("reload")
                with host.client() as client:
                    client.call("schema", "set", {"number": 7, "padding": 300_000})
                for _ in range(2):
                    self.assertEqual(host.stop(), 0)
                    self.assertEqual(self.checkpoints(host), ["schema.checkpoint"])
                    host.start()
                    self.assertEqual(self.checkpoints(host), [])
                    with host.client() as client:
                        self.assertEqual(client.call("schema", "get").json()["number"], 7)

    def test_a_restart_keeps_accepted_messages_and_answers_who_waits(self):
        with Host([FIXTURES / "slow.so"], "[agents.slow]\n" + QUICK) as host:
            with host.client() as client:
                for _ in range(50):
                    client.send("slow", "block", {})
                self.assertEqual(client.call("slow", "report", {}).json()["blocked"], 50)
                with futures.ThreadPoolExecutor() as pool:
                    asked = pool.submit(self.ask, host)
                    while client.call("slow", "report", {}).json()["blocked"] != 51:
                        pass
                    self.assertEqual(host.stop(), 0)
                    self.assertIn("stopped", str(asked.result()))
            host.start()
            with host.client() as client:
                self.assertEqual(client.call("slow", "report", {}).json()["blocked"], 50)
                self.assertEqual(host.agent("slow")["counters"]["redelivered"], 50)
                self.assertEqual(host.agent("slow")["depth"], 50)

    def test_a_crash_of_the_host_leaves_no_stale_state(self):
        with Host([FIXTURES / "stateful.so"], "[agents.stateful]\n" + QUICK) as host:
            host.stop()
            host.start()
            host.stop(signal.SIGKILL)
            self.assertEqual(self.checkpoints(host), [])
            host.start()
            self.assertEqual(host.json("status")["state"], "running")

    def test_a_downgrade_says_which_state_it_cannot_read_and_keeps_it(self):
        with Host([], f'[agents.schema]\n{QUICK}') as host:
            host.install(RELOADED / "schema_2.so", "schema.so")
            host.noactl("reload")
            with host.client() as client:
                client.call("schema", "set", {"number": 7, "padding": 0})
            host.stop()
            host.install(RELOADED / "schema_1.so", "schema.so")
            host.start()
            told = host.log_until("agent.state_put_aside", agent="schema")
            self.assertEqual((told["schema"], told["reads_to"], told["left_by"]),
                             (2, 1, "2.0.0"))
            self.assertEqual(self.checkpoints(host), ["schema.put-aside"])
            with host.client() as client:
                self.assertEqual(client.call("schema", "get").json()["number"], 0)

    def test_a_checkpoint_that_was_tampered_with_is_put_aside(self):
        with Host([FIXTURES / "stateful.so"], "[agents.stateful]\n" + QUICK) as host:
            host.stop()
            file = host.state_dir / "checkpoints/stateful.checkpoint"
            file.write_bytes(file.read_bytes()[:-1] + b"?")
            host.start()
            host.log_until("agent.checkpoint_refused", agent="stateful")
            self.assertEqual(self.checkpoints(host), ["stateful.put-aside"])
            self.assertEqual(host.json("status")["state"], "running")


if __name__ == "__main__":
    unittest.main(verbosity=2)
