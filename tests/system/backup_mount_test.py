#!/usr/bin/python3
"""noactl backup mount: snapshots as files, through FUSE, in a program of its own."""
import errno
import os
import pathlib
import signal
import subprocess
import unittest

from noa_host import BUILD, NOACTL, PATIENCE_S, PLUGINS, Host

PROGRAM = BUILD / "plugins/backup/noa-backup-mount"


def why_not():
    if not PROGRAM.exists():
        return "built without libfuse3"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse: {error.strerror}"
    return None


@unittest.skipIf(why_not(), why_not())
class BackupMount(unittest.TestCase):
    def setUp(self):
        self.host = Host([PLUGINS / "backup.so"])
        self.secret = self.host.root / "secret"
        self.secret.write_text("a secret\n")
        self.secret.chmod(0o600)
        self.extra = self.host.root / "extra"
        self.extra.mkdir()
        self.large = os.urandom(5_000_000)
        (self.extra / "large").write_bytes(self.large)
        (self.extra / "link").symlink_to("large")
        self.host.config_file.write_text(f"""
[agents.backup.settings.repositories.main]
path = "{self.host.root}/repository"
password = {{ secret = "file:{self.secret}" }}
[agents.backup.settings.plans.all]
repository = "main"
paths = ["{self.extra}"]
drill_every = "0s"
""")
        self.host.__enter__()
        self.addCleanup(self.host.__exit__, None, None, None)
        self.target = self.host.root / "target"
        self.target.mkdir()

    def mount(self, *args):
        """The program, when it shows something; unmounted at the end of the test in any case."""
        process = subprocess.Popen(
            [NOACTL, "--runtime-dir", self.host.runtime_dir, "backup", "mount", self.target, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        line = process.stdout.readline()
        if not line.startswith("mounted at"):
            error = process.communicate(timeout=PATIENCE_S)[1]
            if "cannot mount" in error or "mount failed" in error:
                self.skipTest(f"no FUSE here: {error}")
            raise AssertionError(error)
        return process

    def end(self, process, how=signal.SIGINT):
        if process.poll() is None:
            process.send_signal(how)
        output = process.communicate(timeout=PATIENCE_S)
        return process.returncode, *output

    def test_shows_what_was_kept_and_unmounts_on_an_interrupt(self):
        first = self.host.json("backup", "run")["id"]
        (self.extra / "large").write_text("other")
        second = self.host.json("backup", "run")["id"]
        process = self.mount()
        self.assertEqual(sorted(os.listdir(self.target)), ["dates", "ids"])
        self.assertEqual(sorted(os.listdir(self.target / "ids")), sorted([first[:8], second[:8]]))
        old = pathlib.Path(f"{self.target}/ids/{first[:8]}{self.extra}")
        new = pathlib.Path(f"{self.target}/dates/latest{self.extra}")
        self.assertEqual((old / "large").read_bytes(), self.large)
        self.assertEqual((old / "link").read_bytes(), self.large)
        self.assertEqual((new / "large").read_text(), "other")
        self.assertEqual((old / "large").stat().st_size, len(self.large))
        with open(old / "large", "rb") as file:
            file.seek(4_000_000)
            self.assertEqual(file.read(1000), self.large[4_000_000:4_001_000])
        with self.assertRaises(OSError) as caught:
            (new / "large").write_text("mine")
        self.assertEqual(caught.exception.errno, errno.EROFS)
        # Others go on with the repository meanwhile.
        self.host.json("backup", "run")
        code, _, error = self.end(process)
        self.assertEqual((code, error), (0, ""))
        self.assertEqual(os.listdir(self.target), [])

    def test_one_snapshot_without_a_host_and_what_is_damaged(self):
        self.host.json("backup", "run")
        self.host.stop()
        pack = max(self.host.root.glob("repository/data/*/*"), key=lambda one: one.stat().st_size)
        pack.chmod(0o600)
        with open(pack, "r+b") as file:
            file.seek(pack.stat().st_size // 2)
            file.write(b"xxxxxxxx")
        process = self.mount("latest", "--path", str(self.host.root / "repository"),
                             "--password-file", str(self.secret), "--no-lock")
        shown = pathlib.Path(f"{self.target}{self.extra}")
        self.assertEqual(sorted(os.listdir(shown)), ["large", "link"])
        with self.assertRaises(OSError) as caught:
            (shown / "large").read_bytes()
        self.assertEqual(caught.exception.errno, errno.EIO)
        code, _, error = self.end(process, signal.SIGTERM)
        self.assertEqual(code, 0)
        self.assertIn("large: data ", error)

    def test_says_what_cannot_be(self):
        self.host.json("backup", "run")
        self.secret.chmod(0o644)
        for args, text in ((["--repository", "none"], "no repository of this name"),
                           ([], "others than its owner may read it"),
                           (["--path", "/nowhere", "--password-file", "/nowhere"], "No such file")):
            done = self.host.noactl_run("backup", "mount", str(self.target), *args)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(text, done.stderr)
        self.secret.chmod(0o600)
        done = self.host.noactl_run("backup", "mount", str(self.target / "none"))
        self.assertIn("cannot mount", done.stderr)


if __name__ == "__main__":
    unittest.main()
