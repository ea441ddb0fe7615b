#!/usr/bin/python3
"""noactl rollback --to-backup: state and version of an agent out of a snapshot, or all as it was."""
import json
import pathlib
import sqlite3
import unittest

from noa_host import FIXTURES, PATIENCE_S, PLUGINS, Host, Outside, Watcher


class RollbackToBackup(unittest.TestCase):
    def host(self):
        host = Host([PLUGINS / "backup.so", PLUGINS / "config.so"])
        secret = host.root / "secret"
        secret.write_text("a secret\n")
        secret.chmod(0o600)
        host.config_file.write_text(f"""
[agents.trial]
probation = "0s"
[agents.backup.settings.repositories.main]
path = "{host.root}/repository"
password = {{ secret = "file:{secret}" }}
[agents.backup.settings.plans.all]
repository = "main"
drill_every = "0s"
""")
        host.__enter__()
        self.addCleanup(host.__exit__, None, None, None)
        self.states = host.state_dir / "agents"
        return host

    def run_version(self, host, version):
        with Watcher(host, "host.reload.trial") as events:
            host.install(FIXTURES / f"trial-{version}.so", "trial.so")
            events.until(lambda event: event["outcome"] == "confirmed" and
                         event["version"] == f"{version}.0.0")

    def version(self, client):
        return client.call("trial", "add", {}).json()["version"]

    def mark(self, text):
        (self.states / "trial").mkdir(exist_ok=True)
        (self.states / "trial" / "mark").write_text(text)

    def backup(self, client):
        return client.call("backup", "run", {}, timeout_s=PATIENCE_S).json()["id"]

    def value(self, client):
        return client.call("config", "get", {"name": "app"}).json()["value"]["n"]

    def test_puts_state_and_version_of_then_back_and_keeps_the_former(self):
        host = self.host()
        self.run_version(host, 1)
        self.mark("one")
        with host.client() as client:
            snapshot = self.backup(client)
            digest = host.agent("trial")["digest"]
            self.run_version(host, 2)
            self.mark("two")
            # The host has it no more: it comes out of the backup, too.
            (host.state_dir / "versions" / "trial" / f"{digest}.so").unlink()
            told = host.noactl("rollback", "--to-backup", snapshot[:8], "--agent", "trial")
            self.assertIn("version 1.0.0", told)
            self.assertEqual(self.version(client), "1.0.0")
            self.assertEqual(host.agent("trial")["digest"], digest)
            self.assertEqual((self.states / "trial" / "mark").read_text(), "one")
            former = self.states / "backup" / "restored" / "trial" / "state"
            self.assertIn(str(former), told)
            self.assertEqual((former / "mark").read_text(), "two")

    def test_without_a_name_takes_every_agent_of_the_snapshot(self):
        host = self.host()
        self.run_version(host, 1)
        self.mark("one")
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"n": 1}})
            self.backup(client)
            client.call("config", "set", {"name": "app", "value": {"n": 2}})
            self.mark("two")
            outcomes = host.json("rollback", "--to-backup", "latest")["outcomes"]
            self.assertEqual({one["agent"]: one["action"] for one in outcomes},
                             {"config": "restored", "trial": "restored"})
            self.assertEqual(self.value(client), 1)
            self.assertEqual((self.states / "trial" / "mark").read_text(), "one")

    def test_what_does_not_start_gets_back_what_it_had(self):
        host = self.host()
        store = self.states / "config" / "config.db"
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"n": 1}})
            host.noactl("stop", "config")
            with sqlite3.connect(store) as database:
                database.execute("INSERT INTO schema_migrations VALUES(900, 'newer', '', '', 0)")
            database.close()
            snapshot = self.backup(client)
            with sqlite3.connect(store) as database:
                database.execute("DELETE FROM schema_migrations WHERE version = 900")
            database.close()
            host.noactl("start", "config")
            client.call("config", "set", {"name": "app", "value": {"n": 2}})
            done = host.noactl_run("rollback", "config", "--to-backup", snapshot)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("it has its former state and runs", done.stdout + done.stderr)
            self.assertEqual(self.value(client), 2)
            client.call("config", "set", {"name": "app", "value": {"n": 3}})

    def test_what_is_damaged_in_the_repository_stops_nothing(self):
        host = self.host()
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"n": 1}})
            self.backup(client)
            for pack in pathlib.Path(host.root, "repository", "data").rglob("*"):
                if pack.is_file():
                    pack.chmod(0o600)
                    damaged = bytearray(pack.read_bytes())
                    damaged[len(damaged) // 3] ^= 1
                    pack.write_bytes(damaged)
            client.call("config", "set", {"name": "app", "value": {"n": 2}})
            before = host.agent("config")["generation"]
            done = host.noactl_run("rollback", "config", "--to-backup", "latest")
            self.assertNotEqual(done.returncode, 0, done.stdout)
            self.assertEqual(host.agent("config")["generation"], before)
            self.assertEqual(self.value(client), 2)
            self.assertFalse((self.states / "backup" / "restored" / "config").exists())

    def test_whatever_an_agent_of_that_name_answers_nothing_is_touched(self):
        host = Host([PLUGINS / "config.so"])
        host.__enter__()
        self.addCleanup(host.__exit__, None, None, None)
        states = host.state_dir / "agents"
        place = states / "backup/restored/config"
        place.mkdir(parents=True)
        (place / "state").symlink_to(host.root)
        answers = {}
        asked = []

        def take(message):
            asked.append(message.subject)
            return answers.get(message.subject, b"{}")

        with host.client() as client, Outside(host, "backup", take):
            client.call("config", "set", {"name": "app", "value": {"n": 1}})
            before = host.agent("config")["generation"]
            for listed in (b"", b"no JSON", b"[]", b"{}", b'{"nodes": 5}', b'{"nodes": [5, {}]}',
                           b'{"nodes": [{"path": 5}]}', b"[" * 100_000, b"x" * 1_000_000):
                answers["ls"] = listed
                done = host.noactl_run("rollback", "--to-backup", "latest")
                self.assertNotEqual(done.returncode, 0, listed[:50])
                self.assertLess(len(done.stderr), 5000)
            for told in (b"", b"no JSON", b"[]", b"{}", b'{"place": 5}', b'{"place": "/etc"}',
                         json.dumps({"place": str(place), "snapshot": 5, "time": []}).encode(),
                         b"[" * 100_000, b"x" * 1_000_000):
                answers["restore_agent"] = told
                done = host.noactl_run("rollback", "config", "--to-backup", "latest")
                self.assertNotEqual(done.returncode, 0, told[:50])
                self.assertLess(len(done.stderr), 5000)
            self.assertEqual(set(asked), {"ls", "restore_agent"})
            self.assertEqual(host.agent("config")["generation"], before)
            self.assertEqual(self.value(client), 1)

    def test_says_what_cannot_be(self):
        host = self.host()
        with host.client() as client:
            self.backup(client)
        for args, text in ((["backup", "--to-backup", "latest"], "cannot restore itself"),
                           (["nobody", "--to-backup", "latest"], "nobody"),
                           (["config", "--to-backup", "ffffffff"], "noactl backup list")):
            done = host.noactl_run("rollback", *args)
            self.assertNotEqual(done.returncode, 0, args)
            self.assertIn(text, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
