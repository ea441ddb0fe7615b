#!/usr/bin/python3
"""Several hosts share a cache in a Redis server: values, counters, one load for all of them, and
what becomes of it all when the server goes away and comes back."""
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import redis
from cache_test import BATCH, Asker, batch, text
from noa_host import PATIENCE_S, PLUGINS, Host, Watcher, noa_client


class Server:
    """Debian's redis-server on a unix socket; ready when it answers."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="noa-redis-"))
        self.path = self.root / "s"
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", str(self.path), "--save", "",
             "--appendonly", "no", "--dir", str(self.root)], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "ready to accept" in line.lower():
                break

    def stop(self, how=signal.SIGKILL):
        if self.process is not None:
            self.process.send_signal(how)
            if how == signal.SIGKILL:
                self.process.wait(PATIENCE_S)
                self.process.stdout.close()
                self.process = None

    def client(self):
        return redis.Redis(unix_socket_path=str(self.path), decode_responses=True)

    def close(self):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


class Tier(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, settings=""):
        return self.enter(Host([PLUGINS / "cache.so"],
                               f'[agents.cache.settings]\ntier = "unix:{self.server.path}"\n'
                               f'tier_local_ttl = "100ms"\n{settings}'))

    def two(self, settings=""):
        """Two hosts, and a client of each."""
        hosts = [self.host(settings) for _ in range(2)]
        return hosts, [self.enter(host.client()) for host in hosts]

    @staticmethod
    def call(client, operation, **body):
        return client.call("cache", operation, body, timeout_s=PATIENCE_S).json()

    def wait_for(self, client, away):
        """Until the agent's health says so."""
        for _ in range(PATIENCE_S * 1000):
            checks = self.call(client, "health")["checks"]
            if any(check["name"] == "tier" and (check["status"] != "healthy") == away
                   for check in checks):
                return
            client.call("cache", "set", {"key": "probe", "value": 1})
        self.fail(f"the tier did not become {'away' if away else 'in use'}")

    def metric(self, client, name):
        return self.call(client, "metrics")["agent"][name]["value"]

    def test_what_one_host_sets_the_other_has(self):
        _, (one, other) = self.two()
        for value in ("text", 1.5, None, {"a": [1]}, "", "\u20ac\""):
            self.call(one, "set", key="k", value=value, ttl_s=60)
            self.call(other, "delete", key="k")
            self.assertFalse(self.call(one, "get", key="none")["found"])
            self.call(one, "set", key="k", value=value, ttl_s=60)
            fresh = self.enter(self.host().client())
            found = self.call(fresh, "get", key="k")
            self.assertEqual(found["value"], value)
            self.assertTrue(0 < found["ttl_s"] <= 60)
        self.assertGreater(self.metric(fresh, "tier_hits_total"), 0)

    def test_a_change_is_seen_by_the_other_within_its_local_time(self):
        _, (one, other) = self.two()
        self.call(one, "set", key="k", value=1)
        self.assertEqual(self.call(other, "get", key="k")["value"], 1)
        self.call(one, "set", key="k", value=2)
        while self.call(other, "get", key="k")["value"] != 2:
            pass
        self.call(other, "delete", key="k")
        while self.call(one, "get", key="k")["found"]:
            pass

    def test_only_the_tier_decides_nx_and_counts(self):
        _, (one, other) = self.two()
        self.assertEqual(self.call(one, "set", key="k", value=1, nx=True), {"evicted": 0})
        self.assertFalse(self.call(other, "set", key="k", value=2, nx=True)["stored"])
        self.assertEqual(self.call(other, "get", key="k")["value"], 1)
        self.assertFalse(self.call(other, "set", key="n", value=2, xx=True)["stored"])
        counts = [self.call(client, "increment", key="n", by=1 << 53)["value"]
                  for client in (one, other, one)]
        self.assertEqual(counts, [(1 << 53) * times for times in (1, 2, 3)])
        self.assertEqual(self.server.client().get("noa:v:default:n"), str(3 << 53))
        self.call(one, "set", key="word", value="x")
        with self.assertRaises(noa_client.NoaError):
            self.call(other, "increment", key="word")

    def test_ends_are_those_of_the_tier(self):
        _, (one, other) = self.two()
        self.call(one, "set", key="k", value=1)
        self.assertEqual(self.call(other, "ttl", key="k"), {"found": True})
        self.assertEqual(self.call(other, "expire", key="k", ttl_s=60), {"found": True})
        self.assertGreater(self.call(one, "ttl", key="k")["ttl_s"], 50)
        self.assertEqual(self.call(one, "ttl", key="k", persist=True), {"found": True})
        self.assertEqual(self.call(other, "expire", key="k", ttl_s=0), {"found": True})
        self.assertEqual(self.call(other, "ttl", key="k"), {"found": False})

    def test_batches_and_namespaces_go_through(self):
        (host, _), (one, other) = self.two()
        self.call(one, "set_many", values={f"k{n}": n for n in range(500)}, namespace="a:b",
                  ttl_s=60)
        keys = [f"k{n}" for n in range(501)]
        self.assertEqual(len(self.call(other, "get_many", keys=keys, namespace="a:b")["values"]),
                         500)
        asker = self.enter(Asker(host))
        asker.call("set_many", batch([b"\0\0\0\0\0" + text(b"raw") + text(b"\xff\0")]), BATCH)
        self.assertEqual(self.call(other, "get", key="raw")["value"], {"base64": "/wA="})
        self.call(other, "flush", namespace="a:b")
        self.assertEqual(self.server.client().keys("noa:v:*k*"), [])
        self.assertTrue(self.server.client().exists("noa:v:default:raw"))

    def test_what_has_tags_stays_with_its_host(self):
        _, (one, other) = self.two()
        self.call(one, "set", key="k", value="old")
        self.call(one, "set", key="k", value="new", tags=["t"])
        self.assertFalse(self.call(other, "get", key="k")["found"])
        self.assertEqual(self.call(one, "get", key="k")["value"], "new")
        one.call("cache", "invalidate", {"tags": ["t"]})
        self.assertFalse(self.call(one, "get", key="k")["found"])

    def test_one_load_for_all_callers_of_two_hosts(self):
        hosts, clients = self.two()
        askers = [self.enter(Asker(host)) for host in hosts]
        for _ in range(100):
            for asker in askers:
                asker.ask("get_or_load", {"key": "k"})
        # Whoever is told first.
        poll = {asker.client._socket: asker for asker in askers}
        first = self.first_answer(poll)
        lease = first.answer().json()
        self.assertTrue(lease["load"])
        while sum(self.call(client, "stats")["waiting"] for client in clients) < 199:
            pass
        filled = self.call(clients[askers.index(first)], "set", key="k", value=42,
                           lease=lease["lease"])
        self.assertEqual(filled, {"evicted": 0})
        for asker in askers:
            for _ in range(99 if asker is first else 100):
                self.assertEqual(asker.answer().json()["value"], 42)
        self.assertEqual(sum(self.call(client, "stats")["loads"] for client in clients), 1)

    @staticmethod
    def first_answer(askers):
        import zmq
        poller = zmq.Poller()
        for sock in askers:
            poller.register(sock, zmq.POLLIN)
        ready = poller.poll(PATIENCE_S * 1000)
        return askers[ready[0][0]]

    def test_a_lease_passes_on_to_the_other_host_and_the_late_value_is_refused(self):
        (_, other_host), (one, other) = self.two()
        late = self.call(one, "get_or_load", key="k", lease_s=0.2)
        self.assertTrue(late["load"])
        asker = self.enter(Asker(other_host))
        asker.ask("get_or_load", {"key": "k"})
        passed = asker.answer().json()
        self.assertTrue(passed["load"])
        self.assertFalse(self.call(one, "set", key="k", value="late",
                                   lease=late["lease"])["stored"])
        self.call(other, "set", key="k", value="new", lease=passed["lease"])
        self.assertEqual(self.call(one, "get", key="k")["value"], "new")

    def test_a_lease_that_only_its_holder_believes_in_is_worth_nothing(self):
        _, (one, other) = self.two()
        lost = self.call(one, "get_or_load", key="k")["lease"]
        self.assertEqual(self.server.client().delete("noa:l:default:k"), 1)
        held = self.call(other, "get_or_load", key="k")["lease"]
        self.assertFalse(self.call(one, "set", key="k", value="late", lease=lost)["stored"])
        self.assertIsNone(self.server.client().get("noa:v:default:k"))
        self.assertEqual(self.call(other, "set", key="k", value="new", lease=held),
                         {"evicted": 0})
        self.assertEqual(self.call(one, "get", key="k")["value"], "new")

    def test_a_failed_load_reaches_those_who_wait_elsewhere(self):
        (_, other_host), (one, other) = self.two()
        lease = self.call(one, "get_or_load", key="k")["lease"]
        asker = self.enter(Asker(other_host))
        asker.ask("get_or_load", {"key": "k"})
        while self.call(other, "stats")["waiting"] < 1:
            pass
        self.call(one, "fail", key="k", lease=lease, error="the source is down")
        answer = asker.answer()
        self.assertEqual(answer.kind, noa_client.ERROR)
        self.assertIn("the source is down", str(answer.body) + str(answer))

    def test_a_host_goes_on_alone_and_comes_back(self):
        host = self.host()
        client = self.enter(host.client())
        self.call(client, "set", key="before", value=1)
        with Watcher(host, "cache.tier") as watcher:
            self.server.stop()
            self.wait_for(client, away=True)
            self.assertTrue(watcher.until(lambda event: event["away"])["why"])
            self.call(client, "set", key="alone", value=2)
            self.assertEqual(self.call(client, "get", key="alone")["value"], 2)
            lease = self.call(client, "get_or_load", key="loaded")["lease"]
            self.call(client, "set", key="loaded", value=3, lease=lease)
            self.assertEqual(self.call(client, "get_or_load", key="loaded")["value"], 3)
            self.assertEqual(self.call(client, "increment", key="n")["value"], 1)
            self.assertEqual(self.metric(client, "tier_open"), 1)
            self.server.start()
            watcher.until(lambda event: not event["away"])
        self.wait_for(client, away=False)
        self.call(client, "set", key="after", value=4)
        self.assertEqual(self.server.client().get("noa:v:default:after"), "4")

    def test_a_server_that_hangs_is_left_alone(self):
        host = self.host('tier_timeout = "50ms"')
        client = self.enter(host.client())
        self.call(client, "set", key="k", value=1)
        self.server.stop(signal.SIGSTOP)
        self.wait_for(client, away=True)
        self.call(client, "set", key="k", value=2)
        self.assertEqual(self.call(client, "get", key="k")["value"], 2)
        self.server.stop(signal.SIGCONT)
        self.wait_for(client, away=False)

    def test_a_host_starts_without_its_tier(self):
        self.server.stop()
        client = self.enter(self.host().client())
        self.call(client, "set", key="k", value=1)
        self.assertEqual(self.call(client, "get", key="k")["value"], 1)

    def test_a_load_goes_on_through_a_reload(self):
        (host, other_host), (one, other) = self.two()
        lease = self.call(one, "get_or_load", key="k")["lease"]
        asker = self.enter(Asker(other_host))
        asker.ask("get_or_load", {"key": "k"})
        while self.call(other, "stats")["waiting"] < 1:
            pass
        for each in (host, other_host):
            each.noactl("reload", "--force", "cache")
        self.assertEqual(self.call(one, "set", key="k", value=5, lease=lease), {"evicted": 0})
        self.assertEqual(asker.answer().json()["value"], 5)

    def test_a_tier_that_wants_a_password_gets_it_and_nobody_else(self):
        self.server.client().config_set("requirepass", "s3cret-word")
        path = self.server.root / "secret"
        path.write_text("s3cret-word")
        path.chmod(0o600)
        host = self.host(f'tier_password = {{ secret = "file:{path}" }}')
        client = self.enter(host.client())
        self.call(client, "set", key="k", value=1)
        self.assertEqual(redis.Redis(unix_socket_path=str(self.server.path),
                                     password="s3cret-word").get("noa:v:default:k"), b"1")
        self.assertNotIn("s3cret-word", host.log_text() + host.noactl("config", "explain"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
