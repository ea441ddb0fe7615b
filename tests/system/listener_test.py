#!/usr/bin/python3
"""Sockets that the host holds: no connection is refused or dropped while generations change."""
import contextlib
import os
import pathlib
import selectors
import signal
import socket
import stat
import threading
import unittest

from noa_host import FIXTURES, PATIENCE_S, Host, Watcher

RELOADS = int(os.environ.get("RELOADS", "100"))
CLIENTS = 50


class Client:
    """One connection to a line server, which counts its lines."""

    def __init__(self, address):
        family, place = address
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE_S)
        try:
            self.socket.connect(place)
        except OSError:
            self.socket.close()
            raise
        self.sent = 0
        self.read = b""

    def send(self):
        self.sent += 1
        self.socket.sendall(b"line %d\n" % self.sent)

    def receive(self):
        """What has come of the answer; True when it is whole. Anything but it is a failure."""
        got = self.socket.recv(4096)
        if not got:
            raise AssertionError(f"closed after {self.sent} lines, {self.read!r} read")
        self.read += got
        if not self.read.endswith(b"\n"):
            return False
        wanted = b"%d line %d\n" % (self.sent, self.sent)
        if self.read != wanted:
            raise AssertionError(f"wanted {wanted!r}, got {self.read!r}")
        self.read = b""
        return True

    def echo(self):
        self.send()
        while not self.receive():
            pass

    def is_closed(self):
        """Waits for the end of it."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()


class Traffic:
    """Established clients that echo all the time, and one that comes and goes."""

    def __init__(self, address, clients):
        self.address = address
        self.clients = [Client(address) for _ in range(clients)]
        self.visits = 0
        self.failures = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(what,))
                        for what in (self.echo, self.visit)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        for client in self.clients:
            client.close()

    def run(self, what):
        try:
            what()
        except (OSError, AssertionError) as error:
            self.failures.append(repr(error))

    def echo(self):
        with selectors.DefaultSelector() as ready:
            for client in self.clients:
                ready.register(client.socket, selectors.EVENT_READ, client)
                client.send()
            waiting = len(self.clients)
            while waiting:
                for key, _ in ready.select(PATIENCE_S) or self.nobody_answers():
                    if key.data.receive():
                        if self.stopping.is_set():
                            waiting -= 1
                        else:
                            key.data.send()

    @staticmethod
    def nobody_answers():
        raise AssertionError("nobody answers")

    def visit(self):
        while not self.stopping.is_set():
            visitor = Client(self.address)
            visitor.echo()
            visitor.close()
            self.visits += 1


def table(name, **settings):
    lines = "".join(f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n"
                    for key, value in settings.items())
    return f"[agents.{name}]\n[agents.{name}.settings]\n{lines}"


def tcp_descriptors(pid):
    """How many a process has."""
    process = pathlib.Path(f"/proc/{pid}")
    inodes = {line.split()[9] for line in (process / "net/tcp").read_text().splitlines()[1:]}
    count = 0
    for descriptor in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # others come and go
            link = os.readlink(descriptor)
            count += link.startswith("socket:[") and link[8:-1] in inodes
    return count


class Sockets:
    """Run for both ways of waiting: on the lane, and on a thread of the plugin's own."""

    plugin = None

    def host(self, **settings):
        host = Host([FIXTURES / f"{self.plugin}.so"], table(self.plugin, **settings))
        self.addCleanup(lambda: host.__exit__())
        host.start()
        return host

    def unix_path(self, host):
        return str(host.root / "lines.sock")

    def client(self, address):
        client = Client(address)
        self.addCleanup(client.close)
        return client

    def assert_served(self, address):
        self.client(address).echo()

    def assert_refused(self, address):
        self.assertRaises(ConnectionRefusedError, Client, address)

    def sockets(self, host):
        return host.agent(self.plugin)["sockets"]

    def address(self, host):
        """Where the agent listens, as Client wants it."""
        (listening,) = self.sockets(host)["listening"]
        if listening["address"].startswith("unix:"):
            return socket.AF_UNIX, listening["address"][len("unix:"):]
        return socket.AF_INET, ("127.0.0.1", listening["port"])

    def configure(self, host, action, **settings):
        """A change of the settings, and what came of it."""
        with Watcher(host, "host.agent.>") as events:
            host.configure(table(self.plugin, **settings))
            return events.action(self.plugin, action)

    def reload(self, host):
        self.assertIn("reloaded", str(host.json("reload", "--force", self.plugin)))

    def reload_under_traffic(self, host):
        with Traffic(self.address(host), CLIENTS) as traffic:
            for _ in range(RELOADS):
                self.reload(host)
                self.assertEqual(traffic.failures, [], host.log_text()[-2000:])
        self.assertEqual(traffic.failures, [])
        self.assertEqual(host.generation(self.plugin), RELOADS + 1)
        self.assertGreater(traffic.visits, RELOADS)
        for client in traffic.clients:
            self.assertGreater(client.sent, RELOADS)
        self.assertEqual(host.json("status")["pinned"], [])

    def test_reload_refuses_and_drops_no_connection(self):
        self.reload_under_traffic(self.host())

    def test_reload_refuses_and_drops_no_connection_of_a_unix_socket(self):
        host = self.host()
        self.configure(host, "reloaded", address="unix:" + self.unix_path(host))
        with Traffic(self.address(host), CLIENTS) as traffic:
            for _ in range(RELOADS // 5):
                self.reload(host)
        self.assertEqual(traffic.failures, [])

    def test_a_line_that_has_begun_goes_to_the_next_generation(self):
        host = self.host()
        client = self.client(self.address(host))
        client.echo()
        client.sent += 1
        client.socket.sendall(b"li")
        self.reload(host)
        client.socket.sendall(b"ne 2\n")
        while not client.receive():
            pass

    def test_a_changed_address_closes_the_old_one_after_the_switch(self):
        host = self.host()
        former = self.address(host)
        client = self.client(former)
        client.echo()
        # Not before: a start that fails has nothing closed.
        path = self.unix_path(host)
        self.configure(host, "failed", address="unix:" + path, fail_start=True)
        self.assertFalse(os.path.exists(path))
        self.assert_served(former)
        self.configure(host, "reloaded", address="unix:" + path)
        self.assert_refused(former)
        self.assert_served((socket.AF_UNIX, path))
        client.echo()

    def test_a_start_that_fails_leaves_every_connection_served(self):
        host = self.host()
        with Traffic(self.address(host), CLIENTS) as traffic:
            for attempt in range(10):
                failed = self.configure(host, "failed", fail_start=True, attempt=attempt)
                self.assertIn("told to fail", failed["text"])
        self.assertEqual(traffic.failures, [])
        self.assertEqual(host.generation(self.plugin), 1)

    def test_what_a_generation_does_not_take_is_closed(self):
        host = self.host()
        clients = [self.client(self.address(host)) for _ in range(3)]
        for client in clients:
            client.echo()
        self.configure(host, "reloaded", leave=True)
        for client in clients:
            self.assertTrue(client.is_closed())
        self.assertEqual(self.sockets(host)["kept"], 0)
        self.assert_served(self.address(host))

    def test_stop_closes_all_and_removes_the_file(self):
        host = self.host()
        path = self.unix_path(host)
        self.configure(host, "reloaded", address="unix:" + path)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        client = self.client((socket.AF_UNIX, path))
        client.echo()
        host.noactl("stop", self.plugin)
        self.assertTrue(client.is_closed())
        self.assertFalse(os.path.exists(path))
        self.assertEqual(self.sockets(host), {"kept": 0, "listening": []})
        host.noactl("start", self.plugin)
        self.assert_served((socket.AF_UNIX, path))
        self.assertEqual(host.stop(), 0)
        self.assertFalse(os.path.exists(path))

    def test_the_socket_that_a_killed_host_left_is_replaced(self):
        host = self.host()
        path = self.unix_path(host)
        self.configure(host, "reloaded", address="unix:" + path)
        host.stop(signal.SIGKILL)
        self.assertTrue(os.path.exists(path))
        self.assert_refused((socket.AF_UNIX, path))
        host.start()
        self.assert_served((socket.AF_UNIX, path))

    def test_an_address_in_use_is_refused_in_the_words_of_the_system(self):
        host = self.host()
        client = self.client(self.address(host))
        client.echo()
        path = self.unix_path(host)
        with socket.create_server(("127.0.0.1", 0)) as other, \
                socket.socket(socket.AF_UNIX) as local:
            local.bind(path)
            local.listen()
            for address in (f"tcp:127.0.0.1:{other.getsockname()[1]}", "unix:" + path):
                failed = self.configure(host, "failed", address=address)
                self.assertIn(f"listen on {address}: Address already in use", failed["text"])
                client.echo()
                self.assert_served(self.address(host))
        self.assertTrue(os.path.exists(path))

    def test_a_connection_has_one_descriptor_after_a_switch(self):
        host = self.host()
        for _ in range(CLIENTS):
            self.assert_served(self.address(host))
        for _ in range(3):
            self.reload(host)
            self.assertEqual(tcp_descriptors(host.process.pid), CLIENTS + 1)
        for attempt in range(3):
            self.configure(host, "failed", fail_start=True, attempt=attempt)
            self.assertEqual(tcp_descriptors(host.process.pid), CLIENTS + 1)

    def test_a_generation_that_is_undone_hands_its_connections_back(self):
        host = self.host()
        host.configure(f'[agents.{self.plugin}]\nprobation = "1h"\nprobation_defects = 1\n',
                       "40-trial.toml")
        host.log_until("agent.retuned", agent=self.plugin)
        clients = [self.client(self.address(host)) for _ in range(CLIENTS)]
        for client in clients:
            client.echo()
        path = self.unix_path(host)
        with Watcher(host, "host.reload.>") as events, host.client() as asker:
            host.configure(table(self.plugin, address="unix:" + path))
            events.until(lambda event: event["outcome"] == "switched")
            clients.append(self.client((socket.AF_UNIX, path)))
            for client in clients:
                client.echo()
            with self.assertRaisesRegex(Exception, "broken on purpose"):
                asker.call(self.plugin, "fail", {})
            events.until(lambda event: event["outcome"] == "swapped_back")
        for client in clients:
            client.echo()
        self.assertFalse(os.path.exists(path))
        self.assert_served(self.address(host))

    def test_a_quiesce_that_is_undone_finds_its_connections_again(self):
        host = self.host(refuse_quiesce=True)
        with Traffic(self.address(host), CLIENTS) as traffic:
            for _ in range(5):
                failed = host.noactl_run("reload", "--force", self.plugin)
                self.assertIn("told not to", failed.stdout + failed.stderr)
        self.assertEqual(traffic.failures, [])
        self.assertEqual(self.sockets(host)["kept"], 0)

    def test_a_stop_that_is_forced_lets_nobody_in_any_more(self):
        host = self.host(refuse_quiesce=True)
        address = self.address(host)
        self.assert_served(address)
        self.assertIn("told not to", host.noactl("stop", self.plugin))
        self.assert_refused(address)
        self.assertEqual(self.sockets(host), {"kept": 0, "listening": []})


class OnTheLane(Sockets, unittest.TestCase):
    plugin = "line_server"

    def test_its_thread_is_there_for_those_who_watch(self):
        with Host([FIXTURES / "thread_server.so", FIXTURES / "line_server.so"],
                  "[agents.line_server]\nenabled = false\n") as host:
            def threads():
                tasks = pathlib.Path(f"/proc/{host.process.pid}/task")
                return [(task / "comm").read_text().strip() for task in tasks.iterdir()]
            self.assertNotIn("noa-io", threads())
            host.noactl("enable", "line_server")
            self.assertEqual(threads().count("noa-io"), 1)


class OnAThread(Sockets, unittest.TestCase):
    plugin = "thread_server"


if __name__ == "__main__":
    unittest.main(verbosity=2)
