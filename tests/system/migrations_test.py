#!/usr/bin/python3
"""noactl migrations: the schema of an agent's store, one way and the other, with data in it."""
import json
import sqlite3
import unittest

from noa_host import PLUGINS, Host


class Migrations(unittest.TestCase):
    def setUp(self):
        self.host = Host([PLUGINS / "config.so", PLUGINS / "cache.so"])
        self.host.__enter__()
        self.addCleanup(self.host.__exit__, None, None, None)
        self.store = self.host.state_dir / "agents/config/config.db"
        for turn in range(3):
            self.host.noactl("config", "set", "app.size", str(turn))

    def listed(self):
        [config] = json.loads(self.host.noactl("migrations", "list", "--json"))["agents"]
        self.assertEqual(config["agent"], "config")
        return [(one["version"], one["state"]) for one in config["migrations"]]

    def query(self, store, sql):
        database = sqlite3.connect(store)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def index(self):
        return self.query(self.store, "SELECT 1 FROM sqlite_master WHERE name = 'audit_log_of'")

    def test_down_and_up_again_with_data(self):
        self.assertEqual(self.listed(), [(1, "applied"), (2, "applied"), (3, "applied")])
        self.assertIn("0 applied", self.host.noactl("migrations", "up", "config"))
        self.assertTrue(self.index())
        self.assertIn("2 undone", self.host.noactl("migrations", "down", "config", "--to", "1",
                                                   "--yes"))
        self.assertFalse(self.index())
        self.assertEqual(self.host.agent("config")["state"], "stopped")
        self.host.noactl_run("reload")
        self.assertEqual(self.host.agent("config")["state"], "stopped")
        self.assertEqual(self.query(self.store, "SELECT max(revision) FROM config_versions"),
                         [(3,)])
        self.host.noactl("enable", "config")
        self.assertEqual(self.listed(), [(1, "applied"), (2, "applied"), (3, "applied")])
        self.assertTrue(self.index())
        self.assertEqual(self.host.noactl("config", "get", "app.size"), "2\n")
        self.assertIn("whole: 3 entries", self.host.noactl("config", "audit", "--verify"))

    def test_what_goes_with_a_table_is_in_the_copy(self):
        refused = self.host.noactl_run("migrations", "down", "config", "--to", "0")
        self.assertEqual(refused.returncode, 4)
        self.assertIn("would undo 1 (documents, versions, audit log)", refused.stderr)
        self.assertIn("--yes", refused.stderr)
        done = json.loads(self.host.noactl("migrations", "down", "config", "--to", "0", "--yes",
                                           "--json"))
        self.assertEqual(done["undone"], 3)
        self.assertEqual(self.query(done["copy"], "SELECT config_data FROM agent_configurations"),
                         [('{"size":2}',)])
        self.host.noactl("enable", "config")
        self.assertNotEqual(self.host.noactl_run("config", "get", "app").returncode, 0)

    def test_what_cannot_be_is_refused(self):
        nothing = self.host.noactl_run("migrations", "down", "config", "--to", "3", "--yes")
        self.assertIn("nothing above version 3 is applied", nothing.stderr)
        none = self.host.noactl_run("migrations", "list", "cache")
        self.assertNotEqual(none.returncode, 0)


if __name__ == "__main__":
    unittest.main()
