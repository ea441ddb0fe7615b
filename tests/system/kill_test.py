#!/usr/bin/python3
"""The host is killed (kill -9) at every step of a reload; the next start serves."""
import hashlib
import json
import pathlib
import signal
import subprocess
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Gate, Running, Sequence, until

# Where the fixture stands still, and the phase that the ledger then knows its new code to be in:
# none before that is inside the host, and none once it is confirmed.
STEPS = {
    "probe.constructor": None, "probe.create": None, "probe.validate": None,
    "probe.describe": None, "probe.destroy": None,
    "constructor": "load", "create": "load", "validate": "load", "commit": "load",
    "quiesce": "switch", "save": "switch", "restore": "switch", "start": "switch",
    "destroy": None,
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

    def trial(self, host):
        """What the ledger knows to be on trial."""
        return json.loads((host.state_dir / "ledger/faulty.json").read_text())["trial"]

    def start_unready(self, host):
        """A noad that is not waited for: it will not get ready."""
        return subprocess.Popen(list(map(str, host.command())), stderr=subprocess.DEVNULL)

    def test_while_the_plugin_stands_still_in_each_of_its_calls(self):
        for where, phase in STEPS.items():
            with self.subTest(where=where), FaultyHost() as host, host.client() as client:
                gate, sequence = Gate(host), Sequence(client)
                sequence.send(10)
                host.order(f"{where} hold {gate.path}")
                path, digest = self.new_version(host)
                host.install(path, "faulty.so")
                gate.await_arrival()
                self.kill(host)
                gate.release()
                trial = self.trial(host)
                self.assertEqual(trial and (trial["phase"], trial["digest"]),
                                 phase and (phase, digest))
                self.start_again(host, digest)
                said = [line for line in host.log_text().splitlines()
                        if "version.tried_again" in line and digest in line]
                self.assertEqual(len(said), 1 if phase else 0)
                if phase:
                    self.assertIn(f"phase {phase}", said[0])
                self.assertIsNone(self.trial(host), "confirmed")

    def test_twice_in_the_same_code_and_the_version_before_starts(self):
        with FaultyHost() as host:
            before = host.agent("faulty")["digest"]
            gate = Gate(host)
            path, digest = self.new_version(host)
            host.order(f"start hold {gate.path}")
            host.install(path, "faulty.so")
            gate.await_arrival()
            self.kill(host)
            gate.release()
            starting = self.start_unready(host)
            gate.await_arrival()
            starting.kill()
            starting.wait()
            gate.release()
            host.order()
            host.start()
            self.serves(host, faulty=("running", 1))
            self.assertEqual(host.agent("faulty")["digest"], before)
            [rejected] = host.agent("faulty")["versions"]["rejected"]
            self.assertEqual(rejected["digest"], digest)
            self.assertIn("2 times while it was on trial (phase switch)", rejected["reason"])
            self.assertIn("version.rejected", host.log_text())

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
                starting = self.start_unready(host)
                gate.await_arrival()
                starting.kill()
                starting.wait()
                gate.release()
                self.start_again(host, digest)


if __name__ == "__main__":
    unittest.main(verbosity=2)
