#!/usr/bin/python3
"""Configuration is edited while the host runs."""
import unittest

from noa_host import FIXTURES, PLUGINS, Host, Watcher


class Config(unittest.TestCase):
    def test_editing_one_agent_reloads_that_agent_only(self):
        with Host([FIXTURES / "echo-c.so", PLUGINS / "cache.so"]) as host, \
                Watcher(host, "host.agent.>") as events:
            host.configure('[agents.echo-c.settings]\nprefix = ">"\n')
            events.action("echo-c", "reloaded")
            self.assertEqual(host.generation("echo-c"), 2)
            self.assertEqual(host.generation("cache"), 1)

    def test_a_syntax_error_names_line_and_column_and_changes_nothing(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            host.configure('[agents.echo-c.settings]\nprefix = = 1\n')
            line = host.log_until("config.refused")
            self.assertIn("50-test.toml:2:10", line["reason"])
            self.assertEqual(host.generation("echo-c"), 1)
            done = host.noactl_run("plan")
            self.assertEqual(done.returncode, 1)
            self.assertIn("50-test.toml:2:10", done.stderr)

    def test_settings_against_the_plugins_schema_are_refused_whole(self):
        with Host([PLUGINS / "cache.so", FIXTURES / "echo-c.so"]) as host:
            host.configure('[agents.cache.settings]\nmax_entries = "many"\n'
                           '[agents.echo-c.settings]\nprefix = ">"\n')
            line = host.log_until("config.refused")
            self.assertIn("50-test.toml:2", line["reason"])
            self.assertIn("max_entries", line["reason"])
            self.assertEqual(host.generation("cache"), 1)
            self.assertEqual(host.generation("echo-c"), 1)

    def test_an_identical_file_is_a_no_op(self):
        text = '[agents.echo-c.settings]\nprefix = ">"\n'
        with Host([FIXTURES / "echo-c.so"], text) as host:
            beside = host.root / "same.toml"
            beside.write_text(text)
            beside.rename(host.config_file)
            host.noactl("reload")
            self.assertEqual(host.generation("echo-c"), 1)

    def test_a_limit_is_retuned_without_a_new_generation(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            host.configure("[agents.echo-c]\nqueue_size = 7\n")
            host.log_until("agent.retuned", agent="echo-c")
            self.assertEqual(host.agent("echo-c")["queue_size"], 7)
            self.assertEqual(host.generation("echo-c"), 1)

    def test_plan_shows_and_does_not_do(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            host.stop()
            host.configure('[agents.two]\nplugin = "echo-c"\n')
            host.start()
            self.assertEqual({agent["name"] for agent in host.json("agents")}, {"echo-c", "two"})
            plan = host.json("plan")
            self.assertEqual({agent["action"] for agent in plan["agents"]}, {"keep"})

    def test_a_refused_start_is_said_and_the_rest_serves(self):
        config = '[agents.start_fails_on_flag]\nrestart.max = 0\nsettings.fail = true\n'
        with Host([FIXTURES / "start_fails_on_flag.so", FIXTURES / "echo-c.so"], config) as host:
            self.assertEqual(host.agent("start_fails_on_flag")["state"], "failed")
            self.assertEqual(host.noactl("call", "echo-c", "echo", "1").strip(), "1")

    def test_a_new_generation_that_does_not_start_leaves_the_old_one(self):
        with Host([FIXTURES / "start_fails_on_flag.so"]) as host, \
                Watcher(host, "host.agent.>") as events:
            host.configure('[agents.start_fails_on_flag.settings]\nfail = true\n')
            events.action("start_fails_on_flag", "failed")
            agent = host.agent("start_fails_on_flag")
            self.assertEqual((agent["state"], agent["generation"]), ("running", 1))

    def test_environment_overrides_the_files(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            host.stop()
            host.start({"NOA_AGENTS_ECHO_C_QUEUE_SIZE": "5"})
            agent = host.agent("echo-c")
            self.assertEqual(agent["queue_size"], 5)
            self.assertIn("NOA_AGENTS_ECHO_C_QUEUE_SIZE",
                          agent["origins"]["agents.echo-c.queue_size"])

    def test_a_secret_reaches_the_agent_and_nobody_else(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            secret = host.root / "token"
            secret.write_text("hunter2-secret\n")
            secret.chmod(0o600)
            host.stop()
            host.configure('[agents.echo-c.settings]\n'
                           f'prefix = {{ secret = "file:{secret}" }}\n')
            host.start()
            self.assertEqual(host.agent("echo-c")["state"], "running")
            for shown in (host.noactl("agent", "echo-c", "--json"), host.noactl("plan", "--json"),
                          host.noactl("manifest", "export"), host.log_text(),
                          host.noactl("config", "explain")):
                self.assertNotIn("hunter2", shown)


if __name__ == "__main__":
    unittest.main(verbosity=2)
