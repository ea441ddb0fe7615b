#!/usr/bin/python3
"""The host is killed (kill -9) at every step of a reload; the next start serves."""
import hashlib
import pathlib
import signal
import subprocess
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Gate, Running, Sequence, until

# Where the fixture stands still, and what is under way then.
STEPS = {
    "probe.constructor": "probe", "probe.create": "probe", "probe.validate": "probe",
    "probe.describe": "probe", "probe.destroy": "probe",
    "constructor": "load", "create": "load", "validate": "load", "commit": "load",
    "quiesce": "switch", "save": "switch", "restore": "switch", "start": "switch",
    "confirm": "confirm", "destroy": "retire",
}
LARGE = 96 << 20


def processes_about(path):
    """Command lines that name a file below `path`."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(word.startswith(str(path)) for word in words):
            found.append(words)
    return found


class Killed(FaultCase):
    def new_version(self, host, padding=b"a second version"):
        data = (RELOAD / "faulty.so").read_bytes() + padding
        path = host.root / "second.so"
        path.write_bytes(data)
        return path, hashlib.sha256(data).hexdigest()

    def kill(self, host):
        self.assertEqual(host.stop(signal.SIGKILL), -signal.SIGKILL)
        # A probe dies with the host that it works for.
        until(lambda: processes_about(host.state_dir), lambda found: not found)

    def start_again(self, host, digest):
        host.order()
        host.start()
        self.serves(host, faulty=("running", 1))
        self.assertEqual(host.agent("faulty")["digest"], digest)
        with host.client() as client:
            sequence = Sequence(client)
            sequence.send(10)
            self.reloaded(host)
            sequence.check(self)
        staged = sorted(path.name for path in (host.state_dir / "stage").iterdir())
        self.assertFalse([name for name in staged if name.endswith(".part")], staged)

    def test_while_the_plugin_stands_still_in_each_of_its_calls(self):
        for where in STEPS:
            with self.subTest(where=where), FaultyHost() as host, host.client() as client:
                gate, sequence = Gate(host), Sequence(client)
                sequence.send(10)
                host.order(f"{where} hold {gate.path}")
                path, digest = self.new_version(host)
                host.install(path, "faulty.so")
                gate.await_arrival()
                self.kill(host)
                gate.release()
                self.start_again(host, digest)

    def test_while_the_file_is_staged_and_scanned(self):
        for step in ("stage", "scan"):
            with self.subTest(step=step), FaultyHost() as host:
                path, digest = self.new_version(host, bytes(LARGE))
                path.rename(host.plugin_dir / "faulty.so")
                reload = Running(host, "reload", "--force", "faulty")
                reload.until(f"faulty: {step}")
                self.kill(host)
                reload.end()
                self.start_again(host, digest)

    def test_while_it_starts(self):
        for where in ("constructor", "create", "commit", "start", "confirm"):
            with self.subTest(where=where), FaultyHost() as host:
                digest = host.agent("faulty")["digest"]
                self.kill(host)
                gate = Gate(host)
                host.order(f"{where} hold {gate.path}")
                starting = subprocess.Popen(list(map(str, host.command())),
                                            stderr=subprocess.DEVNULL)
                gate.await_arrival()
                starting.kill()
                starting.wait()
                gate.release()
                self.start_again(host, digest)


if __name__ == "__main__":
    unittest.main(verbosity=2)
