#!/usr/bin/python3
"""Checks of agents: at their intervals, past their thresholds, in words, figures and CSV."""
import csv
import io
import json
import subprocess
import threading
import unittest

from noa_host import FIXTURES, NOACTL, Host, Watcher, noa_client

QUICK = ('[host.health]\ninterval = "20ms"\ntimeout = "200ms"\nthreshold = 2\n'
         '[host.heal]\nrestart = false\nsafe_restart = false\ngraceful_restart = false\n'
         '[agents.patient]\nprobation = "0s"\nqueue_size = 10\n'
         'settings.gate = "{gate}"\n')


def patient(config=""):
    host = Host([FIXTURES / "patient.so"])
    host.config_file.write_text(QUICK.format(gate=host.root / "gate") + config)
    return host


def watching(host):
    return Watcher(host, "host.health.patient")


def say(host, answer):
    host.noactl("call", "patient", "say", json.dumps(answer))


class Health(unittest.TestCase):
    def test_what_an_agent_says_is_noticed_and_so_is_its_recovery(self):
        with patient() as host, watching(host) as events:
            say(host, {"checks": [{"name": "disk", "status": "critical", "text": "full"}]})
            event = events.until(lambda event: event["to"] == "critical")
            self.assertEqual((event["from"], event["check"], event["text"]),
                             ("healthy", "disk", "full"))
            health = host.agent("patient")["health"]
            self.assertEqual(health["label"], "Critical Issues")
            [disk] = [check for check in health["checks"] if check["name"] == "disk"]
            self.assertGreaterEqual(disk["failures"], 2)
            say(host, {"checks": [{"name": "disk", "status": "healthy"}]})
            events.until(lambda event: event["to"] == "healthy")

    def test_what_a_new_generation_has_got_over_is_told_too(self):
        with patient() as host, watching(host) as events:
            say(host, {"checks": [{"name": "disk", "status": "critical"}]})
            events.until(lambda event: event["to"] == "critical")
            host.noactl("restart", "patient")
            events.until(lambda event: (event["from"], event["to"]) == ("critical", "healthy"))

    def test_a_check_has_a_threshold_of_its_own(self):
        config = 'health.disk.threshold = 1000\nhealth.disk.interval = "10ms"\n'
        with patient(config) as host, watching(host) as events:
            say(host, {"checks": [{"name": "disk", "status": "critical"},
                                  {"name": "peer", "status": "needs_repair"}]})
            event = events.until(lambda event: event["to"] != "healthy")
            self.assertEqual((event["check"], event["to"]), ("peer", "needs_repair"))

    def test_a_lane_that_does_not_answer_is_critical_until_it_does(self):
        with patient() as host, watching(host) as events:
            host.noactl("send", "patient", "block")
            event = events.until(lambda event: event["to"] == "critical")
            self.assertEqual(event["check"], "lane")
            self.assertIn("no answer within 200ms", event["text"])
            (host.root / "gate").touch()
            events.until(lambda event: event["to"] == "healthy")

    def test_a_full_inbox_is_noticed(self):
        config = 'health.lane.timeout = "10min"\nhealth.lane.critical = false\n'
        with patient(config) as host:
            host.noactl("send", "patient", "block")
            for _ in range(9):
                host.noactl("send", "patient", "add")
            answer = host.noactl_run("health", "patient", "--json")  # asked, it cannot answer
            self.assertEqual(answer.returncode, 1)
            checks = {check["name"]: check
                      for check in json.loads(answer.stdout)["agents"]["patient"]["checks"]}
            self.assertEqual(checks["inbox"]["status"], "needs_repair")
            self.assertEqual(checks["inbox"]["strategy"], "scale_up")
            (host.root / "gate").touch()

    def busy(self, host, *calls):
        """Goes on with these calls until it is told to stop."""
        stop = threading.Event()

        def go_on():
            with host.client() as client:
                while not stop.is_set():
                    for operation, body in calls:
                        try:
                            client.call("patient", operation, body)
                        except noa_client.NoaError:
                            pass

        thread = threading.Thread(target=go_on)
        thread.start()

        def end():
            stop.set()
            thread.join()
        return end

    def test_errors_are_noticed(self):
        with patient() as host, watching(host) as events:
            end = self.busy(host, ("fail", {}))
            event = events.until(lambda event: event["to"] == "needs_repair")
            end()
            self.assertEqual(event["check"], "errors")
            self.assertRegex(event["text"], r"(\d+) of \1 failed")

    def test_slowness_is_noticed(self):
        for run in ("thread", "process"):
            config = f'run = "{run}"\nhealth.latency.limit = "1ms"\n'
            with self.subTest(run=run), patient(config) as host, watching(host) as events:
                end = self.busy(host, ("work", 50))
                event = events.until(lambda event: event["to"] == "needs_repair")
                end()
                self.assertEqual(event["check"], "latency")
                self.assertRegex(event["text"], r"\d+ms at the (median|95th percentile) of \d+$")

    def test_the_words_are_those_of_people_and_the_json_is_for_programs(self):
        with patient() as host:
            self.assertIn("Healthy", host.noactl("health"))
            say(host, {"checks": [{"name": "peer", "status": "needs_repair", "text": "slow"}]})
            done = host.noactl_run("health")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, r"patient +Needs Repair")
            self.assertRegex(done.stdout, r"Needs Repair +peer +slow")
            report = host.noactl_run("health", "--report").stdout
            self.assertIn("patient: Needs Repair (running, version 1.0.0, generation 1)", report)
            self.assertIn("roll back", report)
            value = json.loads(host.noactl_run("health", "--json").stdout)
            self.assertEqual(value["status"], "needs_repair")
            self.assertEqual(value["agents"]["patient"]["label"], "Needs Repair")

    def test_the_analysis_is_csv_that_no_spreadsheet_runs(self):
        with patient() as host:
            say(host, {"checks": [{"name": "disk", "status": "critical",
                                   "text": '=cmd("x"),\n"y"'}]})
            file = host.root / "noa_agent_comprehensive_analysis.csv"
            host.noactl_run("health", "--csv", str(file))
            [row] = csv.DictReader(io.StringIO(file.read_bytes().decode()))
            self.assertEqual((row["agent"], row["status"], row["check"], row["check_status"]),
                             ("patient", "Critical Issues", "disk", "Critical Issues"))
            self.assertEqual(row["finding"], '\'=cmd("x"),\n"y"')
            self.assertEqual(row["strategy"], "restart")
            self.assertTrue(row["recommendation"])
            say(host, {})
            [row] = csv.DictReader(io.StringIO(host.noactl("health", "--csv", "-")))
            self.assertEqual((row["status"], row["check"]), ("Healthy", ""))

    def test_watched_it_is_shown_again_and_again(self):
        with patient() as host:
            watch = subprocess.Popen(
                [str(NOACTL), "--runtime-dir", str(host.runtime_dir), "health", "--watch", "10ms",
                 "--csv", "-"], stdout=subprocess.PIPE, text=True)
            for _ in range(3):
                self.assertTrue(watch.stdout.readline().startswith("agent,"))
                self.assertTrue(watch.stdout.readline().startswith("patient,"))
            watch.terminate()
            self.assertEqual(watch.wait(), 130)
            watch.stdout.close()
            self.assertEqual(host.noactl_run("health", "--watch", "often").returncode, 2)

    def test_what_failed_or_waits_is_critical_and_says_so(self):
        config = '[agents.top]\nplugin = "patient"\ndepends_on = ["patient"]\n'
        host = patient('settings.health = \'{"status": "critical"}\'\n' + config)
        with host:
            value = json.loads(host.noactl_run("health", "--json").stdout)
            self.assertEqual(value["agents"]["top"]["checks"][0]["strategy"], "dependency")
            self.assertEqual(value["status"], "critical")


if __name__ == "__main__":
    unittest.main(verbosity=2)
