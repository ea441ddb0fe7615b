#!/usr/bin/python3
"""noactl on a running host, and without one."""
import contextlib
import json
import shutil
import subprocess
import unittest

from noa_host import FIXTURES, NOACTL, PLUGINS, Host, Watcher


class Control(unittest.TestCase):
    def test_a_value_set_from_the_shell_is_read_by_python_and_back(self):
        with Host([PLUGINS / "cache.so"]) as host, host.client() as client:
            host.noactl("call", "cache", "set", '{"key":"greeting","value":"hello"}')
            self.assertEqual(client.call("cache", "get", {"key": "greeting"}).json()["value"],
                             "hello")
            client.call("cache", "set", {"key": "answer", "value": 42})
            self.assertEqual(json.loads(host.noactl("call", "cache", "get", '{"key":"answer"}'))
                             ["value"], 42)

    def test_agents_stop_start_and_stay_disabled_over_a_restart(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            host.noactl("stop", "echo-c")
            self.assertEqual(host.noactl_run("call", "echo-c", "echo", "1").returncode, 1)
            host.noactl("start", "echo-c")
            self.assertEqual(host.noactl("call", "echo-c", "echo", "1").strip(), "1")
            host.noactl("disable", "echo-c")
            host.stop()
            host.start()
            self.assertEqual(host.agent("echo-c")["state"], "stopped")
            host.noactl("enable", "echo-c")
            self.assertEqual(host.agent("echo-c")["state"], "running")

    def test_the_log_format_of_the_command_line_stays_over_the_configuration(self):
        with Host([FIXTURES / "echo-c.so"], '[host.log]\nformat = "text"\n') as host:
            host.noactl("reload", "--force")
            lines = host.log_text().splitlines()
            self.assertGreater(len(lines), 2)
            self.assertEqual([line for line in lines if not line.startswith("{")], [])

    def test_restart_makes_a_new_generation(self):
        with Host([FIXTURES / "echo-c.so", FIXTURES / "slow.so"]) as host:
            host.noactl("restart", "--all")
            self.assertEqual(host.generation("echo-c"), 2)
            self.assertEqual(host.generation("slow"), 2)

    def test_a_subscriber_at_the_shell_sees_what_is_published(self):
        with Host([FIXTURES / "echo-c.so"]) as host, Watcher(host, "ready.>"):
            follow = subprocess.Popen(
                [str(NOACTL), "--runtime-dir", str(host.runtime_dir), "subscribe", "test.*",
                 "--count", "1", "--json"], stdout=subprocess.PIPE, text=True)
            while '"accepted": 0' in (said := host.noactl("publish", "test.one", '{"n":1}',
                                                          "--json")) or '"accepted":0' in said:
                pass
            out, _ = follow.communicate(timeout=60)
            self.assertIn("test.one", out)

    def test_errors_say_what_to_do(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            done = host.noactl_run("call", "nobody", "echo", "1")
            self.assertEqual(done.returncode, 1)
            self.assertIn("nobody", done.stderr)
            self.assertIn("noactl agents", done.stderr)
            done = host.noactl_run("call", "echo-c", "no_such_operation", "1")
            self.assertEqual(done.returncode, 1)
            done = host.noactl_run("call", "echo-c", "echo", "{not json")
            self.assertEqual(done.returncode, 2)

    def test_without_a_host_it_says_so(self):
        done = subprocess.run([str(NOACTL), "--runtime-dir", "/nonexistent", "status"],
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn("/nonexistent/control.sock", done.stderr)

    def test_a_second_host_on_the_same_directories_is_refused(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            second = subprocess.run(list(map(str, host.command())), capture_output=True, text=True,
                                    check=False, timeout=60)
            self.assertEqual(second.returncode, 3)
            self.assertIn(str(host.process.pid), second.stderr)
            self.assertEqual(host.noactl("call", "echo-c", "echo", "1").strip(), "1")

    def test_every_data_verb_speaks_json(self):
        with Host([PLUGINS / "cache.so", PLUGINS / "heartbeat.so"]) as host:
            for verb in (["status"], ["agents"], ["agent", "cache"], ["describe"], ["health"],
                         ["describe", "cache"], ["plugins"], ["plan"], ["config", "explain"],
                         ["manifest", "export"], ["check", "--host"], ["top", "--once"],
                         ["log", "-n", "5"], ["version"]):
                done = host.noactl_run(*verb, "--json")
                self.assertTrue(done.stdout.strip(), (verb, done.stderr))
                for text in ([done.stdout] if verb[0] != "log" else done.stdout.splitlines()):
                    json.loads(text)

    def test_log_level_changes_while_running(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            host.noactl("log-level", "debug")
            host.noactl("log-level", "warning", "echo-c")
            self.assertEqual(host.noactl_run("log-level", "loud").returncode, 2)

    def test_explain_knows_the_agents_that_no_file_names(self):
        with Host([PLUGINS / "cache.so"]) as host:
            [key] = host.json("config", "explain", "agents.cache.queue_size")["keys"]
            self.assertEqual((key["value"], key["origin"]), (10000, "default"))

    def test_a_manifest_goes_out_and_in(self):
        with Host([PLUGINS / "cache.so"]) as host:
            exported = host.noactl("manifest", "export")
            path = host.root / "manifest.json"
            path.write_text(exported)
            host.noactl("manifest", "validate", str(path))
            host.noactl("manifest", "import", str(path))
            self.assertEqual(host.agent("cache")["state"], "running")

    def test_a_manifest_makes_an_empty_host_the_same_secrets_by_reference(self):
        config = ('[agents.first]\nplugin = "slow"\nqueue_size = 77\nordered = true\n'
                  'task_timeout = "7s"\nquiesce_timeout = "70ms"\nstart_timeout = "9s"\n'
                  'depends_on = ["slow"]\ncapabilities = ["a.b"]\nlog_level = "debug"\n'
                  '[agents.first.settings]\ndeep = { list = [1, { x = "y" }] }\n'
                  'token = { secret = "env:A_TOKEN" }\n')
        secret = {"A_TOKEN": "hush-hush"}
        first = Host([FIXTURES / "slow.so"], config)
        second = Host([FIXTURES / "slow.so"])
        with contextlib.ExitStack() as hosts:
            for host in (first, second):
                hosts.callback(shutil.rmtree, host.root, ignore_errors=True)
                hosts.callback(host.stop)
                host.start(secret)
            path = first.root / "manifest.json"
            first.noactl("manifest", "export", str(path))
            self.assertNotIn("hush-hush", path.read_text())
            second.noactl("manifest", "validate", str(path))
            second.noactl("manifest", "import", str(path))
            manifests = [json.loads(host.noactl("manifest", "export")) for host in (first, second)]
            self.assertEqual(manifests[0], manifests[1])
            resolved = [{key["key"]: key["value"] for key in host.json("config", "explain")["keys"]
                         if key["key"].startswith("agents.first.")} for host in (first, second)]
            self.assertEqual(resolved[0], resolved[1])
            self.assertEqual(resolved[0]["agents.first.task_timeout"], "7s")
            self.assertEqual(*(host.agent("first")["identity"] for host in (first, second)),
                             "the secret's value counts, and is the same")


if __name__ == "__main__":
    unittest.main(verbosity=2)
