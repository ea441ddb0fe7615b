#!/usr/bin/python3
"""The cache through a real host: values, batches, loads, its bound, and what a reload keeps."""
import os
import signal
import struct
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, noa_client

BATCH = "application/x-noa-cache-batch"


def text(data):
    return struct.pack("<I", len(data)) + data


def batch(items, namespace=b""):
    return struct.pack("<BB", 1, len(namespace)) + namespace + struct.pack("<I", len(items)) + \
        b"".join(items)


class Asker:
    """Many requests at a time over one connection, their answers as they come."""

    def __init__(self, host):
        self.client = host.client()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def ask(self, operation, body, content_type=noa_client.JSON, timeout_s=PATIENCE_S):
        data = body if isinstance(body, bytes) else noa_client.to_body(body)[0]
        return self.client._send(noa_client.REQUEST, to="cache", subject=operation, body=data,
                                 content_type=content_type, timeout_ms=int(timeout_s * 1000))

    def answer(self):
        message = self.client._receive(PATIENCE_S)
        if message is None:
            raise AssertionError("no answer came")
        return message

    def call(self, operation, body, content_type=noa_client.JSON):
        self.ask(operation, body, content_type)
        return self.answer()


class Cache(unittest.TestCase):
    def host(self, settings=""):
        host = Host([PLUGINS / "cache.so"],
                    f"[agents.cache.settings]\n{settings}" if settings else "")
        return self.enter(host)

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def test_keeps_values_of_every_kind_for_their_time(self):
        host = self.host()
        client = self.enter(host.client())
        for value in (None, True, 1.5, "text", "\u20ac", [1, [2]], {"deep": {"er": []}}, ""):
            client.call("cache", "set", {"key": "a", "value": value, "ttl_s": 60})
            found = client.call("cache", "get", {"key": "a"}).json()
            self.assertEqual(found["value"], value)
            self.assertLessEqual(found["ttl_s"], 60)
        self.assertEqual(client.call("cache", "delete", {"key": "a"}).json(), {"deleted": True})
        self.assertEqual(client.call("cache", "get", {"key": "a"}).json(), {"found": False})
        self.assertEqual(client.call("cache", "increment", {"key": "n"}).json(), {"value": 1})

    def test_what_is_dead_is_freed_and_its_memory_given_back(self):
        host = self.host('max_memory = "64MiB"')
        client = self.enter(host.client())
        before = client.call("cache", "stats").json()
        values = {f"{number}": "x" * 1000 for number in range(1000)}

        def fill(ttl_s):
            for space in range(20):
                client.call("cache", "set_many",
                            {"values": values, "ttl_s": ttl_s, "namespace": f"n{space}"})
        fill(600)
        full = client.call("cache", "stats").json()
        self.assertGreater(full["bytes"], 20_000_000)
        fill(0.2)
        # The wheel's timer is the event: each answer comes behind what the lane did before.
        for _ in range(PATIENCE_S * 1000):
            stats = client.call("cache", "stats").json()
            if stats["entries"] == 0 and stats["bytes"] < before["bytes"] + 1_000_000:
                break
        self.assertEqual(stats["entries"], 0)
        self.assertEqual(stats["expired"], 20_000)
        self.assertLess(stats["bytes"], before["bytes"] + 1_000_000)

    def test_batches_with_and_without_json_see_the_same(self):
        host = self.host()
        asker = self.enter(Asker(host))
        stored = asker.call("set_many", batch(
            [b"\0" + struct.pack("<I", 0) + text(b"raw") + text(b"\xff\0"),
             b"\1" + struct.pack("<I", 60_000) + text(b"json") + text(b'{"a":1}')]), BATCH)
        self.assertEqual(stored.body, struct.pack("<I", 2) + b"\1\1")
        self.assertEqual(asker.call("get_many", {"keys": ["raw", "json", "none"]}).json(),
                         {"values": {"raw": {"base64": "/wA="}, "json": {"a": 1}}})
        asker.call("set", {"key": "text", "value": "words"})
        got = asker.call("get_many", batch([text(b"none"), text(b"text"), text(b"json")]), BATCH)
        self.assertEqual(got.body, struct.pack("<I", 3) + b"\0" + b"\1" + text(b"words") + b"\2" +
                         text(b'{"a":1}'))
        self.assertEqual(got.content_type, BATCH)

    def test_batches_that_lie_are_refused(self):
        host = self.host()
        asker = self.enter(Asker(host))
        good = batch([text(b"a"), text(b"b")])
        for body in (b"", b"\2", good[:-1], good + b"x", batch([text(b"a")])[:-2],
                     struct.pack("<BBI", 1, 0, 10_001), struct.pack("<BBI", 1, 0, 1) + b"\xff" * 4,
                     b"\1\xff"):
            self.assertEqual(asker.call("get_many", body, BATCH).kind, noa_client.ERROR, body)
        no_json = batch([b"\1" + struct.pack("<I", 0) + text(b"a") + text(b'{"a":')])
        self.assertEqual(asker.call("set_many", no_json, BATCH).kind, noa_client.ERROR)
        self.assertEqual(asker.call("get", {"key": "a"}).json(), {"found": False})

    def test_one_of_a_thousand_callers_loads(self):
        host = self.host()
        asker = self.enter(Asker(host))
        other = self.enter(host.client())
        for _ in range(1000):
            asker.ask("get_or_load", {"key": "missed"})
        first = asker.answer().json()
        self.assertTrue(first["load"])
        while other.call("cache", "stats").json()["waiting"] < 999:
            pass
        other.call("cache", "set", {"key": "missed", "value": 42, "lease": first["lease"]})
        for _ in range(999):
            self.assertEqual(asker.answer().json(), {"found": True, "value": 42})
        self.assertEqual(other.call("cache", "stats").json()["loads"], 1)

    def test_one_load_though_the_cache_is_reloaded_meanwhile(self):
        host = self.host()
        asker = self.enter(Asker(host))
        other = self.enter(host.client())
        for _ in range(100):
            asker.ask("get_or_load", {"key": "missed"})
        first = asker.answer().json()
        while other.call("cache", "stats").json()["waiting"] < 99:
            pass
        host.noactl("reload", "--force", "cache")
        other.call("cache", "set", {"key": "missed", "value": 42, "lease": first["lease"]})
        for _ in range(99):
            self.assertEqual(asker.answer().json(), {"found": True, "value": 42})
        self.assertEqual(other.call("cache", "stats").json()["loads"], 1)

    def test_a_lease_passes_on_when_its_holder_does_nothing(self):
        host = self.host('lease = "50ms"')
        asker = self.enter(Asker(host))
        for _ in range(3):
            asker.ask("get_or_load", {"key": "a"})
        tokens = {asker.answer().json()["lease"] for _ in range(3)}
        self.assertEqual(len(tokens), 3)

    def test_a_failed_load_reaches_all_who_wait(self):
        host = self.host()
        asker = self.enter(Asker(host))
        other = self.enter(host.client())
        for _ in range(10):
            asker.ask("get_or_load", {"key": "a"})
        lease = asker.answer().json()["lease"]
        while other.call("cache", "stats").json()["waiting"] < 9:
            pass
        other.call("cache", "fail", {"key": "a", "lease": lease, "error": "the source is down"})
        for _ in range(9):
            answer = asker.answer()
            self.assertEqual(answer.kind, noa_client.ERROR)
            self.assertIn("the source is down", answer.error().args[0])

    def test_stays_within_its_memory_whatever_comes(self):
        host = self.host('max_memory = "4MiB"\n[agents.cache.settings.namespaces]\n'
                         'small = "256KiB"')
        client = self.enter(host.client())
        for round_number in range(60):
            size = (10, 300, 5_000, 40_000)[round_number % 4]
            values = {f"{round_number}:{number}": "v" * size
                      for number in range(min(2000, 2_000_000 // size))}
            client.call("cache", "set_many", {"values": values})
            client.call("cache", "set_many", {"values": values, "namespace": "small"})
            stats = client.call("cache", "stats").json()
            self.assertLessEqual(stats["bytes"], 4 << 20)
            self.assertLessEqual(stats["namespaces"]["small"]["bytes"], 256 << 10)
        self.assertGreater(stats["evictions"], 1000)
        with self.assertRaises(noa_client.NoaError) as refused:
            client.call("cache", "set", {"key": "big", "value": "x" * (2 << 20)})
        self.assertIn("larger than a quarter", str(refused.exception))

    def test_a_reload_keeps_all_of_it(self):
        host = self.host()
        client = self.enter(host.client())
        for part in range(10):
            client.call("cache", "set_many", {
                "values": {f"{part}:{number}": number for number in range(1000)},
                "ttl_s": 1000, "tags": ["numbers"]})
        client.call("cache", "set", {"key": "free", "value": [1]})
        before = client.call("cache", "stats").json()
        for run in ("process", "thread"):
            host.configure(f'[agents.cache]\nrun = "{run}"\n')
            host.noactl("reload", "cache")
            self.assertEqual(host.agent("cache")["run"], run)
            after = client.call("cache", "stats").json()
            self.assertEqual(after["entries"], before["entries"])
            self.assertEqual(after["bytes"], before["bytes"])
        self.assertGreater(client.call("cache", "ttl", {"key": "3:7"}).json()["ttl_s"], 900)
        client.call("cache", "invalidate", {"tags": ["numbers"]})
        self.assertFalse(client.call("cache", "get", {"key": "3:7"}).json()["found"])
        self.assertTrue(client.call("cache", "get", {"key": "free"}).json()["found"])

    def test_a_reload_keeps_what_is_too_large_for_a_state(self):
        host = self.host('max_memory = "128MiB"')
        client = self.enter(host.client())
        for part in range(10):
            client.call("cache", "set_many", {
                "values": {f"{part}:{number}": "v" * 1000 for number in range(8000)}},
                timeout_s=PATIENCE_S)
        before = client.call("cache", "stats").json()
        self.assertGreater(before["bytes"], 80_000_000)
        host.noactl("reload", "--force", "cache")
        host.configure('[agents.cache.settings]\nmax_memory = "256MiB"\n')
        host.noactl("reload", "cache")
        after = client.call("cache", "stats").json()
        self.assertEqual(after["entries"], 80_000)
        self.assertEqual(after["max_bytes"], 256 << 20)
        self.assertTrue(client.call("cache", "get", {"key": "9:7999"}).json()["found"])

    def test_a_snapshot_outlives_the_host(self):
        host = self.host('snapshot_every = "1h"')
        client = self.enter(host.client())
        self.assertEqual(host.log_lines("snapshot.loaded"), [])
        client.call("cache", "set_many", {
            "values": {f"{number}": number for number in range(1000)},
            "ttl_s": 1000, "tags": ["numbers"], "namespace": "n"})
        client.call("cache", "set", {"key": "free", "value": [1]})
        client.call("cache", "set", {"key": "brief", "value": 1, "ttl_s": 0.001})
        written = client.call("cache", "snapshot", {}).json()
        self.assertIn(written["entries"], (1001, 1002))  # one may be freed
        client.call("cache", "set", {"key": "later", "value": 1})
        host.stop(signal.SIGKILL)
        host.start()
        client = self.enter(host.client())
        self.assertEqual(client.call("cache", "get", {"key": "free"}).json()["value"], [1])
        for key in ("later", "brief"):
            self.assertFalse(client.call("cache", "get", {"key": key}).json()["found"])
        ttl = client.call("cache", "ttl", {"key": "7", "namespace": "n"}).json()["ttl_s"]
        self.assertTrue(900 < ttl < 1000, ttl)
        client.call("cache", "invalidate", {"tags": ["numbers"]})
        self.assertFalse(
            client.call("cache", "get", {"key": "7", "namespace": "n"}).json()["found"])
        # What a reload hands on is newer.
        host.noactl("reload", "--force", "cache")
        self.assertEqual(len(host.log_lines("snapshot.loaded")), 1)
        self.assertFalse(
            client.call("cache", "get", {"key": "7", "namespace": "n"}).json()["found"])

    def test_a_torn_snapshot_is_put_aside(self):
        host = self.host('snapshot_every = "1h"')
        client = self.enter(host.client())
        client.call("cache", "set", {"key": "a", "value": 1})
        client.call("cache", "snapshot", {})
        host.stop(signal.SIGKILL)
        file = next(host.state_dir.rglob("cache.snapshot"))
        os.truncate(file, file.stat().st_size - 1)
        host.start()
        client = self.enter(host.client())
        self.assertEqual(client.call("cache", "stats").json()["entries"], 0)
        self.assertIn("the snapshot is cut short", host.log_text())
        self.assertTrue(file.with_name("cache.snapshot.unusable").exists())
        client.call("cache", "snapshot", {})
        self.assertTrue(file.exists())

    def test_a_snapshot_is_written_by_itself(self):
        host = self.host('snapshot_every = "1s"')
        client = self.enter(host.client())
        client.call("cache", "set", {"key": "a", "value": 1})
        for _ in range(PATIENCE_S * 1000):
            metrics = client.call("cache", "metrics", {}).json()["agent"]
            if metrics["snapshots_total"]["value"] >= 1:
                break
        self.assertGreater(metrics["snapshot_bytes"]["value"], 0)
        self.assertEqual(len(list(host.state_dir.rglob("cache.snapshot"))), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
