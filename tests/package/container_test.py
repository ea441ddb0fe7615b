#!/usr/bin/python3
"""The image's own commands, in a tree of their own without a container engine: what they make runs
read-only, as its own user, without a service manager.

Environment: PACKAGES, the folder with the .deb files; PLACE, a folder to work in. Needs root."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = pathlib.Path(os.environ["PACKAGES"])
DOCKERFILE = (SOURCE / "packaging/container/Dockerfile").read_text()
STAGE = re.sub(r"\\\n", " ", re.sub(r"(?m)^#.*\n", "", DOCKERFILE.split("\nFROM ")[-1]))
PATIENCE_S = 60


def words_of(instruction):
    return [line.split(None, 1)[1] for line in STAGE.splitlines()
            if line.startswith(instruction + " ")]


def exec_form(text):
    return re.findall(r'"([^"]+)"', text)


def packages():
    [copied] = [line for line in words_of("COPY") if "--from=build" in line]
    return [path for name in re.findall(r"/packages/(\S+\.deb)", copied)
            for path in PACKAGES.glob(name)]


def needed(debs):
    """What the debs depend on, and what the image installs besides."""
    wanted = set(re.findall(r"systemd-standalone-\w+", STAGE))
    for deb in debs:
        fields = subprocess.check_output(["dpkg-deb", "-f", deb, "Depends", "Pre-Depends"], text=True)
        for field in re.sub(r"(?m)^[A-Za-z-]+: ", "", fields).replace("\n", ",").split(","):
            name = field.split("|")[0].split("(")[0].strip()
            if name and not name.startswith(("noa-", "systemd")):
                wanted.add(name)
    return ",".join(sorted(wanted))


class Container(unittest.TestCase):
    def setUp(self):
        root = pathlib.Path(tempfile.mkdtemp(dir=os.environ["PLACE"]))
        self.addCleanup(shutil.rmtree, root)
        self.tree = root / "tree"
        debs = packages()
        self.assertEqual(len(debs), 2)
        subprocess.run(["mmdebstrap", "--quiet", "--variant=apt", f"--include={needed(debs)}",
                        "bookworm", self.tree], check=True)
        (self.tree / "packages").mkdir()
        for deb in debs:
            shutil.copy(deb, self.tree / "packages")
        for line in words_of("RUN"):
            # There is no network in there; what is wanted is there already.
            line = line.replace("apt-get update", "true")
            subprocess.run(["chroot", self.tree, "/bin/sh", "-ec", line], check=True,
                           stdout=subprocess.DEVNULL)

    def start(self):
        """noad as the image's entry point: its first process, nothing writable but what is said."""
        [user] = words_of("USER")
        entry = exec_form(words_of("ENTRYPOINT")[0])
        script = (f"mount --bind {self.tree} {self.tree}; mount -o remount,ro,bind {self.tree}; "
                  f"for dir in run/noa tmp var/lib/noa; do mount -t tmpfs -o "
                  f"uid=10001,gid=10001,mode=0750 none {self.tree}/$dir; done; "
                  f"mount -t proc none {self.tree}/proc; "
                  f"exec chroot --userspec={user} {self.tree} {' '.join(entry)}")
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child",
             "/bin/sh", "-ec", script], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stderr.close)
        said = []
        for line in process.stderr:
            said.append(line)
            if "host.started" in line:
                children = f"/proc/{process.pid}/task/{process.pid}/children"
                return process, int(pathlib.Path(children).read_text())
        raise AssertionError("".join(said))

    def inside(self, pid, *command):
        [user] = words_of("USER")
        return subprocess.run(["nsenter", "--all", "-t", str(pid), "chroot", f"--userspec={user}",
                               self.tree, *command], capture_output=True, text=True, check=False)

    def test_what_the_image_makes_runs_confined_and_ends_in_order(self):
        process, pid = self.start()
        check = exec_form(words_of("HEALTHCHECK")[0])
        self.assertEqual(check, ["noactl", "health"])
        done = self.inside(pid, *check)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        agents = self.inside(pid, "noactl", "--json", "agents").stdout
        self.assertEqual(sorted(re.findall(r'"name": ?"(\w+)"', agents)),
                         ["backup", "cache", "communication", "config", "console", "drafting",
                          "heartbeat", "monitor"])
        self.assertIn('"found":false', self.inside(pid, "noactl", "call", "cache", "get",
                                                   '{"key": "a"}').stdout)
        os.kill(pid, 15)
        self.assertEqual(process.wait(PATIENCE_S), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
