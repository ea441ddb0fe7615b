#!/usr/bin/python3
"""The dashboard for Grafana: each of its queries, asked of a Prometheus that scrapes a real host."""
import json
import pathlib
import os
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from console_client import free_port
from noa_host import PATIENCE_S, PLUGINS, Host, Watcher

SOURCE = pathlib.Path(os.environ["SOURCE_ROOT"])
DASHBOARD = SOURCE / "packaging/grafana/noa.json"
SCRAPE = SOURCE / "packaging/prometheus/noa.yml"
PROMETHEUS = shutil.which("prometheus")
CONFIG = """
[agents.monitor.settings]
interval = "1s"
retention = "5min"
[agents.console.settings]
listen = ["tcp:127.0.0.1:{port}"]
"""
EMPTY_AT_REST = {"Alerts firing"}  # what may have no figure where nothing is wrong


def asked(port, path, **query):
    url = f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return json.load(answer)["data"]


@unittest.skipUnless(PROMETHEUS, "prometheus is not installed: apt install prometheus")
class Grafana(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def prometheus(self, target):
        folder = pathlib.Path(self.enter(tempfile.TemporaryDirectory()))
        config = SCRAPE.read_text().replace("127.0.0.1:9300", target).replace("10s", "1s")
        (folder / "prometheus.yml").write_text(config)
        port = free_port()
        process = self.enter(subprocess.Popen(
            [PROMETHEUS, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL))
        self.addCleanup(process.kill)
        return port

    def until_scraped(self, host, port, times):
        def scraped(_):
            try:
                found = asked(port, "/api/v1/query",
                              query="count_over_time(noa_host_uptime_seconds[1m])")["result"]
            except (OSError, urllib.error.URLError):  # it does not listen yet
                return False
            return bool(found) and int(found[0]["value"][1]) >= times

        with Watcher(host, "monitor.round") as rounds:
            rounds.until(scraped)

    def test_every_query_of_the_dashboard_finds_figures(self):
        web = free_port()
        plugins = [PLUGINS / f"{name}.so" for name in ("monitor", "console", "communication",
                                                      "heartbeat", "cache")]
        host = self.enter(Host(plugins, CONFIG.format(port=web)))
        host.noactl("messages", "send", "cache", "set", '{"key": "a", "value": 1}', "--id", "one")
        host.noactl("messages", "follow", "one")
        port = self.prometheus(f"127.0.0.1:{web}")
        self.until_scraped(host, port, 4)
        dashboard = json.loads(DASHBOARD.read_text())
        self.assertLessEqual(dashboard["schemaVersion"], 41)  # the classic model
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        asked_for = [(panel["title"], target["expr"]) for panel in dashboard["panels"]
                     for target in panel.get("targets", [])]
        self.assertGreater(len(asked_for), 20)
        for title, expression in asked_for:
            with self.subTest(panel=title):
                expression = expression.replace("$instance", ".*").replace("$agent", ".*")
                found = asked(port, "/api/v1/query", query=expression, time=time.time())["result"]
                self.assertTrue(found or title in EMPTY_AT_REST, expression)


if __name__ == "__main__":
    unittest.main(verbosity=2)
