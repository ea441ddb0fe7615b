#!/usr/bin/python3
"""The Debian packages on a machine of their own, booted with systemd.

Environment: PACKAGES, the folder with the .deb files; FIXTURES, the folder with built fixture
agents; MACHINE, a tree made by `machine make`, which is copied and left alone."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = pathlib.Path(os.environ["PACKAGES"])
FIXTURES = pathlib.Path(os.environ["FIXTURES"])
MACHINE = pathlib.Path(os.environ["MACHINE"])
ARCHITECTURE = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
TRIPLET = subprocess.check_output(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"], text=True).strip()
PLUGIN_DIR = f"usr/lib/{TRIPLET}/noa/plugins"
PATIENCE_S = 60


def package(name):
    [path] = PACKAGES.glob(f"{name}_*_{ARCHITECTURE}.deb")
    return path


class Machine:
    """A copy of the tree, running."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="noa-machine.", dir=MACHINE.parent))
        self.tree = self.root / "tree"
        subprocess.run(["cp", "-a", "--reflink=auto", MACHINE, self.tree], check=True)
        self.tool("boot")

    def tool(self, verb, *args, **options):
        return subprocess.run([HERE / "machine", verb, self.tree, *map(str, args)],
                              check=options.pop("check", True), text=True, **options)

    def run(self, *command, check=True):
        """What it printed; both streams are in the error when it fails."""
        done = self.tool("run", *command, check=False, capture_output=True,
                         stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *command):
        return json.loads(self.run("noactl", "--json", *command))

    def agents(self):
        return {agent["name"]: agent["state"] for agent in self.json("agents")}

    def show(self, name, unit="noad.service"):
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def install(self, *paths, tool=("apt-get", "install", "--yes", "--no-install-recommends")):
        inside = []
        for path in paths:
            shutil.copy(path, self.tree / "root")
            inside.append(f"/root/{path.name}")
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", *tool, *inside)

    def override(self, text):
        """Lines of the section [Service] that count from the next start on."""
        folder = self.tree / "etc/systemd/system/noad.service.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "test.conf").write_text(f"[Service]\n{text}\n")
        self.run("systemctl", "daemon-reload")

    def until(self, question, wanted):
        """The answer, once it is what is wanted; systemd has no event for all that is asked."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = question()
            if wanted(answer):
                return answer
            if time.monotonic() > deadline:
                raise AssertionError(f"still {answer!r}\n" + self.run("journalctl", "-n", "30"))

    def files(self):
        """Everything that a package could leave behind."""
        skipped = {"proc", "sys", "dev", "run", "tmp", "root", "var/cache", "var/log/journal"}
        found = set()
        for folder, names, files in os.walk(self.tree):
            here = os.path.relpath(folder, self.tree)
            names[:] = [name for name in names
                        if os.path.normpath(os.path.join(here, name)) not in skipped]
            found.update(os.path.normpath(os.path.join(here, name)) for name in names + files)
        return found

    def end(self):
        self.tool("halt")
        shutil.rmtree(self.root)


def plugin_package(folder, name, content, version="1.0"):
    """A package as an author's: a plugin, no scripts."""
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / PLUGIN_DIR).mkdir(parents=True)
    (tree / PLUGIN_DIR / f"{name}.so").write_bytes(content)
    (tree / "DEBIAN/control").write_text(
        f"Package: noa-plugin-{name}\nVersion: {version}\nArchitecture: {ARCHITECTURE}\n"
        "Maintainer: Somebody <somebody@noa.invalid>\nDepends: noa-plugin-abi-1\n"
        "Description: an agent\n")
    path = folder / f"noa-plugin-{name}_{version}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, path], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return path


class Author:
    """With noa-host and noa-plugin-dev unpacked aside: makes a project, and packages of it."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("noa-host", "noa-plugin-dev"):
            subprocess.run(["dpkg-deb", "-x", package(name), folder], check=True)
        contract = folder / f"usr/lib/{TRIPLET}/pkgconfig/noa-plugin.pc"
        contract.write_text(re.sub(r"^(includedir|mapfile)=\$\{prefix\}", rf"\1={folder}/usr",
                                   contract.read_text(), flags=re.MULTILINE))
        self.environment = {
            **os.environ, "PATH": f"{folder}/usr/bin:{os.environ['PATH']}",
            "PERL5LIB": f"{folder}/usr/share/perl5", "PKG_CONFIG_PATH": str(contract.parent),
            "DEBFULLNAME": "A Test", "DEBEMAIL": "test@noa.invalid"}

    def make(self, name):
        self.project = self.folder / name
        self.call("noactl", "plugin", "new", name, "--c", "--dir", self.project, "--templates",
                  self.folder / "usr/share/noa/templates")

    def change(self, what, into):
        for path in (*self.project.glob("*.c"), self.project / "debian/changelog"):
            path.write_text(path.read_text().replace(what, into))

    def package(self, version):
        self.call("dpkg-buildpackage", "-us", "-uc", "-b", "-d", cwd=self.project)
        [path] = self.folder.glob(f"noa-plugin-{self.project.name}_{version}_*.deb")
        return path

    def call(self, *command, cwd=None):
        subprocess.run(list(map(str, command)), check=True, env=self.environment, cwd=cwd,
                       stdout=subprocess.DEVNULL)


class MachineCase(unittest.TestCase):
    def machine(self):
        machine = Machine()
        self.addCleanup(machine.end)
        return machine

    def installed(self):
        machine = self.machine()
        machine.install(package("noa-host"), package("noa-agents"))
        self.assertEqual(machine.show("ActiveState"), "active")
        return machine

    def folder(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        return folder


class Packages(MachineCase):
    def test_install_runs_a_host_with_its_agents_as_its_own_user(self):
        machine = self.installed()
        self.assertEqual(machine.agents(), {
            "backup": "running", "cache": "running", "communication": "running", "config": "running",
            "console": "running", "drafting": "running",
            "heartbeat": "running", "monitor": "running"})
        pid = machine.show("MainPID")
        self.assertEqual(machine.run("ps", "-o", "user=", pid).strip(), "noa")
        machine.run("noactl", "call", "cache", "set", '{"key":"a","value":1}')
        self.assertIn('"value":1', machine.run("noactl", "call", "cache", "get", '{"key":"a"}'))
        self.assertEqual(machine.show("WatchdogUSec"), "30s")
        self.assertEqual(machine.run("systemctl", "--failed", "--plain", "--no-legend"), "")
        self.assertIn("host.started", machine.run("journalctl", "-u", "noad"))

    def test_a_plugin_package_is_loaded_and_unloaded_by_the_host_that_runs(self):
        machine = self.installed()
        pid = machine.show("MainPID")
        path = plugin_package(self.folder(), "echo-c", (FIXTURES / "echo-c.so").read_bytes())
        began = time.monotonic()
        machine.install(path, tool=("dpkg", "--install"))
        self.assertEqual(machine.agents()["echo-c"], "running")
        print(f"dpkg -i of a plugin to serving: {(time.monotonic() - began) * 1000:.0f} ms",
              file=sys.stderr)
        self.assertEqual(machine.run("noactl", "call", "echo-c", "echo", '{"a":1}').strip(),
                         '{"a":1}')
        machine.run("dpkg", "--remove", "noa-plugin-echo-c")
        self.assertNotIn("echo-c", machine.agents())
        self.assertEqual(machine.show("MainPID"), pid)
        self.assertEqual(machine.json("status")["pinned"], [])

    def test_a_package_of_the_authors_kit_is_loaded_replaced_and_unloaded(self):
        author = Author(self.folder())
        author.make("trial-run")
        first = author.package("0.1.0")
        author.change("0.1.0", "0.2.0")
        second = author.package("0.2.0")
        machine = self.installed()
        pid = machine.show("MainPID")
        machine.install(first, tool=("dpkg", "--install"))
        self.assertEqual(machine.json("agent", "trial-run")["version"], "0.1.0")
        machine.run("noactl", "call", "trial-run", "echo", '{"a":1}')
        machine.install(second, tool=("dpkg", "--install"))
        self.assertEqual(machine.json("agent", "trial-run")["version"], "0.2.0")
        self.assertIn('{"echoed":1}', machine.run("noactl", "call", "trial-run", "count"))
        machine.run("dpkg", "--purge", "noa-plugin-trial-run")
        self.assertNotIn("trial-run", machine.agents())
        self.assertEqual(machine.show("MainPID"), pid)

    def test_the_autopkgtests_pass(self):
        machine = self.installed()
        for name in ("host", "purge"):  # plugin-package needs a compiler in there: as above
            shutil.copy(HERE.parents[1] / "packaging/debian/tests" / name, machine.tree / "root")
            machine.run(f"/root/{name}")

    def test_a_bad_plugin_stops_neither_dpkg_nor_the_host(self):
        machine = self.installed()
        path = plugin_package(self.folder(), "bad", b"no library at all")
        machine.install(path, tool=("dpkg", "--install"))
        self.assertEqual(machine.show("ActiveState"), "active")
        self.assertIn("running", machine.agents()["cache"])
        self.assertIn("bad.so", machine.run("journalctl", "-u", "noad"))

    def test_remove_keeps_what_is_the_administrators_and_purge_nothing(self):
        machine = self.machine()
        before = machine.files()
        machine.install(package("noa-host"), package("noa-agents"))
        (machine.tree / "etc/noa/conf.d/mine.toml").write_text("[agents.cache]\nqueue_size = 7\n")
        machine.run("noactl", "reload")
        self.assertEqual(machine.json("agent", "cache")["queue_size"], 7)
        machine.run("apt-get", "remove", "--yes", "noa-host", "noa-agents")
        self.assertNotEqual(machine.show("ActiveState"), "active")
        self.assertTrue((machine.tree / "etc/noa/conf.d/mine.toml").exists())
        self.assertTrue((machine.tree / "var/lib/noa").exists())
        machine.run("apt-get", "purge", "--yes", "noa-host", "noa-agents")
        left = {path for path in machine.files() - before
                if not path.startswith(("var/lib/dpkg/", "var/lib/apt/", "var/log/",
                                        "var/lib/systemd/", "etc/passwd", "etc/group",
                                        "etc/shadow", "etc/gshadow"))}
        self.assertEqual(left, set())
        self.assertEqual(machine.run("getent", "passwd", "noa", check=False), "")

    def newer(self):
        """The same packages with a version that is higher."""
        folder = self.folder()
        for name in ("noa-host", "noa-agents"):
            tree = folder / name
            subprocess.run(["dpkg-deb", "-R", package(name), tree], check=True)
            control = tree / "DEBIAN/control"
            control.write_text(control.read_text().replace("Version: ", "Version: 9."))
            path = folder / f"{name}_9_{ARCHITECTURE}.deb"
            subprocess.run(["dpkg-deb", "--build", tree, path], check=True,
                           stdout=subprocess.DEVNULL)
            yield path

    def test_an_upgrade_starts_the_new_host_and_keeps_the_configuration(self):
        machine = self.installed()
        (machine.tree / "etc/noa/noa.toml").write_text("[agents.cache]\nqueue_size = 77\n")
        pid = machine.show("MainPID")
        machine.install(*self.newer())
        self.assertEqual(machine.show("ActiveState"), "active")
        self.assertNotEqual(machine.show("MainPID"), pid)
        self.assertEqual(machine.agents(), {
            "backup": "running", "cache": "running", "communication": "running", "config": "running",
            "console": "running", "drafting": "running",
            "heartbeat": "running", "monitor": "running"})
        self.assertEqual(machine.json("agent", "cache")["queue_size"], 77)

    def test_an_upgrade_under_traffic_keeps_what_was_acknowledged(self):
        machine = self.installed()
        for source in (HERE / "traffic.py", HERE.parents[1] / "plugin-api/wire/noa_client.py"):
            shutil.copy(source, machine.tree / "root")
        with subprocess.Popen([HERE / "machine", "run", machine.tree, "python3",
                               "/root/traffic.py"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as traffic:
            self.assertEqual(traffic.stdout.readline(), "begun\n")
            machine.install(*self.newer(), tool=("dpkg", "--install"))
            said = json.loads(traffic.communicate("enough\n", timeout=PATIENCE_S)[0])
        self.assertEqual(machine.run("dpkg-query", "-W", "-f", "${Version}", "noa-host")[:2], "9.")
        print(f"upgrade under traffic: {said['acknowledged']} acknowledged, "
              f"{said['gap_ms']:.0f} ms without an answer", file=sys.stderr)
        self.assertGreater(said["after_gap"], 0)
        self.assertEqual(said["missing"], 0)


class Unit(MachineCase):
    def test_the_unit_is_sound_and_little_exposed(self):
        machine = self.installed()
        self.assertEqual(machine.run("systemd-analyze", "--man=no", "verify", "noad.service",
                                     "noad-retry.timer", "noad-retry.service"), "")
        machine.run("systemd-analyze", "security", "--threshold=11", "noad.service")

    def test_a_host_that_hangs_is_killed_and_started_again(self):
        machine = self.installed()
        machine.override("WatchdogSec=1s")
        machine.run("systemctl", "restart", "noad")
        pid = machine.show("MainPID")
        machine.run("kill", "-STOP", pid)
        machine.until(lambda: (machine.show("ActiveState"), machine.show("MainPID")),
                      lambda now: now[0] == "active" and now[1] not in (pid, "0"))
        self.assertIn("atchdog", machine.run("journalctl", "-u", "noad"))

    def test_one_that_cannot_start_is_left_for_a_while_and_tried_again(self):
        machine = self.installed()
        machine.override("ExecStart=\nExecStart=/bin/false\nRestartSec=10ms")
        machine.run("systemctl", "restart", "noad", check=False)
        machine.until(lambda: machine.show("ActiveState", "noad-retry.timer"),
                      lambda now: now == "active")
        machine.override("")
        machine.run("systemctl", "start", "noad-retry.service")  # what the timer does
        machine.until(lambda: machine.show("ActiveState"), lambda now: now == "active")

    def test_an_agent_in_a_process_is_confined(self):
        machine = self.installed()
        (machine.tree / "etc/noa/conf.d/apart.toml").write_text(
            '[agents.cache]\nrun = "process"\nprobation = "0s"\n'
            '[agents.cache.limits]\nmemory = "256MiB"\nfiles = 64\n[agents.cache.sandbox]\nenabled = true\n')
        machine.run("noactl", "call", "cache", "set", '{"key":"a","value":1}')
        machine.run("noactl", "reload")
        agent = machine.json("agent", "cache")
        self.assertEqual(agent["run"], "process")
        in_force = " ".join(agent["in_force"])
        for what in ("RLIMIT_DATA", "RLIMIT_NOFILE", "Landlock", "seccomp"):
            self.assertIn(what, in_force)
        self.assertIn('"value":1', machine.run("noactl", "call", "cache", "get", '{"key":"a"}'))
        machine.run("kill", "-KILL", str(agent["pid"]))
        machine.until(lambda: machine.json("agent", "cache").get("pid", agent["pid"]),
                      lambda pid: pid != agent["pid"])

    def test_a_unit_is_healed_by_the_rule_that_the_manual_gives(self):
        manual = (HERE.parents[1] / "packaging/man/noa.toml.5").read_text()
        rule = re.search(r"^polkit\.addRule.*?^}\);$", manual, re.DOTALL | re.MULTILINE)[0]
        machine = self.machine()
        (machine.tree / "etc/polkit-1/rules.d/50-noa.rules").write_text(rule)
        (machine.tree / "etc/systemd/system/postgresql.service").write_text(
            "[Service]\nExecStart=/bin/sleep infinity\n")
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "start", "postgresql")
        machine.install(package("noa-host"))
        (machine.tree / "etc/noa/conf.d/db.toml").write_text(
            '[services.db]\nunit = "postgresql.service"\ncheck.interval = "1s"\n')
        machine.run("noactl", "reload")
        machine.run("systemctl", "stop", "postgresql")
        machine.until(lambda: machine.show("ActiveState", "postgresql.service"),
                      lambda now: now == "active")

    def test_a_credential_becomes_a_setting(self):
        machine = self.installed()
        (machine.tree / "etc/noa/credentials/token").write_text("hush")
        (machine.tree / "etc/noa/conf.d/secret.toml").write_text(
            '[agents.cache.settings]\nmax_memory = { secret = "credential:noa_token" }\n')
        machine.run("systemctl", "restart", "noad", check=False)
        said = machine.run("journalctl", "-u", "noad")
        self.assertIn("max_memory", said)  # the secret was found, and is no size
        self.assertNotIn("hush", said)

    def test_memory_beyond_the_limit_is_the_end_of_the_host_and_it_comes_again(self):
        machine = self.installed()
        machine.override("MemoryMax=64M\nMemorySwapMax=0")
        (machine.tree / "etc/noa/conf.d/large.toml").write_text(
            '[agents.cache.settings]\nmax_memory = "1GiB"\n[host]\nmax_message = "16MiB"\n')
        machine.run("systemctl", "restart", "noad")
        pid = machine.show("MainPID")
        value = "x" * 100_000
        with contextlib.suppress(AssertionError):
            for number in range(2000):
                machine.run("noactl", "call", "cache", "set",
                            json.dumps({"key": str(number), "value": value}))
                if machine.show("MainPID") != pid:
                    break
        machine.until(lambda: (machine.show("ActiveState"), machine.show("MainPID")),
                      lambda now: now[0] == "active" and now[1] not in (pid, "0"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
