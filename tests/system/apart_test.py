#!/usr/bin/python3
"""Which agents are processes: by default, and after the host crashed in one or in nobody knows whom."""
import signal
import unittest

from noa_host import FIXTURES, PLUGINS, Host, Watcher, noa_client, sanitized

PATIENT = '[host.restart]\nbackoff = "1ms"\nbackoff_max = "1ms"\nmax = 1000\nin_a_row = 1000\n'
BYSTANDER = FIXTURES / "echo-c.so"


class ApartCase(unittest.TestCase):
    def serves(self, host):
        self.assertEqual(host.noactl("call", "echo-c", "echo", "[1]").strip(), "[1]")


class PlainHost(Host):
    DEFAULTS = {}


class Defaults(ApartCase):
    def test_what_comes_with_noa_is_a_thread_and_what_does_not_a_process(self):
        with PlainHost([PLUGINS / "cache.so", BYSTANDER]) as host:
            self.assertEqual(host.agent("cache")["run"], "thread")
            self.assertEqual(host.agent("echo-c")["run"], "process")
            self.assertIn("pid", host.agent("echo-c"))
            self.serves(host)
            host.configure('[host]\nrun = "thread"\n')
            host.noactl("reload")
            self.assertEqual(host.agent("echo-c")["run"], "thread")
            self.serves(host)


@unittest.skipIf(sanitized(), "a sanitizer's own handler takes the crash")
class Isolation(ApartCase):
    CONFIG = PATIENT + '[agents.rude]\nprobation = "0s"\nmax_deliveries = 1\n'

    def crash_the_host(self, host):
        with host.client() as client:
            client._send(noa_client.REQUEST, to="rude", subject="crash", body=b"")  # nobody will answer
            self.assertNotEqual(host.process.wait(60), 0)
        host.stop()
        host.start()

    def test_what_crashed_the_host_comes_back_as_a_process(self):
        with Host([FIXTURES / "rude.so", BYSTANDER], self.CONFIG) as host:
            self.crash_the_host(host)
            agent = host.agent("rude")
            self.assertEqual((agent["run"], agent["state"]), ("process", "running"))
            line = host.log_until("agent.isolated", agent="rude")
            self.assertIn("SIGSEGV", line["reason"])
            with host.client() as client, Watcher(host, "host.agent.rude") as events:
                client.send("rude", "crash")
                events.action("rude", "process_ended")
                events.action("rude", "reloaded")
                client.call("rude", "count")
            self.serves(host)
            host.stop()
            host.start() # and it is remembered
            self.assertEqual(host.agent("rude")["run"], "process")

    def test_two_crashes_that_nobody_explains_put_foreign_agents_into_processes(self):
        with Host([PLUGINS / "cache.so", BYSTANDER]) as host:
            for run in ("thread", "process"):
                host.process.send_signal(signal.SIGSEGV)
                self.assertNotEqual(host.process.wait(60), 0)
                host.stop()
                host.start()
                self.assertEqual(host.agent("echo-c")["run"], run)
            self.assertEqual(host.log_until("host.foreign_apart")["crashes"], 2)
            self.assertTrue(host.log_until("host.crashed")["core"])
            self.assertEqual(host.agent("cache")["run"], "thread")
            self.serves(host)

    def test_until_its_file_changes_or_somebody_forces_it(self):
        with Host([FIXTURES / "rude.so", BYSTANDER], self.CONFIG) as host:
            self.crash_the_host(host)
            host.noactl("reload", "--force", "rude")
            self.assertEqual(host.agent("rude")["run"], "thread")
            self.crash_the_host(host)
            self.assertEqual(host.agent("rude")["run"], "process")
            changed = host.root / "changed.so"
            changed.write_bytes((FIXTURES / "rude.so").read_bytes() + b"mended")
            host.install(changed, "rude.so")
            host.noactl("reload")
            self.assertEqual(host.agent("rude")["run"], "thread")


if __name__ == "__main__":
    unittest.main(verbosity=2)
