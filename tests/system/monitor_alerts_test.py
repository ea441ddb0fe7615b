#!/usr/bin/python3
"""Alerts of the monitor agent through a real host: told, silenced, over; through reloads and crashes."""
import json
import shutil
import signal
import subprocess
import unittest

from noa_host import PLUGINS, Host, Watcher

STOPPED = """
[agents.monitor.settings]
interval = "1s"
retention = "5min"
shipped_rules = false
[[agents.monitor.settings.rules]]
name = "Stopped"
expression = "noa_agent_stopped == 1"
keep = "0s"
cooldown = "1s"
severity = "critical"
summary = "{{ $labels.agent }} was stopped"
"""
SHIPPED = STOPPED.replace("shipped_rules = false", "shipped_rules = true")
PROMTOOL = shutil.which("promtool")
NO_PROMTOOL = "promtool is not installed: apt install prometheus"


class MonitorAlerts(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, config=STOPPED):
        return self.enter(Host([PLUGINS / "monitor.so", PLUGINS / "heartbeat.so"], config))

    def firing(self, host):
        return [(alert["rule"], alert["labels"]) for alert in
                host.json("alerts", "list", "--state", "firing")["alerts"]]

    def rounds(self, host, count):
        with Watcher(host, "monitor.round") as rounds:
            for _ in range(count):
                rounds.until(lambda _: True)

    def test_an_alert_is_told_once_and_told_to_be_over(self):
        host = self.host()
        with Watcher(host, "monitor.alert.Stopped") as told:
            host.noactl("stop", "heartbeat")
            event = told.until(lambda event: True)
            self.assertEqual((event["status"], event["severity"]), ("firing", "critical"))
            [alert] = event["alerts"]
            self.assertEqual(alert["labels"], {"agent": "heartbeat"})
            self.assertEqual(alert["summary"], "heartbeat was stopped")
            self.assertEqual(self.firing(host), [("Stopped", {"agent": "heartbeat"})])
            self.assertRegex(host.noactl("alerts", "list"),
                             r"(?m)^Stopped +agent=heartbeat +critical +firing ")
            self.rounds(host, 2)
            host.noactl("start", "heartbeat")
            event = told.until(lambda event: True)  # the next one: it was told once
            self.assertEqual(event["status"], "resolved")
            self.assertGreaterEqual(event["alerts"][0]["resolved"], event["alerts"][0]["since"])
        self.assertEqual(self.firing(host), [])
        lines = [line["text"] for line in host.log_lines("alert.fires")]
        self.assertEqual(lines, ["Stopped fires: heartbeat was stopped"])

    def test_what_happens_between_two_rounds_is_told_at_once(self):
        host = self.host(STOPPED.replace('"1s"\nret', '"1h"\nret').replace('"5min"', '"2h"'))
        with Watcher(host, "monitor.alert.Stopped") as told:
            host.noactl("stop", "heartbeat")
            self.assertEqual(told.until(lambda event: True)["status"], "firing")

    def test_a_silence_outlives_a_crash_and_holds_back_until_it_ends(self):
        host = self.host()
        out = host.noactl("alerts", "silence", "Stopped", "--label", "agent=heartbeat", "--for", "1h",
                          "--comment", "at work")
        self.assertEqual(out, "silence 1\n")
        host.noactl("reload", "monitor", "--force")
        host.noactl("disable", "heartbeat")
        self.rounds(host, 2)
        [alert] = host.json("alerts", "list")["alerts"]
        self.assertEqual((alert["state"], alert["silence"], alert["told"]), ("firing", "1", False))
        host.noactl("alerts", "silence", "--label", "agent=nobody")
        with Watcher(host, "monitor.round") as rounds:
            rounds.until(lambda _: (host.state_dir / "agents/monitor/alerts.json").exists() and
                         "nobody" in (host.state_dir / "agents/monitor/alerts.json").read_text())
        host.stop(signal.SIGKILL)
        host.start()
        silences = host.json("alerts", "list")["silences"]
        self.assertEqual([(one["id"], one["rule"], one["labels"], one["comment"]) for one in silences],
                         [("1", "Stopped", {"agent": "heartbeat"}, "at work"),
                          ("2", "", {"agent": "nobody"}, "")])
        with Watcher(host, "monitor.alert.Stopped") as told:
            host.noactl("alerts", "unsilence", "1")
            self.assertEqual(told.until(lambda event: True)["status"], "firing")
        self.assertEqual(host.noactl_run("alerts", "unsilence", "1").returncode, 1)
        self.assertEqual(host.noactl_run("alerts", "silence").returncode, 1)

    def test_what_was_told_is_not_told_again_after_a_reload_and_is_over(self):
        host = self.host()
        with Watcher(host, "monitor.alert.Stopped") as told:
            host.noactl("stop", "heartbeat")
            told.until(lambda event: event["status"] == "firing")
            host.noactl("reload", "monitor", "--force")
            self.rounds(host, 2)
            host.noactl("start", "heartbeat")
            self.assertEqual(told.until(lambda event: True)["status"], "resolved")

    def test_a_damaged_record_is_put_aside(self):
        host = self.host()
        self.rounds(host, 1)
        host.stop()
        record = host.state_dir / "agents/monitor/alerts.json"
        self.assertTrue(record.exists())
        record.write_text('{"version": 1, "alerts": [')
        host.start()
        self.rounds(host, 1)
        self.assertEqual(self.firing(host), [])
        self.assertTrue((record.parent / "alerts.json.damaged").exists())
        self.assertTrue(host.log_lines("alerts.record_damaged"))

    def test_rules_are_tried_on_figures_from_a_file(self):
        host = self.host(SHIPPED)
        figures = host.root / "figures.json"
        figures.write_text(json.dumps({"interval": "10s", "series": [
            {"name": "noa_agent_up", "labels": {"agent": "cache"}, "values": "1x5 0x40 1x10"}]}))
        steps = host.json("alerts", "test", str(figures))["steps"]
        self.assertEqual([(step["at_s"], step["rule"], step["state"]) for step in steps
                          if step["told"]],
                         [(360, "AgentDown", "firing"), (490, "AgentDown", "resolved")])
        self.assertIn("cache has been down", host.noactl("alerts", "test", str(figures), "AgentDown"))
        self.assertEqual(host.noactl("alerts", "test", str(figures), "Stopped"), "no alert fires\n")
        self.assertEqual(self.firing(host), [])
        for bad, code in (("[]", 2), ("{", 2), ('{"series": [{"name": "a", "values": "x"}]}', 1)):
            figures.write_text(bad)
            self.assertEqual(host.noactl_run("alerts", "test", str(figures)).returncode, code, bad)

    def test_rules_that_make_no_sense_are_refused_with_their_place(self):
        host = self.host()
        for bad, place in (('expression = "a >"', "/rules/0/expression: column 4"),
                           ('expression = "1 > 2"', "/rules/0/expression: column"),
                           ('expression = "a > 1"\nsummary = "{{ x }}"', "/rules/0/summary"),
                           ('expression = "a > 1"\nfor = "2d"', "/rules/0/for")):
            host.configure(f'[[agents.monitor.settings.rules]]\nname = "a"\n{bad}\n')
            done = host.noactl_run("plan")
            self.assertNotEqual(done.returncode, 0, bad)
            self.assertIn(place, done.stdout + done.stderr)

    def test_rules_are_listed_and_one_of_a_shipped_name_takes_its_place(self):
        host = self.host(SHIPPED.replace('"Stopped"', '"AgentDown"'))
        rules = {rule["name"]: rule for rule in host.json("alerts", "rules")["rules"]}
        self.assertEqual(rules["AgentDown"]["expression"], "noa_agent_stopped == 1")
        self.assertEqual(rules["HighErrorRate"]["severity"], "critical")
        self.assertIn("HighErrorRate", host.noactl("complete", "alerts").split())
        self.assertIn("- alert: HighCpu\n", host.noactl("alerts", "rules", "--prometheus"))

    @unittest.skipUnless(PROMTOOL, NO_PROMTOOL)
    def test_promtool_takes_the_rules_and_judges_as_they_do(self):
        host = self.host(SHIPPED)
        (host.root / "rules.yml").write_text(host.noactl("alerts", "rules", "--prometheus"))
        self.promtool(host, "check", "rules", "rules.yml")
        # Where the same figures bring Prometheus to fire, and where not: 30 s before, and after.
        (host.root / "test.yml").write_text("""
rule_files: [rules.yml]
evaluation_interval: 10s
tests:
  - interval: 10s
    input_series:
      - {series: 'noa_agent_up{agent="cache"}', values: '1x5 0x40 1x10'}
      - {series: 'noa_agent_inbox_depth{agent="cache"}', values: '1000x5 1001x60'}
    alert_rule_test:
      - {eval_time: 350s, alertname: AgentDown, exp_alerts: []}
      - eval_time: 360s
        alertname: AgentDown
        exp_alerts:
          - exp_labels: {agent: cache, severity: critical}
            exp_annotations: {summary: cache has been down for 5 minutes}
      - eval_time: 370s
        alertname: HighTaskQueueDepth
        exp_alerts:
          - exp_labels: {agent: cache, severity: warning}
            exp_annotations: {summary: 1001 messages wait for cache}
""")
        self.promtool(host, "test", "rules", "test.yml")

    @unittest.skipUnless(PROMTOOL, NO_PROMTOOL)
    def test_promtool_takes_the_figures(self):
        host = self.host()
        self.rounds(host, 1)
        self.promtool(host, "check", "metrics", stdin=host.noactl("metrics", "export"))

    def promtool(self, host, *args, stdin=None):
        done = subprocess.run([PROMTOOL, *args], cwd=host.root, input=stdin, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
