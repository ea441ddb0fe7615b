#!/usr/bin/python3
"""What was changed behind the config agent's back: in files of documents, and in its store."""
import json
import os
import sqlite3
import unittest

from noa_host import PLUGINS, Host, Watcher


class ConfigDrift(unittest.TestCase):
    def setUp(self):
        self.host = self.enter(Host([PLUGINS / "config.so"], "[agents.config.settings]\n"
                                    'files = ["/srv/none"]\n[host.health]\ninterval = "20ms"\ntimeout = "200ms"\n'))
        self.store = self.host.state_dir / "agents/config/config.db"
        self.client = self.enter(self.host.client())
        self.app = self.store.parent / "files/app.json"

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def ask(self, operation, body):
        return self.client.call("config", operation, body).json()

    def written(self, events, wanted):
        """The document `app` in its file, as soon as it is there."""
        return events.until(lambda event: event.get("state") == wanted)

    def put_app(self, mode, **policy):
        events = self.enter(Watcher(self.host, "config.drift.app"))
        self.ask("set", {"name": "app", "value": {"port": 80, "seen": 0}})
        self.ask("policy.set", {"name": "app", "value": {
            "file": "app.json", "drift": mode, **policy}})
        return events

    def file(self):
        """What is in the file once every look that is due is over."""
        self.ask("drift", {})
        self.ask("history", {"name": "app"})  # the store's thread answers after it wrote
        return json.loads(self.app.read_text())

    def edit(self, value):
        """As an editor does: a new file in the place of the old one."""
        draft = self.app.with_suffix(".new")
        draft.write_text(json.dumps(value))
        draft.replace(self.app)

    def test_a_document_is_in_its_file(self):
        self.put_app("warn")
        self.assertEqual(self.file(), {"port": 80, "seen": 0})
        self.ask("set", {"name": "app", "layer": "host", "value": {"port": 81}})
        self.assertEqual(self.file()["port"], 81)
        self.host.noactl("restart", "config")
        self.ask("set", {"name": "app", "layer": "override", "value": {"port": 82}})
        self.assertEqual(self.file()["port"], 82)
        self.assertEqual(self.app.stat().st_mode & 0o777, 0o640)

    def test_what_was_edited_is_told_and_left_alone(self):
        self.health = self.enter(Watcher(self.host, "host.health.config")).until
        events = self.put_app("warn")
        self.file()
        self.edit({"port": 8080, "seen": 0})
        told = self.written(events, "drifted")
        self.assertEqual(told["patch"], [{"op": "replace", "path": "/port", "value": 8080}])
        self.ask("set", {"name": "app", "pointer": "/more", "value": 1})
        self.assertEqual(self.file(), {"port": 8080, "seen": 0})
        done = self.host.noactl_run("config", "drift", "app")
        self.assertEqual(done.returncode, 1)
        self.assertIn("replace /port 8080", done.stdout)
        self.assertIn("drifted", self.host.noactl("config", "audit", "app"))
        self.health(lambda event: event["check"] == "drift" and event["to"] == "needs_repair")
        self.assertIn("as recorded", self.host.noactl("config", "drift", "app", "--heal"))
        self.assertEqual(self.file(), {"port": 80, "seen": 0, "more": 1})

    def test_what_was_edited_is_taken_over_when_asked_for(self):
        events = self.put_app("warn", ignore=["/seen"])
        self.file()
        self.edit({"port": 8080, "seen": 7, "new": [1]})
        self.written(events, "drifted")
        self.assertIn("app (host): version 1", self.host.noactl(
            "config", "drift", "app", "--accept", "--reason", "it was right"))
        self.assertEqual(self.ask("get", {"name": "app"})["value"],
                         {"port": 8080, "seen": 0, "new": [1]})
        self.assertEqual(self.file()["seen"], 7)
        self.assertIn("as recorded", self.host.noactl("config", "drift", "app"))

    def test_it_is_put_back_where_somebody_asked_for_it(self):
        events = self.put_app("heal", ignore=["/seen"])
        self.file()
        self.edit({"port": 8080, "seen": 7})
        self.assertEqual(self.written(events, "healed")["heals"], 1)
        self.assertEqual(self.file(), {"port": 80, "seen": 7})
        self.app.unlink()
        self.assertEqual(self.written(events, "healed")["heals"], 2)
        audit = self.ask("audit", {"name": "app"})["entries"]
        self.assertEqual([one["action"] for one in audit].count("healed"), 2)
        self.assertTrue(self.ask("audit", {"verify": True})["ok"])

    def test_another_writer_is_told_of_and_not_fought_with_all_the_time(self):
        events = self.put_app("heal")
        self.file()
        for turn in range(1, 4):
            self.edit({"port": turn})
            self.assertEqual(self.written(events, "healed")["heals"], turn)
        self.edit({"port": 9})
        self.assertTrue(self.written(events, "drifted")["fought"])
        self.assertIn("as recorded", self.host.noactl("config", "drift", "app", "--heal"))

    def test_files_are_only_where_an_operator_said(self):
        self.ask("set", {"name": "app", "value": {}})
        for file, why in ((("/etc/passwd.json"), "not in a directory of the setting files"),
                          ("/srv/none/../x.json", "without //, . and .."),
                          ("app.toml", "path of a .json file")):
            with self.assertRaisesRegex(Exception, why):
                self.ask("policy.set", {"name": "app", "value": {"file": file}})
        self.ask("policy.set", {"name": "app", "value": {"file": "/srv/none/app.json"}})
        self.file_is_missing("No such file")

    def file_is_missing(self, why):
        self.ask("history", {"name": "app"})
        self.assertIn(why, self.ask("drift", {"name": "app"})["documents"][0]["fault"])

    def test_no_link_is_followed(self):
        target = self.host.root / "target.json"
        target.write_text("{}")
        self.app.parent.mkdir(exist_ok=True)
        os.symlink(target, self.app)
        self.put_app("heal")
        self.file_is_missing("link")
        self.assertEqual(target.read_text(), "{}")

    def edited_in_the_store(self):
        database = sqlite3.connect(self.store, timeout=30)
        database.execute("UPDATE agent_configurations SET config_data = '{\"port\":1}' "
                         "WHERE name = 'app'")
        database.commit()
        database.close()

    def test_a_value_that_was_edited_in_the_store_is_not_believed(self):
        self.ask("set", {"name": "app", "value": {"port": 80}})
        self.edited_in_the_store()
        self.host.noactl("restart", "config")
        self.assertEqual(self.ask("get", {"name": "app"})["value"], {"port": 80})
        done = self.host.noactl_run("config", "drift")
        self.assertEqual(done.returncode, 1)
        self.assertIn("app (base): changed in the store", done.stdout)
        self.host.noactl("config", "drift", "app", "--accept")
        self.assertEqual(self.ask("get", {"name": "app"})["value"], {"port": 1})
        self.assertEqual(self.host.noactl_run("config", "drift").returncode, 0)

    def test_a_value_that_was_edited_in_the_store_is_put_back(self):
        self.ask("set", {"name": "app", "value": {"port": 80}})
        self.ask("policy.set", {"name": "app", "value": {"drift": "heal"}})
        self.host.noactl("config", "set", "agents.config.settings.drift_every", "100ms")
        events = self.enter(Watcher(self.host, "config.drift.app"))
        self.edited_in_the_store()
        self.written(events, "healed")
        database = sqlite3.connect(self.store, timeout=30)
        self.assertEqual(database.execute(
            "SELECT config_data FROM agent_configurations WHERE name = 'app' AND "
            "environment = 'base'").fetchone(), ('{"port":80}',))
        database.close()


if __name__ == "__main__":
    unittest.main()
