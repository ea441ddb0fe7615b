#!/usr/bin/python3
"""A state directory that is full, or cannot be written: what goes on, and what is said."""
import os
import subprocess
import unittest

from noa_host import FIXTURES, Host

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

    def test_full_it_serves_on_refuses_reloads_and_goes_on_when_there_is_room(self):
        with self.host_on("64m") as host, host.client() as client:
            filler = host.state_dir / "filler"
            with open(filler, "wb") as file, self.assertRaises(OSError):
                while True:
                    file.write(b"x" * 65536)
                    file.flush()
            done = host.noactl_run("reload", "--force", "stateful")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("No space left on device", done.stderr + done.stdout)
            self.serves(host, client)
            client.send("rude", "crash")  # its next life needs room as well
            host.log_until("agent.process_ended", agent="rude")
            client.call("stateful", "report", {})
            filler.unlink()
            host.noactl("reload", "--force", "stateful", "rude")
            self.serves(host, client)

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
