#!/usr/bin/python3
"""The cache through Redis clients, on a real host: what they read, and what a reload keeps."""
import json
import os
import pathlib
import socket
import subprocess
import threading
import unittest

import redis

from noa_host import PATIENCE_S, PLUGINS, Host

RELOADS = int(os.environ.get("RELOADS", "100")) // 4


def settings(host, **values):
    values = {"listen": ["tcp:127.0.0.1:0", f"unix:{host.root}/cache.sock"], **values}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
    return "[agents.cache]\n[agents.cache.settings]\n" + lines


class Raw:
    """A socket that says what it is told to."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        return self.file.readline()

    def ask(self, data):
        self.send(data)
        return self.line()

    def rest(self):
        """All until the end."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self):
        self.file.close()
        self.socket.close()


class Resp(unittest.TestCase):
    def host(self, **values):
        host = Host([PLUGINS / "cache.so"])
        host.configure(settings(host, **values))
        self.addCleanup(host.__exit__)
        host.start()
        return host

    def port(self, host):
        return next(one["port"] for one in host.agent("cache")["sockets"]["listening"]
                    if one["address"].startswith("tcp:"))

    def client(self, host, tcp=False, **options):
        where = ({"port": self.port(host)} if tcp
                 else {"unix_socket_path": f"{host.root}/cache.sock"})
        client = redis.Redis(**where, **options, socket_timeout=PATIENCE_S)
        self.addCleanup(client.close)
        return client

    def raw(self, host):
        raw = Raw(f"{host.root}/cache.sock")
        self.addCleanup(raw.close)
        return raw

    def cli(self, host, *args, stdin=None):
        done = subprocess.run(["redis-cli", "-s", f"{host.root}/cache.sock", *args], input=stdin,
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        return done.stdout

    def reload(self, host):
        self.assertIn("reloaded", str(host.json("reload", "--force", "cache")))

    def metric(self, host, name):
        with host.client() as bus:
            return bus.call("cache", "metrics", {}).json()["agent"][name]["value"]


class Clients(Resp):
    def test_nobody_listens_unless_told_to(self):
        with Host([PLUGINS / "cache.so"]) as host:
            self.assertEqual(host.agent("cache")["sockets"]["listening"], [])

    def test_python_redis_over_both_sockets(self):
        host = self.host()
        for client in (self.client(host), self.client(host, tcp=True)):
            self.assertTrue(client.set("a", b"\0\xff\r\n", ex=100))
            self.assertEqual(client.get("a"), b"\0\xff\r\n")
            self.assertTrue(99 <= client.ttl("a") <= 100)
            self.assertEqual(client.incrby("n", 2), 2)
            client.hset("h", mapping={"f": "1", "g": "2"})
            self.assertEqual(client.hgetall("h"), {b"f": b"1", b"g": b"2"})
            with client.pipeline(transaction=True) as pipe:
                self.assertEqual(pipe.set("b", 1).get("b").execute(), [True, b"1"])
            self.assertEqual(sorted(client.scan_iter("*")), [b"a", b"b", b"h", b"n"])
            self.assertEqual(client.info("server")["redis_version"], "7.0.15")
            client.flushall()

    def test_what_a_client_sets_is_on_the_bus_and_the_other_way_round(self):
        host = self.host()
        client = self.client(host)
        with host.client() as bus:
            client.set("a", "text")
            self.assertEqual(bus.call("cache", "get", {"key": "a"}).json()["value"], "text")
            bus.call("cache", "set", {"key": "b", "value": {"c": 1}})
            self.assertEqual(json.loads(client.get("b")), {"c": 1})
            client.select(3)
            client.set("a", "three")
            self.assertEqual(
                bus.call("cache", "get", {"key": "a", "namespace": "db3"}).json()["value"], "three")

    def test_redis_cli_in_a_pipe(self):
        host = self.host()
        self.assertEqual(self.cli(host, stdin="set a 1\nincr a\nget nope\nset b\n"),
                         "OK\n2\n\nERR wrong number of arguments for 'set' command\n\n")
        self.assertEqual(self.cli(host, "-3", "hello", "3").splitlines()[:2],
                         ["server redis", "version 7.0.15"])
        mass = "".join(f"*3\r\n$3\r\nSET\r\n$5\r\nk{n:04}\r\n$1\r\nv\r\n" for n in range(5000))
        self.assertIn("errors: 0, replies: 5000", self.cli(host, "--pipe", stdin=mass))
        self.assertEqual(self.cli(host, "dbsize"), "5001\n")
        self.assertIn("Biggest string", self.cli(host, "--bigkeys"))
        self.assertIn("Biggest string", self.cli(host, "--memkeys"))

    def test_redis_benchmark_runs(self):
        host = self.host()
        done = subprocess.run(
            ["redis-benchmark", "-s", f"{host.root}/cache.sock", "-n", "2000", "-c", "10", "-q",
             "-t", "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,lrange_100,mset"],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("rror", done.stdout + done.stderr)
        self.assertIn("HSET", done.stdout)

    def test_channels_carry_messages(self):
        host = self.host()
        client = self.client(host)
        channel = client.pubsub()
        self.addCleanup(channel.close)
        channel.subscribe("news")
        channel.psubscribe("n*")
        self.assertEqual(channel.get_message(timeout=PATIENCE_S)["type"], "subscribe")
        self.assertEqual(channel.get_message(timeout=PATIENCE_S)["type"], "psubscribe")
        self.assertEqual(client.publish("news", "hello"), 2)
        for _ in range(2):
            self.assertEqual(channel.get_message(timeout=PATIENCE_S)["data"], b"hello")

    def test_a_password_is_asked_for_and_shown_nowhere(self):
        host = Host([PLUGINS / "cache.so"])
        self.addCleanup(host.__exit__)
        secret = host.root / "secret"
        secret.write_text("Tr0ub4dor")
        secret.chmod(0o600)
        host.configure(settings(host) + f'password = {{ secret = "file:{secret}" }}\n')
        host.start()
        with self.assertRaises(redis.AuthenticationError):
            self.client(host).ping()
        with self.assertRaisesRegex(redis.ResponseError, "WRONGPASS"):
            self.client(host, password="wrong").ping()
        self.assertTrue(self.client(host, password="Tr0ub4dor").ping())
        self.assertNotIn("Tr0ub4dor", host.log_text() + json.dumps(host.agent("cache")))

    def test_expired_keys_are_freed_without_being_asked_for(self):
        host = self.host()
        client = self.client(host)
        with client.pipeline(transaction=False) as pipe:
            for number in range(1000):
                pipe.set(f"k{number}", 1, px=20)
            pipe.execute()
        with host.client() as bus:
            while bus.call("cache", "stats", {}).json()["entries"] > 0:
                pass  # each call is answered: this ends when they are gone, or the test does
        self.assertEqual(client.info("stats")["expired_keys"], 1000)


class BadInput(Resp):
    def test_half_commands_and_lies_harm_nobody(self):
        host = self.host()
        other = self.client(host)
        for data, answer in (
                (b"*3000000000\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
                (b"*1\r\n$536870912\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
                (b"*1\r\nfoo\r\n", b"-ERR Protocol error: expected '$', got 'f'\r\n"),
                (b"set \"a\r\n", b"-ERR Protocol error: unbalanced quotes in request\r\n"),
                (b"x" * 70_000, b"-ERR Protocol error: too big inline request\r\n")):
            raw = self.raw(host)
            self.assertEqual(raw.ask(data), answer)
            self.assertEqual(raw.rest(), b"", "it is closed")
        for data in (b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$33554432\r\nabc", b"*1048576\r\n$1\r\na\r\n",
                     b"POST / HTTP/1.1\r\nHost: localhost\r\n"):
            self.raw(host).send(data)
        self.assertTrue(other.ping())

    def test_a_request_in_single_bytes_is_answered(self):
        host = self.host()
        raw = self.raw(host)
        for byte in b"*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n":
            raw.send(bytes([byte]))
        self.assertEqual(raw.line() + raw.line(), b"$3\r\nabc\r\n")

    def test_who_does_not_read_is_cut_off_and_counted(self):
        host = self.host(output_limit="1MiB")
        client = self.client(host)
        client.set("big", "x" * 900_000)
        raw = self.raw(host)
        raw.send(b"GET big\r\n" * 50)
        client.ping()
        raw.rest()
        self.assertEqual(self.metric(host, "resp_cut_off_total"), 1)
        self.assertIn("resp.cut_off", host.log_text())
        self.assertTrue(client.ping())

    def test_one_more_than_max_clients_is_told(self):
        host = self.host(max_clients=3)
        raws = [self.raw(host) for _ in range(3)]
        for raw in raws:
            self.assertEqual(raw.ask(b"PING\r\n"), b"+PONG\r\n")
        self.assertEqual(self.raw(host).line(), b"-ERR max number of clients reached\r\n")
        raws[0].close()
        while self.metric(host, "resp_clients") > 2:
            pass  # until its end has been seen
        self.assertEqual(self.raw(host).ask(b"PING\r\n"), b"+PONG\r\n")
        self.assertEqual(self.metric(host, "resp_refused_total"), 1)


class Traffic:
    """Clients that ask all the time and check each answer."""

    def __init__(self, clients):
        self.clients = clients
        self.failures = []
        self.asked = [0] * len(clients)
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,))
                        for number in range(len(clients))]

    def run(self, number):
        client = self.clients[number]
        try:
            while not self.stopping.is_set():
                self.asked[number] += 1
                asked = self.asked[number]
                with client.pipeline(transaction=asked % 2 == 0) as pipe:
                    pipe.set(f"key{number}", asked).incr(f"count{number}").get(f"key{number}")
                    answers = pipe.execute()
                if answers != [True, asked, str(asked).encode()]:
                    raise AssertionError(answers)
        except Exception as error:  # pylint: disable=broad-except
            self.failures.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Reloads(Resp):
    def test_connections_go_on_through_reloads_under_load(self):
        host = self.host()
        # Each with one connection: a second one would hide that the first was lost.
        clients = [self.client(host, tcp=number % 2 == 0, single_connection_client=True,
                               retry_on_timeout=False) for number in range(8)]
        ids = [client.client_id() for client in clients]
        with Traffic(clients) as traffic:
            for _ in range(RELOADS):
                self.reload(host)
                self.assertEqual(traffic.failures, [])
        self.assertEqual(traffic.failures, [])
        self.assertEqual([client.client_id() for client in clients], ids)
        for number, client in enumerate(clients):
            self.assertEqual(int(client.get(f"count{number}")), traffic.asked[number])
        self.assertEqual(host.json("status")["pinned"], [])

    def test_a_client_is_after_a_reload_what_it_was(self):
        host = self.host()
        raw, other = self.raw(host), self.client(host)
        raw.ask(b"SELECT 2\r\n")
        raw.ask(b"CLIENT SETNAME me\r\n")
        raw.ask(b"SET a 1\r\n")
        raw.ask(b"WATCH a\r\n")
        raw.ask(b"MULTI\r\n")
        raw.ask(b"GET a\r\n")
        raw.send(b"*2\r\n$3\r\nGET\r\n$1")
        subscriber = self.raw(host)
        subscriber.ask(b"HELLO 3\r\n")
        for _ in range(25):
            subscriber.line()
        subscriber.ask(b"SUBSCRIBE news\r\n")
        for _ in range(5):
            subscriber.line()
        for _ in range(3):
            self.reload(host)
        raw.send(b"\r\na\r\n")
        self.assertEqual(raw.line(), b"+QUEUED\r\n")
        self.assertEqual(raw.ask(b"EXEC\r\n"), b"*2\r\n")
        self.assertEqual([raw.line() for _ in range(4)], [b"$1\r\n", b"1\r\n"] * 2)
        self.assertEqual(raw.ask(b"CLIENT GETNAME\r\n") + raw.line(), b"$2\r\nme\r\n")
        self.assertEqual(other.publish("news", "x"), 1)
        self.assertEqual(subscriber.line(), b">3\r\n")

    def test_a_watched_key_that_changes_after_a_reload_fails_exec(self):
        host = self.host()
        raw, other = self.raw(host), self.client(host)
        raw.ask(b"WATCH a\r\n")
        self.reload(host)
        other.set("a", 1)
        raw.ask(b"MULTI\r\n")
        raw.ask(b"PING\r\n")
        self.assertEqual(raw.ask(b"EXEC\r\n"), b"*-1\r\n")

    def test_replies_that_were_not_read_come_after_the_reload(self):
        host = self.host()
        other = self.client(host)
        other.set("big", "x" * 700_000)
        raw = self.raw(host)
        raw.send(b"GET big\r\nPING\r\n")
        other.ping()
        self.reload(host)
        self.assertEqual(raw.line(), b"$700000\r\n")
        self.assertEqual(len(raw.line()), 700_002)
        self.assertEqual(raw.line(), b"+PONG\r\n")

    def test_thread_to_process_and_back_keeps_connections(self):
        host = self.host()
        raw = self.raw(host)
        raw.ask(b"SET a 1\r\n")
        for run in ("process", "thread"):
            host.configure(settings(host).replace("[agents.cache]\n",
                                                  f'[agents.cache]\nrun = "{run}"\n'))
            host.noactl("reload", "cache")
            self.assertEqual(host.agent("cache")["run"], run)
            self.assertEqual(raw.ask(b"GET a\r\n") + raw.line(), b"$1\r\n1\r\n")

    def test_a_socket_that_is_not_listed_any_more_closes(self):
        host = self.host()
        raw = self.raw(host)
        raw.ask(b"PING\r\n")
        host.configure(settings(host, listen=[]))
        host.noactl("reload", "cache")
        self.assertEqual(raw.rest(), b"")
        self.assertFalse(pathlib.Path(f"{host.root}/cache.sock").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
