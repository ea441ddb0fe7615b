#!/usr/bin/python3
"""The monitor agent through a real host: what the machine, the host and its agents tell, over time."""
import json
import re
import time
import unittest

from noa_host import PLUGINS, Host, Watcher, noa_client

QUICK = """
[agents.monitor.settings]
interval = "1s"
retention = "10min"
"""
LINE = re.compile(r'([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? '
                  r'(-?[0-9.]+(?:e[+-]?[0-9]+)?)')


def parse(text):
    """Prometheus's text format, strictly: {(name, labels): value}, and the type of each name."""
    values, types, helped = {}, {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == helped and name not in types, line
            assert kind in ("counter", "gauge", "histogram"), line
            assert kind != "counter" or name.endswith("_total"), line
            types[name] = kind
        else:
            match = LINE.fullmatch(line)
            parts = ("_bucket", "_count", "_sum") if types[helped] == "histogram" else ("",)
            assert match and match[1] in [helped + part for part in parts], line
            assert (match[1], match[2]) not in values, line
            values[match[1], match[2]] = float(match[3])
    assert text.endswith("\n")
    return values, types


class Monitor(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, config=QUICK):
        return self.enter(Host([PLUGINS / "monitor.so", PLUGINS / "heartbeat.so"], config))

    def until(self, host, client, wanted, **query):
        """The points of the first series, looked at after each round until they are as wanted."""
        points = []

        def look(_):
            try:
                series = client.call("monitor", "metrics.query", query).json()["series"]
            except noa_client.NoaError as error:  # before the first round there is no such name
                self.assertIn("there is no figure", str(error))
                return False
            points[:] = series[0]["points"] if series else []
            return bool(points) and wanted(points)

        with Watcher(host, "monitor.round") as rounds:
            rounds.until(look)
        return points

    def test_figures_of_machine_host_and_agents_are_kept_over_time(self):
        host = self.host()
        client = self.enter(host.client())
        handled = {"name": "noa_agent_messages_handled_total", "labels": {"agent": "heartbeat"}}
        [before] = self.until(host, client, lambda points: True, **handled)[:1]
        for _ in range(50):
            client.call("heartbeat", "list")
        points = self.until(host, client, lambda points: points[-1][1] >= before[1] + 50, **handled)
        self.assertEqual([point[0] for point in points], sorted(point[0] for point in points))
        self.assertLess(abs(points[-1][0] / 1000 - time.time()), 60)
        now = client.call("monitor", "metrics.now", {"labels": {"agent": "heartbeat"}}).json()
        names = {figure["name"]: figure["value"] for figure in now["figures"]}
        self.assertEqual((names["noa_agent_up"], names["noa_agent_health"]), (1, 0))
        self.assertTrue(any(name.startswith("noa_heartbeat_") for name in names), names)

    def test_everything_is_told_in_prometheus_text(self):
        host = self.host()
        client = self.enter(host.client())
        self.until(host, client, lambda points: len(points) >= 2, name="process_cpu_seconds_total")
        reply = client.call("monitor", "metrics.prometheus")
        values, types = parse(reply.body.decode())
        self.assertEqual(values["noa_agent_up", 'agent="heartbeat"'], 1)
        self.assertEqual(types["noa_system_cpu_seconds_total"], "counter")
        with open("/proc/meminfo") as meminfo:
            total = int(meminfo.readline().split()[1]) * 1024
        self.assertEqual(values["noa_system_memory_total_bytes", None], total)
        self.assertGreater(values["process_resident_memory_bytes", None], 1e6)

    def test_what_memory_has_no_more_is_read_from_the_disk(self):
        host = self.host(QUICK.replace('"10min"', '"2s"') + """
            [agents.monitor.settings.days]
            every = "1s"
            """)
        with host.client() as client:
            short = {"name": "noa_agent_up", "labels": {"agent": "monitor"}, "range": "2s"}
            points = self.until(host, client, lambda points: len(points) >= 5,
                                **{**short, "range": "1h"})
            self.assertEqual([at for at, _ in points], sorted({at for at, _ in points}))
            kept = client.call("monitor", "metrics.query", short).json()["series"][0]["points"]
            self.assertLessEqual(len(kept), 3)
        [file] = (host.state_dir / "agents/monitor/metrics").glob("metrics-*.jsonl")
        line = json.loads(file.read_text().splitlines()[0])
        self.assertEqual(set(line), {"at", "name", "type", "series"})
        told = host.json("metrics", "query", "noa_agent_up", "--range", "1d")
        self.assertGreaterEqual(min(len(one["points"]) for one in told["series"]), 5)

    def test_noactl_queries_and_exports(self):
        host = self.host()
        client = self.enter(host.client())
        self.until(host, client, lambda points: len(points) >= 2, name="noa_agent_up")
        query = ("metrics", "query", "noa_agent_up", "--label", "agent=heartbeat")
        out = host.noactl(*query, "--range", "5min")
        self.assertRegex(out, r"(?m)^agent=heartbeat +\d+ +1 +1 +1 +1 +1$")
        [series] = host.json(*query, "--step", "1h")["series"]
        self.assertIn(len(series["points"]), (1, 2))  # the hour may end meanwhile
        values, _ = parse(host.noactl("metrics", "export", "--prefix", "noa_agent_"))
        self.assertEqual(values["noa_agent_up", 'agent="heartbeat"'], 1)
        self.assertTrue(all(name.startswith("noa_agent_") for name, _ in values))
        figures = host.json("metrics", "export", "--prefix", "noa_agent_up")["figures"]
        self.assertEqual({figure["name"] for figure in figures}, {"noa_agent_up"})
        self.assertIn("noa_agent_up", host.noactl("complete", "metrics").split())
        self.assertEqual(host.noactl_run("metrics", "query", "x", "--label", "y").returncode, 2)

    def test_an_agent_that_is_stopped_is_down_and_the_history_outlives_a_reload(self):
        host = self.host()
        client = self.enter(host.client())
        up = {"name": "noa_agent_up", "labels": {"agent": "heartbeat"}}
        self.until(host, client, lambda points: points[-1][1] == 1, **up)
        host.noactl("stop", "heartbeat")
        self.until(host, client, lambda points: points[-1][1] == 0, **up)
        host.noactl("reload", "monitor", "--force")
        points = self.until(host, client, lambda points: True, **up)
        self.assertEqual((points[0][1], points[-1][1]), (1, 0))
        host.noactl("start", "heartbeat")
        self.until(host, client, lambda points: points[-1][1] == 1, **up)
        self.assertEqual(client.call("monitor", "health").json()["status"], "healthy")


if __name__ == "__main__":
    unittest.main(verbosity=2)
