#!/usr/bin/python3
"""What an agent in a process of its own may take and reach, and what becomes of more."""
import errno
import os
import pathlib
import signal
import unittest

from noa_faults import until
from noa_host import FIXTURES, Host, Watcher, sanitized

PROCESS = '[host.restart]\nbackoff = "1ms"\n[agents.rude]\nrun = "process"\nprobation = "0s"\n'


def limited(**tables):
    text = "".join(f"[agents.rude.{name}]\n{keys}\n" for name, keys in tables.items())
    return Host([FIXTURES / "rude.so", FIXTURES / "echo-c.so"], PROCESS + text)


class Limits(unittest.TestCase):
    def serves(self, host):
        self.assertEqual(host.noactl("call", "echo-c", "echo", "[1]").strip(), "[1]")

    @unittest.skipIf(sanitized(), "a sanitizer reserves more than that for itself")
    def test_memory_ends_where_the_limit_is(self):
        with limited(limits='memory = "64MiB"') as host, host.client() as client:
            taken = client.call("rude", "memory", timeout_s=60).json()["taken"]
            self.assertTrue(32 < taken < 64, taken)
            self.assertIn("memory 67108864 bytes (RLIMIT_DATA)", host.agent("rude")["in_force"])
            self.serves(host)

    @unittest.skipIf(sanitized(), "a sanitizer needs descriptors for its checks")
    def test_descriptors_end_where_the_limit_is(self):
        with limited(limits="files = 64") as host, host.client() as client:
            taken = client.call("rude", "files").json()["taken"]
            self.assertTrue(40 < taken < 64, taken)
            self.assertEqual(client.call("rude", "count").json()["count"], 1)
            self.serves(host)

    def test_no_process_is_started_and_each_try_is_told_by_name(self):
        with limited(limits="processes = 0") as host, host.client() as client, \
                Watcher(host, "host.agent.rude") as events:
            self.assertEqual(client.call("rude", "processes").json()["taken"], 0)
            self.assertEqual(events.action("rude", "call_denied")["text"], "clone")
            self.serves(host)

    def test_what_this_machine_cannot_do_is_said(self):
        with limited(limits="cpu = 0.5\nprocesses = 3") as host:
            agent = host.agent("rude")
            self.assertEqual(agent["in_force"], [])
            self.assertEqual([text.split(":")[0] for text in agent["not_in_force"]],
                             ["cpu", "processes"])

    def test_a_file_ends_where_the_limit_is(self):
        with limited(limits='storage = "1MiB"') as host:
            self.assertIn("storage 1048576 bytes a file (RLIMIT_FSIZE)",
                          host.agent("rude")["in_force"])

    def test_limits_of_another_size_are_another_generation(self):
        with limited(limits="files = 64") as host:
            host.configure("[agents.rude.limits]\nfiles = 128\n")
            host.noactl("reload")
            self.assertEqual(host.generation("rude"), 2)
            self.assertIn("files 128 (RLIMIT_NOFILE)", host.agent("rude")["in_force"])

    def test_limits_that_no_runner_could_live_with_are_refused(self):
        for limits in ('memory = "1MiB"', "files = 3", "cpu = -1.0", "processes = -1"):
            with self.subTest(limits=limits), limited(limits="files = 64") as host:
                host.configure(f"[agents.rude.limits]\n{limits}\n")
                done = host.noactl_run("reload")
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertIn("agents.rude.limits.", done.stderr + done.stdout)
                self.assertEqual(host.generation("rude"), 1)


def writable_groups():
    """The mount of cgroup v2, when groups may be made there."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        words = line.split(" ")
        if words[words.index("-") + 1] == "cgroup2" and os.access(words[4] + "/cgroup.procs", os.W_OK):
            return pathlib.Path(words[4])
    return None


@unittest.skipIf(writable_groups() is None, "this machine has no cgroup v2 that may be written")
class Groups(unittest.TestCase):
    def setUp(self):
        self.directory = writable_groups() / f"noa-test-{os.getpid()}"
        self.directory.mkdir()
        self.addCleanup(self.directory.rmdir)  # fails when a group was left in it
        self.config = f'[host]\ncontrol_group = "{self.directory}"\n' + PROCESS + 'max_deliveries = 1\n'

    def group_of(self, host):
        agent = host.agent("rude")
        groups = [path for path in self.directory.iterdir() if path.name.startswith("agent-rude")]
        self.assertEqual(len(groups), 1)
        self.assertIn(str(agent["pid"]), (groups[0] / "cgroup.procs").read_text().split())
        return groups[0]

    def host(self, limits=""):
        text = f"[agents.rude.limits]\n{limits}\n" if limits else ""
        return Host([FIXTURES / "rude.so"], self.config + text)

    def test_each_life_has_a_group_which_goes_with_it(self):
        with self.host() as host, host.client() as client:
            before = self.group_of(host)
            host.noactl("reload", "--force", "rude")
            self.assertNotEqual(self.group_of(host), before)
            with Watcher(host, "host.agent.rude") as events:
                client.send("rude", "crash")
                events.action("rude", "reloaded")
            self.group_of(host)
            host.noactl("stop", "rude")
            self.assertEqual([path for path in self.directory.iterdir() if path.is_dir()], [])

    def test_what_fled_into_a_session_of_its_own_goes_with_it(self):
        with self.host() as host, host.client() as client:
            stray = client.call("rude", "stray", {"away": 1}).json()["pid"]
            self.assertIn(str(stray), (self.group_of(host) / "cgroup.procs").read_text().split())
            host.noactl("stop", "rude")
            until(lambda: os.path.exists(f"/proc/{stray}/exe"), lambda there: not there)

    def test_what_a_killed_host_left_is_gone_at_its_next_start(self):
        with self.host() as host, host.client() as client:
            client.call("rude", "stray", {"away": 1}).json()
            left = self.group_of(host)
            host.stop(signal.SIGKILL)
            self.assertTrue(left.is_dir())
            host.start()
            self.assertFalse(left.is_dir())
            self.group_of(host)

    def test_limits_are_in_force_as_far_as_there_are_controllers(self):
        wanted = {"memory": "memory.max", "cpu": "cpu.max", "processes": "pids.max",
                  "cpu_request": "cpu.weight", "memory_request": "memory.low"}
        limits = ('memory = "64MiB"\nmemory_request = "8MiB"\ncpu = 0.5\ncpu_request = 0.2\n'
                  "processes = 3")
        with self.host(limits) as host:
            agent = host.agent("rude")
            there = set((self.directory / "cgroup.controllers").read_text().split())
            for name, file in wanted.items():
                texts = agent["in_force" if file.split(".")[0] in there else "not_in_force"]
                self.assertTrue([text for text in texts
                                 if text.startswith(name + " ") and file in text], (name, agent))

    def test_too_many_processes_are_refused_and_counted(self):
        with self.host("processes = 3") as host, host.client() as client:
            if "pids" not in (self.directory / "cgroup.controllers").read_text().split():
                self.skipTest("cgroup v2 has no controller `pids` on this machine")
            taken = client.call("rude", "processes", timeout_s=60).json()["taken"]
            self.assertLess(taken, 3 + 32)
            self.assertGreater(host.agent("rude")["usage"]["refused_processes"], 0)


class Storage(unittest.TestCase):
    def test_what_fills_its_state_directory_is_told_and_is_a_finding_by_name(self):
        checks = '[host.health]\ninterval = "50ms"\nthreshold = 1\n'
        text = checks + PROCESS + '[agents.rude.limits]\nstorage = "1MiB"\n'
        with Host([FIXTURES / "rude.so", FIXTURES / "echo-c.so"], text) as host, \
                host.client() as client, Watcher(host, "host.heal.rude") as events:
            directory = host.state_dir / "agents/rude"
            directory.mkdir(parents=True, exist_ok=True)
            told = client.call("rude", "fill", {"path": str(directory / "filler")}).json()
            self.assertEqual(told, {"written": 1 << 20, "errno": errno.EFBIG})
            event = events.until(lambda event: event["event"] == "heal.planned")
            self.assertIn("storage: 1MiB of 1MiB in its state directory", event["reason"])
            self.assertEqual(client.call("echo-c", "echo", b"[1]").body, b"[1]")
            client.call("rude", "count")

    def test_of_a_thread_the_limits_are_said_to_be_none(self):
        text = '[agents.rude]\nrun = "thread"\n[agents.rude.limits]\nfiles = 64\n'
        with Host([FIXTURES / "rude.so"], text) as host:
            agent = host.agent("rude")
            self.assertEqual(agent["in_force"], [])
            self.assertIn('run = "process"', agent["not_in_force"][0])


class Sandbox(unittest.TestCase):
    def test_only_the_paths_that_are_declared_can_be_reached(self):
        with limited(sandbox="enabled = true") as host:
            allowed = host.root / "allowed"
            allowed.mkdir()
            (host.root / "secret").write_text("secret")
            host.configure(f'[agents.rude.sandbox]\nenabled = true\nwrite = ["{allowed}"]\n')
            host.noactl("reload")
            with host.client() as client:
                def tried(how, path):
                    return client.call("rude", how, {"path": str(path)}).json()["errno"]
                self.assertEqual(tried("read", host.root / "secret"), errno.EACCES)
                self.assertEqual(tried("read", "/etc/shadow"), errno.EACCES)
                self.assertEqual(tried("write", host.root / "new"), errno.EACCES)
                self.assertEqual(tried("write", allowed / "new"), 0)
                self.assertEqual(tried("write", host.state_dir / "agents/rude/new"), 0)
                self.assertEqual(tried("write", host.state_dir / "new"), errno.EACCES)
                self.assertEqual(tried("read", "/usr/bin/env"), 0)
            self.assertIn("files (Landlock)", host.agent("rude")["in_force"])

    def test_a_file_out_of_reach_is_told_with_the_call_and_its_path(self):
        with limited(sandbox="enabled = true") as host, host.client() as client, \
                Watcher(host, "host.agent.rude") as events:
            def denied(how, path, errno_wanted=errno.EACCES):
                answer = client.call("rude", how, {"path": str(path)}).json()["errno"]
                self.assertEqual(answer, errno_wanted)
                return events.action("rude", "call_denied")["text"]
            state = host.state_dir / "agents/rude"
            (state / "link").symlink_to("/etc/passwd")
            self.assertEqual(denied("read", "/etc/passwd"), "openat /etc/passwd")
            self.assertEqual(denied("write", host.root / "new"), f"openat {host.root}/new")
            client.call("rude", "read", {"path": "/etc/passwd"})  # the third: not announced
            self.assertEqual(denied("read", state / "link"), "openat /etc/passwd")
            line = host.log_until("agent.call_denied", agent="rude", so_far=4)
            self.assertEqual((line["call"], line["path"]), ("openat", "/etc/passwd"))

    def test_whoever_is_denied_one_call_often_is_told_of_another_one_at_once(self):
        config = "enabled = true\nnetwork = false"
        with limited(sandbox=config) as host, host.client() as client, \
                Watcher(host, "host.agent.rude") as events:
            for _ in range(5):
                client.call("rude", "read", {"path": "/etc/passwd"})
            client.call("rude", "connect")
            told = [events.action("rude", "call_denied")["text"] for _ in range(4)]
            self.assertEqual(told, ["openat /etc/passwd"] * 3 + ["socket"])

    def test_what_is_in_reach_or_not_there_is_not_told(self):
        with limited(sandbox="enabled = true") as host, host.client() as client:
            state = host.state_dir / "agents/rude"
            for how, path, wanted in (("write", state / "new", 0), ("read", "/usr/bin/env", 0),
                                      ("read", "/proc/self/status", 0),
                                      ("read", "/etc/nobody", errno.ENOENT),
                                      ("read", "relative", errno.ENOENT)):
                self.assertEqual(client.call("rude", how, {"path": str(path)}).json()["errno"],
                                 wanted, path)
            client.call("rude", "read", {"path": "/etc/passwd"})
            line = host.log_until("agent.call_denied", agent="rude")
            self.assertEqual((line["path"], line["so_far"]), ("/etc/passwd", 1))

    def test_without_network_no_socket_of_one_is_made_and_the_try_is_told(self):
        with limited(sandbox="enabled = true\nnetwork = false") as host, \
                host.client() as client, Watcher(host, "host.agent.rude") as events:
            self.assertEqual(client.call("rude", "connect").json()["errno"], errno.EPERM)
            self.assertEqual(events.action("rude", "call_denied")["text"], "socket")
            line = host.log_until("agent.call_denied", agent="rude")
            self.assertEqual((line["call"], line["so_far"]), ("socket", 1))

    def test_with_network_it_is_made(self):
        with limited(sandbox="enabled = true") as host, host.client() as client:
            self.assertIn(client.call("rude", "connect").json()["errno"],
                          (0, errno.ECONNREFUSED))

    def test_without_a_sandbox_nothing_is_closed(self):
        with limited() as host, host.client() as client:
            (host.root / "open").write_text("open")
            answer = client.call("rude", "read", {"path": str(host.root / "open")}).json()
            self.assertEqual(answer["errno"], 0)
            agent = host.agent("rude")
            self.assertEqual((agent["in_force"], agent["not_in_force"]), ([], []))

    def test_agents_of_every_kind_work_in_it(self):
        text = "".join(f'[agents.{name}]\nrun = "process"\nprobation = "0s"\n'
                       f"[agents.{name}.sandbox]\nenabled = true\nnetwork = false\n"
                       f"[agents.{name}.limits]\nprocesses = 0\n"
                       for name in ("echo-cpp", "stateful"))
        with Host([FIXTURES / "echo-cpp.so", FIXTURES / "stateful.so"], text) as host, \
                host.client() as client:
            self.assertEqual(client.call("echo-cpp", "echo", b"x" * 100_000).body, b"x" * 100_000)
            client.call("stateful", "report", {})
            self.assertEqual(host.log_lines("agent.call_denied"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
