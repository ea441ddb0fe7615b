#!/usr/bin/python3
"""Services: watched, started again, waited for; by commands, connections and units."""
import json
import os
import select
import socket
import unittest

from noa_host import FIXTURES, PATIENCE_S, Host, Watcher

QUICK = ('[host.health]\ninterval = "20ms"\ntimeout = "{timeout}"\nthreshold = 2\n'
         '[host.restart]\nbackoff = "1ms"\nin_a_row = 3\ncooldown = "1h"\n')
# It is up as long as its file is there.
FILE = ('[services.{name}]\n{more}check.command = ["test", "-e", "{root}/{name}"]\n'
        'commands.start = ["touch", "{root}/{name}"]\ncommands.stop = ["rm", "{root}/{name}"]\n')


class ServiceHost(Host):
    def __init__(self, *tables, plugins=(), timeout="5s"):
        super().__init__(plugins)
        self.config_file.write_text(QUICK.format(timeout=timeout) +
                                    "".join(table.replace("{root}", str(self.root))
                                            for table in tables))

    def service(self, name):
        [found] = [each for each in self.json("services") if each["name"] == name]
        return found

    def up(self, name):
        (self.root / name).touch()

    def down(self, name):
        (self.root / name).unlink()


def file_service(name, more=""):
    return FILE.replace("{name}", name).replace("{more}", more)


def of(event, **fields):
    return lambda seen: seen.get("event") == event and all(
        seen.get(key) == value for key, value in fields.items())


def watch(host):
    return Watcher(host, "host.>")


def await_end(file):
    """Of the process whose number is in the file; what has been killed may take a moment."""
    try:
        fd = os.pidfd_open(int(file.read_text()))
    except ProcessLookupError:
        return
    ended = select.select([fd], [], [], PATIENCE_S)[0]
    os.close(fd)
    if not ended:
        raise AssertionError(f"{file.name}: it goes on")


class Services(unittest.TestCase):
    def test_what_goes_down_is_started_again_and_told(self):
        host = ServiceHost(file_service("db"))
        host.up("db")
        with host, watch(host) as events:
            host.log_until("service.up", service="db")
            host.down("db")
            changed = events.until(of("health.changed", service="db", to="critical"))
            self.assertEqual((changed["check"], changed["text"]), ("command", "exit code 1"))
            self.assertEqual(events.until(of("heal.done", service="db"))["strategy"], "restart")
            events.until(of("health.changed", service="db", to="healthy"))
            self.assertTrue((host.root / "db").exists())
            db = host.service("db")
            self.assertEqual((db["state"], db["label"], db["restarts"]), ("up", "Healthy", 1))
            names = [json.loads(line)["event"] for line in host.noactl(
                "events", "--agent", "service:db", "--json").splitlines()]
            self.assertIn("heal.planned", names)

    def test_one_failure_is_no_finding(self):
        count = '["sh", "-c", "echo >> {root}/n; test $(wc -l < {root}/n) -ne 3"]'
        host = ServiceHost(f'[services.db]\ncheck.command = {count}\n')
        with host, watch(host):
            host.log_until("service.up", service="db")
            with watch(host):
                while len((host.root / "n").read_text()) < 6:
                    host.noactl("services")
            self.assertEqual(host.log_lines("service.down"), [])

    def test_without_a_way_to_start_it_it_is_only_advised(self):
        host = ServiceHost('[services.db]\ncritical = false\ncheck.command = ["test", "-e", "{root}/db"]\n')
        with host, watch(host) as events:
            events.until(of("heal.advised", service="db"))
            done = host.noactl_run("health")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, r"service:db +Needs Repair")
            self.assertRegex(host.noactl_run("doctor").stdout, r"warn +service:db +command: exit code 1")
            self.assertIn("nothing of its configuration",
                          host.noactl_run("start", "service:db").stdout)

    def test_restarts_that_do_not_help_are_bounded(self):
        table = ('[services.db]\ncheck.command = ["false"]\n'
                 'commands.start = ["sh", "-c", "echo >> {root}/starts; echo no disk >&2; exit 3"]\n')
        with ServiceHost(table) as host, watch(host) as events:
            failed = events.until(of("heal.failed", service="db"))
            self.assertEqual(failed["text"], "exit code 3: no disk")
            events.until(of("heal.exhausted", service="db"))
            probe = events.until(of("heal.planned", strategy="probe"))
            self.assertGreater(probe["in_ms"], 3_000_000)
            self.assertEqual((host.root / "starts").read_text(), "\n" * 3)
            self.assertTrue(host.service("db")["restart"]["exhausted"])

    def test_it_is_looked_at_once_more_before_it_is_started(self):
        table = file_service("db") + '[services.db.restart]\nmax = 0\ncooldown = "200ms"\n'
        with ServiceHost(table) as host, watch(host) as events:
            events.until(of("heal.planned", strategy="probe"))
            host.up("db")
            events.until(of("heal.recovered", service="db"))
            self.assertEqual(host.service("db")["restarts"], 0)

    def test_a_connection_is_a_check(self):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        tables = (f'[services.tcp]\ncheck.connect = "tcp:127.0.0.1:{port}"\n',
                  '[services.unix]\ncheck.connect = "unix:{root}/socket"\n')
        with ServiceHost(*tables) as host, watch(host) as events:
            host.log_until("service.up", service="tcp")
            self.assertNotEqual(host.service("unix")["state"], "up")
            path = socket.socket(socket.AF_UNIX)
            path.bind(str(host.root / "socket"))
            path.listen()
            host.log_until("service.up", service="unix")
            listener.close()
            down = events.until(of("health.changed", service="tcp", to="critical"))
            self.assertEqual(down["text"], "Connection refused")
            path.close()

    def test_a_unit_is_asked_of_and_started_by_systemctl(self):
        host = ServiceHost('[services.db]\nunit = "db.service"\n')
        tool = host.root / "bin/systemctl"
        tool.parent.mkdir()
        tool.write_text(f'#!/bin/sh\necho "$*" >> {host.root}/calls\ncase "$2" in\n'
                        f'is-active) test -e {host.root}/db && echo active || {{ echo inactive; exit 3; }};;\n'
                        f'restart) touch {host.root}/db;;\nstop) rm {host.root}/db;;\nesac\n')
        tool.chmod(0o755)
        host.up("db")
        try:
            host.start({"PATH": f"{tool.parent}:{os.environ['PATH']}"})
            with watch(host) as events:
                host.log_until("service.up", service="db")
                host.down("db")
                changed = events.until(of("health.changed", to="critical"))
                self.assertEqual(changed["text"], "exit code 3: inactive")
                events.until(of("heal.done", service="db"))
                host.noactl("stop", "service:db")
            calls = set((host.root / "calls").read_text().splitlines())
            self.assertEqual(calls, {f"--no-ask-password {verb} db.service"
                                     for verb in ("is-active", "restart", "stop")})
        finally:
            host.__exit__()


class Needs(unittest.TestCase):
    def test_a_dead_dependency_is_healed_first_recursively(self):
        tables = (file_service("net", "restart.max = 0\n"),
                  file_service("db", 'depends_on = ["service:net"]\nrestart.max = 0\n'),
                  file_service("web", 'depends_on = ["service:db"]\n'))
        with ServiceHost(*tables) as host, watch(host) as events:
            # net and db would be tried in an hour; web asks for them.
            done = [events.until(of("heal.done"))["service"] for _ in range(3)]
            self.assertEqual(done, ["net", "db", "web"])

    def test_what_is_found_dead_only_after_it_was_waited_for_is_healed_too(self):
        db = file_service("db", "restart.max = 0\n").replace(
            '["test", "-e", "{root}/db"]',
            '["sh", "-c", "read -r line < {root}/gate; test -e {root}/db"]')
        host = ServiceHost(db, file_service("web", 'depends_on = ["service:db"]\n'))
        os.mkfifo(host.root / "gate")
        gate = os.open(host.root / "gate", os.O_RDWR)
        self.addCleanup(os.close, gate)
        with host, watch(host) as events:
            host.log_until("service.waiting", service="web")
            os.write(gate, b"\n" * 100)
            done = [events.until(of("heal.done"))["service"] for _ in range(2)]
            self.assertEqual(done, ["db", "web"])

    def test_an_agent_waits_for_a_service_and_starts_by_itself(self):
        agents = '[agents.echo-c]\ndepends_on = ["service:db"]\n'
        host = ServiceHost('[services.db]\ncheck.command = ["test", "-e", "{root}/db"]\n', agents,
                           plugins=[FIXTURES / "echo-c.so"])
        with host, watch(host) as events:
            events.until(of("health.changed", service="db"))
            agent = host.agent("echo-c")
            self.assertEqual((agent["state"], agent["note"]), ("waiting", agent["note"]))
            self.assertRegex(agent["note"], "^waits: service:db is (unknown|down)$")
            host.up("db")
            events.until(lambda event: event.get("agent") == "echo-c" and
                         event.get("action") == "started")

    def test_what_is_not_there_or_goes_round_is_refused(self):
        with ServiceHost() as host:
            for text, wanted in (
                    ('[services.a]\nunit = "a.service"\ndepends_on = ["service:b"]\n',
                     'services.a.depends_on: no service "b"'),
                    ('[services.a]\nunit = "a.service"\ndepends_on = ["service:b"]\n'
                     '[services.b]\nunit = "b.service"\ndepends_on = ["service:a"]\n',
                     "service:a -> service:b -> service:a"),
                    ('[services.a]\nunit = "--force"\n', "expected a unit"),
                    ('[services.a]\ncheck.connect = "tcp:example.org:80"\n', "expected"),
                    ('[services.a]\ncheck.command = []\n', "expected a list such as"),
                    ('[services.a]\n', "expected a unit, or check.command, or check.connect"),
                    ('[services.A]\nunit = "a.service"\n', "a service's name")):
                host.configure(text)
                self.assertIn(wanted, host.noactl_run("reload").stderr)
            self.assertEqual(host.json("services"), [])


class ByHand(unittest.TestCase):
    def test_it_is_stopped_and_stays_stopped_until_it_is_started(self):
        host = ServiceHost(file_service("db"))
        host.up("db")
        with host, watch(host) as events:
            host.log_until("service.up", service="db")
            host.noactl("stop", "service:db")
            self.assertFalse((host.root / "db").exists())
            self.assertEqual(host.service("db")["state"], "stopped")
            self.assertIn("started", host.noactl("start", "service:db"))
            self.assertIn("unchanged", host.noactl("start", "service:db"))
            self.assertIn("restarted", host.noactl("restart", "service:db"))
            self.assertNotEqual(host.noactl_run("stop", "service:nobody").returncode, 0)

    def test_heal_says_what_it_would_do_and_verifies(self):
        host = ServiceHost(file_service("db", "heal.restart = false\n"))
        host.up("db")
        with host, watch(host) as events:
            heal = lambda reason, *args: json.loads(host.noactl(
                "heal", "service:db", "--for", reason, "--json", *args))
            self.assertEqual(heal("service-down", "--dry-run")["strategy"], "restart")
            self.assertEqual(heal("service-down")["action"], "unchanged")
            self.assertEqual(heal("memory-leak")["action"], "restarted")
            host.down("db")
            events.until(of("heal.advised", service="db"))
            self.assertEqual(heal("dependency-failed")["action"], "restarted")
            said = host.noactl_run("heal", "service:db", "--for", "bad-deployment").stderr
            self.assertIn("not a reason of a service", said)

    def test_a_change_is_planned_and_explained(self):
        host = ServiceHost(file_service("db"))
        host.up("db")
        with host:
            host.log_until("service.up", service="db")
            since = host.service("db")["since_unix_ns"]
            host.noactl("reload")
            self.assertEqual(host.service("db")["since_unix_ns"], since)
            host.configure('[services.db]\ncheck.interval = "1h"\n')
            host.noactl("reload")
            self.assertIn("1h", host.noactl("config", "explain", "services.db.check.interval"))
            self.assertGreater(host.service("db")["since_unix_ns"], since)
            host.configure('[services.db]\nenabled = false\n')
            host.noactl("reload")
            self.assertEqual(host.service("db")["state"], "stopped")


class Hostile(unittest.TestCase):
    def test_commands_that_hang_do_not_hold_up_others(self):
        hanging = [f'[services.hang{n}]\ncheck.command = ["sleep", "1000"]\ncheck.timeout = "10min"\n'
                   for n in range(20)]
        host = ServiceHost(*hanging, file_service("db"))
        with host, watch(host) as events:
            events.until(of("heal.done", service="db"))
            host.down("db")
            events.until(of("heal.done", service="db"))
            self.assertEqual(host.service("hang7")["state"], "unknown")

    def test_past_its_deadline_the_group_is_killed_whatever_it_ignores(self):
        script = "trap '' TERM; sleep 1000 & echo $! > {root}/child; wait"
        host = ServiceHost(f'[services.db]\ncheck.command = ["sh", "-c", "{script}"]\n',
                           timeout="300ms")
        with host, watch(host) as events:
            changed = events.until(of("health.changed", service="db"))
            # The next check may come before the kernel is done with the one that was killed.
            self.assertIn(changed["text"],
                          ("it did not end in time", "its last check cannot be killed"))
            await_end(host.root / "child")

    def test_a_flood_is_cut_off_and_what_does_not_exist_is_named(self):
        tables = ('[services.flood]\ncheck.command = ["yes"]\ncheck.timeout = "10min"\n',
                  '[services.none]\ncheck.command = ["/nowhere/at-all"]\n')
        with ServiceHost(*tables) as host:
            texts = {}
            with watch(host):
                host.log_until("service.down", service="flood")
                host.log_until("service.down", service="none")
            for name in ("flood", "none"):
                texts[name] = host.service(name)["checks"][0]["text"]
            self.assertEqual(texts["flood"], "it wrote more than 16 KiB")
            self.assertEqual(texts["none"], "/nowhere/at-all: No such file or directory")

    def test_what_a_check_leaves_is_killed_with_it(self):
        script = "sleep 1000 & echo $! > {root}/left.new; mv {root}/left.new {root}/left"
        with ServiceHost(f'[services.db]\ncheck.command = ["sh", "-c", "{script}"]\n'
                         'check.interval = "1h"\n') as host:
            host.log_until("service.up", service="db")
            await_end(host.root / "left")

    def test_the_host_stops_although_a_command_runs(self):
        table = ('[services.db]\ncheck.command = ["sh", "-c", "echo $$ > {root}/pid; sleep 1000"]\n'
                 'check.timeout = "10min"\n')
        with ServiceHost(table) as host:
            while not (host.root / "pid").exists() or not (host.root / "pid").read_text().strip():
                host.noactl("services")
            self.assertEqual(host.stop(), 0)
            await_end(host.root / "pid")

    def test_secrets_of_the_environment_are_not_handed_on(self):
        table = '[services.db]\ncheck.command = ["sh", "-c", "env > {root}/env; mv {root}/env {root}/seen"]\n'
        host = ServiceHost(table + 'check.interval = "1h"\n')
        try:
            host.start({"TOKEN": "secret-of-the-host"})
            host.log_until("service.up", service="db")
            self.assertNotIn("secret-of-the-host", (host.root / "seen").read_text())
        finally:
            host.__exit__()


if __name__ == "__main__":
    unittest.main(verbosity=2)
