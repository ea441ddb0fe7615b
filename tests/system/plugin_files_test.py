#!/usr/bin/python3
"""A plugin file may be overwritten, truncated, torn or too large at any time, and the place where
it is staged may be no good: what runs, runs on."""
import os
import pathlib
import subprocess
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Sequence
from noa_host import FIXTURES, Watcher

PAGE = 4096
LONG = bool(os.environ.get("FAULTS_LONG"))


class Changing(FaultCase):
    def test_written_over_in_place_or_cut_it_is_refused_and_the_private_copy_runs(self):
        whole = (RELOAD / "faulty.so").read_bytes()
        ways = {"emptied": b"", "cut to one byte": whole[:1], "cut in the middle":
                whole[:len(whole) // 2], "zeroes": bytes(len(whole)),
                "text in code": whole[:PAGE] + b"x" * PAGE + whole[2 * PAGE:],
                "nothing after its header": whole[:64] + bytes(len(whole) - 64)}
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.agent.faulty") as events:
            sequence = Sequence(client)
            for way, data in ways.items():
                with self.subTest(way=way):
                    sequence.send(10)
                    with open(host.plugin_dir / "faulty.so", "r+b") as file:
                        file.truncate(0)
                        file.write(data)
                    self.assertIn("faulty.so", events.action("faulty", "failed")["text"])
                    sequence.send(10)
                    sequence.check(self)
                    self.serves(host, faulty=("running", 1))
            (host.plugin_dir / "faulty.so").write_bytes(whole)
            self.assertEqual(self.reload(host, force=False)["action"], "unchanged")
            self.reloaded(host)
            sequence.check(self)

    def test_written_slowly_in_pieces_it_is_taken_when_it_is_whole(self):
        whole = (RELOAD / "faulty.so").read_bytes() + b"another digest"
        piece = len(whole) // 5 + 1
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.agent.faulty") as events:
            sequence = Sequence(client)
            path = host.plugin_dir / "faulty.so"
            for at in range(0, len(whole), piece):
                with open(path, "r+b" if at else "wb") as file:
                    file.seek(at)
                    file.write(whole[at:at + piece])
                    file.flush()
                    if at + piece < len(whole):
                        # Looked at in the middle of a write, too, and not only when it is closed.
                        self.refused(host, "faulty.so")
                sequence.send(10)
                sequence.check(self)
            events.action("faulty", "reloaded")
            self.serves(host, faulty=("running", 2))
            sequence.check(self)

    def test_cut_at_any_page_it_is_refused_while_the_whole_one_runs(self):
        for source in [RELOAD / "keeper.so", *([FIXTURES / "echo-cpp.so"] if LONG else [])]:
            whole = source.read_bytes()
            name = source.stem
            with FaultyHost([source]) as host, \
                    Watcher(host, f"host.agent.{name}") as events:
                cut = host.root / "cut.so"
                for size in range(0, len(whole), PAGE):
                    with self.subTest(plugin=name, size=size):
                        cut.write_bytes(whole[:size])
                        host.install(cut, source.name)
                        self.assertIn(source.name, events.action(name, "failed")["text"])
                        self.assertEqual(host.agent(name)["state"], "running")
                self.serves(host, **{name: ("running", 1)})
                host.install(source)
                self.assertEqual(self.reload(host, name, force=False)["action"], "unchanged")


class MountedHost(FaultyHost):
    """Its state directory is a tmpfs of its own, seen by this host alone."""

    def __init__(self, options, plugins=()):
        super().__init__(plugins)
        self.options = options
        self.state_dir.mkdir()

    def command(self):
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                f"mount -t tmpfs -o mode=0700,{self.options} tmpfs {self.state_dir} && "
                'exec "$@"', "sh", *super().command()]

    def inside(self):
        """The state directory as the host sees it."""
        return pathlib.Path(f"/proc/{self.process.pid}/root{self.state_dir}")


def may_mount():
    return subprocess.run(["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs",
                           "tmpfs", "/mnt"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(may_mount(), "needs to mount file systems: root, outside a strict container")
class Places(FaultCase):
    def test_on_a_mount_without_exec_the_host_says_so_and_does_not_start(self):
        host = MountedHost("noexec")
        with self.assertRaises(AssertionError):
            host.start()
        said = host.log_text()
        self.assertIn("wanted exec, found noexec: nothing in it can be loaded", said)
        self.assertIn("move the state directory, or mount it with exec", said)
        self.assertEqual(host.stop(), 1)
        host.options = "exec"
        with host:
            self.serves(host, faulty=("running", 1))

    def test_without_room_to_stage_the_old_one_runs_until_there_is(self):
        padded = (RELOAD / "keeper.so").read_bytes() + bytes(1 << 20)
        with MountedHost("size=8m", [RELOAD / "keeper.so"]) as host, \
                Watcher(host, "host.agent.keeper") as events:
            filler = host.inside() / "filler"
            with open(filler, "wb", buffering=0) as file, self.assertRaises(OSError):
                while True:
                    file.write(bytes(1 << 16))
            source = host.root / "padded.so"
            source.write_bytes(padded)
            host.install(source, "keeper.so")
            said = events.action("keeper", "failed")["text"]
            self.assertIn("No space left on device", said)
            self.assertIn("make room in the state directory", said)
            staged = [path.name for path in (host.inside() / "stage").iterdir()]
            self.assertFalse([name for name in staged if name.endswith(".part")], staged)
            self.serves(host, keeper=("running", 1), faulty=("running", 1))
            self.refused(host, "No space left on device", agent="keeper")
            filler.unlink()
            events.action("keeper", "reloaded")  # nobody has to ask
            self.serves(host, keeper=("running", 2), faulty=("running", 1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
