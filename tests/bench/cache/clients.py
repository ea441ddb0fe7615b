"""Requests of 50 clients: redis-benchmark, and one client for all three servers, in turns."""
import contextlib
import csv
import statistics
import subprocess

import servers


def by_redis_benchmark(server, where, test, pipeline, requests):
    place = ["-s", server.socket] if where == "unix" else ["-p", str(server.port)]
    done = subprocess.run(
        ["redis-benchmark", *place, "-t", test, "-c", "50", "-P", str(pipeline), "-n",
         str(requests), "-r", "100000", "-d", "100", "--csv"], check=True, capture_output=True,
        text=True)
    row = list(csv.DictReader(done.stdout.splitlines()))[-1]
    return {"rate": float(row["rps"]), "p99_ms": float(row["p99_latency_ms"])}


def by_load(server, where, test, pipeline, requests, build_dir):
    done = server.load(build_dir, test, where, clients=50, pipeline=pipeline, requests=requests,
                       keys=100_000)
    if done["errors"] or done["wrong"] or done["dropped"]:
        raise SystemExit(f"{server.name}: {done}")
    return {"rate": done["rate"], "p99_ms": done["p99_us"] / 1000}


def with_cpu(server, requests, run):
    before = server.cpu_s()
    figures = run()
    figures["cpu_us"] = (server.cpu_s() - before) / requests * 1e6
    return figures


def median(rounds):
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def row(running, name, rounds, requests, run):
    results = {server.name: [] for server in running}
    for _ in range(rounds):
        for server in running:
            results[server.name].append(with_cpu(server, requests, lambda: run(server)))
    return {"name": name, **{who: median(of) for who, of in results.items()}}


def rows(build_dir, rounds, requests, only=""):
    """One for each client, socket, operation and pipeline; with a pipeline, ten times as many."""
    table = []
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(kind()) for kind in servers.installed()]
        redis_like = [server for server in running if server.wire == "resp"]
        for client, where, pipeline, test in (
                (client, where, pipeline, test)
                for client, where in (("redis-benchmark", "unix"), ("redis-benchmark", "tcp"),
                                      ("load", "unix"))
                for pipeline in (1, 16) for test in ("set", "get")):
            name = f"{client} {where} {test} P{pipeline}"
            count = requests * (10 if pipeline > 1 else 1)
            if only not in name or (client == "redis-benchmark" and len(redis_like) < 2):
                continue
            if client == "redis-benchmark":
                table.append(row(redis_like, name, rounds, count,
                                 lambda server: by_redis_benchmark(server, where, test, pipeline,
                                                                   count)))
            else:
                table.append(row(running, name, rounds, count,
                                 lambda server: by_load(server, where, test, pipeline, count,
                                                        build_dir)))
    return table
