"""A million entries: what they take, their common end, a reload under load; and a stampede."""
import statistics
import threading
import time

import servers

KEY_BYTES, VALUE_BYTES = 16, 100


def fill(server, build_dir, entries, end_ms=0):
    done = server.load(build_dir, "fill", clients=8, pipeline=64, requests=entries, keys=entries,
                       bytes=VALUE_BYTES, end_ms=end_ms)
    if done["errors"] or done["dropped"] or server.entries() != entries:
        raise SystemExit(f"{server.name}: {done}, {server.entries()} entries")


def bytes_an_entry(build_dir, entries):
    """By the memory of the process; each server anew."""
    table = []
    for kind in servers.installed():
        row = {"name": kind.name}
        for name, lives_s in (("no_ttl", 0), ("ttl", 3600)):
            with kind() as server:
                before = server.rss()
                fill(server, build_dir, entries, int((time.time() + lives_s) * 1000) if lives_s else 0)
                row[name] = (server.rss() - before) / entries
        table.append(row)
    return table


def until_ms(unix_ms):
    """No event tells that an instant has come."""
    time.sleep(max(0.0, unix_ms / 1000 - time.time()))


def common_end(build_dir, entries):
    """All end at one instant; a client looks meanwhile, one request at a time."""
    table = []
    for kind in servers.installed():
        with kind() as server:
            empty = server.rss()
            end_ms = (int(time.time()) + max(4, entries // 100_000)) * 1000
            fill(server, build_dir, entries, end_ms)
            full = server.rss()
            seen = {}
            until_ms(end_ms - 500)
            watcher = threading.Thread(target=lambda: seen.update(
                server.load(build_dir, "get", clients=1, seconds=3, keys=1000)))
            watcher.start()
            row = {"name": server.name}
            for after_ms in (1000, 3000):
                until_ms(end_ms + after_ms)
                row[f"left_{after_ms}ms"] = server.entries() / entries
                row[f"memory_{after_ms}ms"] = (server.rss() - empty) / (full - empty)
            watcher.join()
            row["longest_wait_ms"] = seen["max_us"] / 1000
            table.append(row)
    return table


def reloads(build_dir, entries, times):
    """Of noa: the longest wait of 50 clients in a second with a reload, and in one without."""
    waits, quiet, checked, wanted = [], [], 0, ("errors", "absent", "wrong", "dropped")
    bad = dict.fromkeys(wanted, 0)
    with servers.Noa() as server:
        fill(server, build_dir, entries)
        for number in range(times * 2):
            seen = {}
            order = {"clients": 50, "seconds": 1.5, "keys": entries, "seed": number + 1}
            watcher = threading.Thread(target=lambda: seen.update(
                server.load(build_dir, "get", **order)))
            watcher.start()
            if number % 2:
                server.host.noactl("reload", "--force", "cache")
            watcher.join()
            (waits if number % 2 else quiet).append(seen["max_us"] / 1000)
            checked += seen["requests"]
            for name in wanted:
                bad[name] += seen[name]
        bad["entries lost"] = entries - server.entries()
    return {"entries": entries, "reloads": times, "requests": checked, **bad,
            "wait_ms": statistics.median(waits), "longest_wait_ms": max(waits),
            "without_ms": statistics.median(quiet)}


def stampede(callers):
    """How many of them are told to load a key that is not there."""
    with servers.Noa() as server, server.host.client() as asking, server.host.client() as other:
        import noa_client  # pylint: disable=import-outside-toplevel
        body = noa_client.to_body({"key": "missed"})[0]
        for _ in range(callers):
            asking._send(noa_client.REQUEST, to="cache", subject="get_or_load", body=body,
                         content_type=noa_client.JSON, timeout_ms=60_000)
        first = asking._receive(60).json()
        other.call("cache", "set", {"key": "missed", "value": 42, "lease": first["lease"]})
        answers = [asking._receive(60).json() for _ in range(callers - 1)]
        loads = 1 + sum("lease" in answer for answer in answers)
        if any(answer.get("value") != 42 for answer in answers):
            raise SystemExit(f"stampede: {answers}")
        return {"callers": callers, "loads": loads}
