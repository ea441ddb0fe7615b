#!/usr/bin/python3
"""A state directory that is full, or cannot be written: what goes on, and what is said."""
import errno
import os
import subprocess
import unittest

from noa_host import FIXTURES, Host, Watcher

CONFIG = ('[agents.stateful]\nprobation = "0s"\n'
          '[agents.rude]\nrun = "process"\nprobation = "0s"\nmax_deliveries = 1\n')


@unittest.skipIf(os.geteuid() != 0, "only root mounts a small file system")
class StateDir(unittest.TestCase):
    def host_on(self, size):
        host = Host([FIXTURES / "stateful.so", FIXTURES / "rude.so"], CONFIG)
        host.state_dir.mkdir(exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs",
                           str(host.state_dir)], check=False).returncode != 0:
            self.skipTest("this machine mounts no tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", str(host.state_dir)], check=False)
        return host

    def serves(self, host, client):
        client.call("stateful", "report", {})
        client.call("rude", "count", {})
        self.assertEqual(host.json("status")["state"], "running")

    def remount(self, host, way):
        """The directory is mounted over itself: the lock is held open for writing."""
        if way == "ro":
            subprocess.run(["mount", "--bind", str(host.state_dir), str(host.state_dir)],
                           check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", str(host.state_dir)], check=False)
        subprocess.run(["mount", "-o", f"remount,bind,{way}", str(host.state_dir)], check=True)

    def goes_on_without(self, host, client, reason, doctor):
        """What runs serves, a process that ends comes back, and what cannot be done is said."""
        for agent in ("stateful", "rude"):
            done = host.noactl_run("reload", "--force", agent)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(reason, done.stdout)
        done = host.noactl_run("disable", "stateful")
        self.assertIn(reason, done.stdout + done.stderr)
        self.serves(host, client)
        for life in range(2, 4):  # the next one's file is good for the one after it, too
            with Watcher(host, "host.agent.rude") as events:
                client.send("rude", "crash")
                self.assertEqual(events.action("rude", "reloaded")["generation"], life)
            self.serves(host, client)
        done = host.noactl_run("doctor")
        self.assertIn(doctor, done.stdout)
        self.assertEqual(done.returncode, 1)

    def test_full_it_serves_on_refuses_reloads_and_goes_on_when_there_is_room(self):
        with self.host_on("64m") as host, host.client() as client:
            filler = host.state_dir / "agents/rude/filler"
            filler.parent.mkdir(parents=True)
            told = client.call("rude", "fill", {"path": str(filler)}, timeout_s=60).json()
            self.assertEqual(told["errno"], errno.ENOSPC)
            self.goes_on_without(host, client, "No space left on device", "0 B left")
            filler.unlink()
            host.noactl("reload", "--force", "stateful", "rude")
            self.serves(host, client)
            self.assertEqual(host.noactl_run("doctor").returncode, 0)

    def test_read_only_while_it_runs_it_serves_on_and_reloads_when_it_can_be_written(self):
        with self.host_on("64m") as host, host.client() as client:
            self.remount(host, "ro")
            self.goes_on_without(host, client, "Read-only file system", "read-only")
            self.remount(host, "rw")
            host.noactl("reload", "--force", "stateful", "rude")
            self.serves(host, client)
            self.assertEqual(host.noactl_run("doctor").returncode, 0)

    def test_read_only_a_start_is_refused_with_the_reason(self):
        host = self.host_on("64m")
        with host, host.client() as client:
            self.serves(host, client)
            host.stop()
            for way in ("ro", "rw"):
                subprocess.run(["mount", "-o", f"remount,{way}", str(host.state_dir)], check=True)
                if way == "ro":
                    with self.assertRaisesRegex(AssertionError, "Read-only file system"):
                        host.start()
                    host.stop()
            host.start()
            self.assertEqual(host.json("status")["state"], "running")


if __name__ == "__main__":
    unittest.main(verbosity=2)
