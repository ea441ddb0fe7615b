#!/usr/bin/python3
"""noactl config: documents, and the host's own configuration, set, explained and taken back."""
import json
import os
import stat
import subprocess
import unittest

from noa_host import NOACTL, PATIENCE_S, PLUGINS, Host, Watcher


class ConfigVerbs(unittest.TestCase):
    def setUp(self):
        self.host = Host([PLUGINS / "config.so", PLUGINS / "cache.so"])
        self.host.__enter__()
        self.addCleanup(self.host.__exit__, None, None, None)
        self.file = self.host.root / "input.json"

    def noactl(self, *args, **more):
        return self.host.noactl("config", *args, **more)

    def refused(self, *args):
        done = self.host.noactl_run("config", *args)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def settings(self):
        return self.host.agent("cache")["settings"]

    def edit(self, file, text):
        """As editors do: half of a text is never there."""
        beside = file.with_name(".beside")
        beside.write_text(text)
        beside.rename(file)

    def test_values_of_documents(self):
        self.noactl("set", "app.pool.size", "5", "--reason", "more")
        self.noactl("set", "app.name", "blue")
        self.noactl("set", 'app."a.b"', '{"c": true}', "--layer", "staging")
        self.assertEqual(json.loads(self.noactl("get", "app")),
                         {"name": "blue", "pool": {"size": 5}})
        self.assertEqual(self.noactl("get", "app.pool.size"), "5\n")
        self.assertEqual(json.loads(self.noactl("get", "app", "--environment", "staging")),
                         {"name": "blue", "pool": {"size": 5}, "a.b": {"c": True}})
        self.assertIn("would be changed", self.noactl("set", "app.name", "red", "--dry-run"))
        self.noactl("unset", "app.name")
        self.assertIn("there is nothing", self.refused("get", "app.name"))
        self.assertIn("names with dots between", self.refused("get", "app..x"))
        self.assertRegex(self.noactl("list"), r"app +base +3")
        self.assertRegex(self.noactl("environments"), r"production +0 +in use")
        self.assertRegex(self.noactl("explain", "app"), r"/pool/size +5 +base")

    def test_versions_and_the_way_back(self):
        for size in range(3):
            self.noactl("set", "app.size", str(size))
        self.assertEqual(len(self.noactl("history", "app").splitlines()), 4)
        self.assertIn("replace /size 2", self.noactl("diff", "app"))
        self.noactl("rollback", "app", "--to", "1", "--reason", "it was better")
        self.assertEqual(self.noactl("get", "app.size"), "0\n")
        self.assertIn("it was better", self.noactl("audit", "app"))
        self.assertIn("whole: 4 entries", self.noactl("audit", "--verify"))

    def test_a_watch_leaves_nothing_out(self):
        for size in range(3):
            self.noactl("set", "app.size", str(size))
        lines = self.noactl("watch", "app", "--since", "0", "--count", "3", "--json").splitlines()
        self.assertEqual([json.loads(line)["revision"] for line in lines], [1, 2, 3])

    def test_files_in_and_out(self):
        self.noactl("set", "app.size", "1")
        self.file.write_text('{"type": "object", "properties": {"size": {"type": "integer"}}}')
        self.noactl("schema", "app", str(self.file))
        self.file.write_text('{"size": "x"}')
        self.assertIn("/size: expected integer", self.refused("validate", "app", str(self.file)))
        self.file.write_text('{"size": 1, "size": 2}')
        self.assertIn("is there twice", self.refused("validate", "app", str(self.file)))
        self.assertIn("size = 1", self.noactl("export", "--layer", "base", "--format", "toml"))
        self.assertIn('"size": 1', self.noactl("export", "--format", "yaml"))
        toml = self.host.root / "input.toml"
        toml.write_text("[base.app]\nsize = 2\n[base.other]\nx = [1, 2]\n")
        self.assertIn("would be changed", self.noactl("import", str(toml), "--dry-run"))
        self.noactl("import", str(toml))
        self.assertEqual(json.loads(self.noactl("get", "other")), {"x": [1, 2]})
        toml.write_text("[base.app]\nsize = 'x'\n[base.third]\n")
        self.assertIn("expected integer", self.refused("import", str(toml)))
        self.assertIn("there is nothing", self.refused("get", "third"))

    def test_templates_are_filled_in(self):
        self.file.write_text('{"parameters": {"n": {"default": 1}}, "value": {"size": "${n}"}}')
        self.noactl("template", "pool", str(self.file))
        self.assertEqual(json.loads(self.noactl("template", "pool", "--with", '{"n": 7}')),
                         {"size": 7})

    def test_an_editor_changes_a_document(self):
        self.noactl("set", "app.size", "1")
        editor = self.host.root / "editor"
        editor.write_text("#!/bin/sh\nsed -i 's/1/2/' \"$1\"\n")
        editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
        subprocess.run([str(NOACTL), "--runtime-dir", str(self.host.runtime_dir), "config", "edit",
                        "app"], env={**os.environ, "VISUAL": str(editor)}, check=True,
                       timeout=PATIENCE_S, capture_output=True)
        self.assertEqual(self.noactl("get", "app.size"), "2\n")

    def test_the_hosts_configuration_is_set_applied_and_taken_back(self):
        self.noactl("set", "agents.cache.settings.max_memory", "32MiB", "--reason", "small")
        self.assertEqual(self.settings()["max_memory"], "32MiB")
        self.assertIn("45-config.toml",
                      self.noactl("explain", "agents.cache.settings.max_memory"))
        self.noactl("set", "agents.cache.settings.max_memory", "16MiB")
        self.assertIn("small", self.noactl("history", "host"))
        self.noactl("rollback", "host")
        self.assertEqual(self.settings()["max_memory"], "32MiB")
        self.noactl("unset", "agents.cache.settings.max_memory")
        self.assertNotIn("max_memory", self.settings())
        self.assertIn("was not set by noactl config", self.refused("unset", "host.log.level"))

    def test_what_the_host_does_not_take_changes_nothing(self):
        generation = self.host.generation("cache")
        for key, value in (("agents.cache.settings.max_memory", "7"),
                           ("agents.cache.settings.max_memory", "1B"),
                           ("agents.cache.queue_size", "-1"), ("host.nonsense", "1"),
                           ("agents.cache.depends_on", '["nobody"]')):
            with self.subTest(key=key, value=value):
                self.refused("set", key, value)
                self.assertFalse((self.host.state_dir / "conf.d/45-config.toml").exists())
        self.assertEqual(self.host.generation("cache"), generation)
        self.assertIn('"changes"', self.noactl(
            "set", "agents.cache.queue_size", "77", "--dry-run", "--json"))
        self.assertFalse((self.host.state_dir / "conf.d/45-config.toml").exists())

    def test_drift_is_told_and_put_back_when_asked_for(self):
        self.noactl("set", "agents.cache.settings.max_memory", "32MiB")
        file = self.host.state_dir / "conf.d/45-config.toml"
        self.edit(file, file.read_text().replace("32MiB", "24MiB"))
        done = self.host.noactl_run("config", "drift")
        self.assertEqual(done.returncode, 1)
        self.assertIn("24MiB", done.stdout)
        self.assertIn("put back", self.noactl("drift", "--heal"))
        self.assertEqual(self.settings()["max_memory"], "32MiB")
        self.assertIn("as recorded", self.noactl("drift"))

    def test_the_hosts_own_file_is_told_of_and_put_back_where_its_policy_says_so(self):
        self.noactl("set", "agents.cache.settings.max_memory", "32MiB")
        file = self.host.state_dir / "conf.d/45-config.toml"
        recorded = file.read_text()
        with Watcher(self.host, "config.drift.host") as events:
            self.edit(file, recorded.replace("32MiB", "24MiB"))
            told = events.until(lambda event: event["state"] == "drifted")
            self.assertEqual([step["value"] for step in told["patch"]], ["24MiB"])
            self.host.noactl("reload")  # what is told may be in force a moment later
            self.assertEqual(self.settings()["max_memory"], "24MiB")
            self.noactl("drift", "--heal")
            self.file.write_text('{"drift": "heal"}')
            self.noactl("policy", "host", str(self.file))
            self.edit(file, recorded.replace("32MiB", "16MiB"))
            told = events.until(lambda event: event["state"] == "healed" and
                                event["patch"][0]["value"] == "16MiB")
        self.assertEqual(self.settings()["max_memory"], "32MiB")
        self.assertIn("healed", self.noactl("audit", "host"))

    def test_the_shell_knows_names_and_keys(self):
        self.noactl("set", "app.pool.size", "5")
        self.assertIn("app", self.host.noactl("complete", "documents").split())
        keys = self.host.noactl("complete", "keys").split()
        self.assertIn("app.pool.size", keys)
        self.assertIn("agents.cache.queue_size", keys)


if __name__ == "__main__":
    unittest.main(verbosity=2)
