#!/usr/bin/python3
"""The backup agent through a real host: backups of agents at work, judged by restic, and restored."""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, Watcher, noa_client

RESTIC = shutil.which("restic")


class BackupAgent(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, plan="", more=""):
        host = Host([PLUGINS / "backup.so", PLUGINS / "config.so"])
        self.secret = host.root / "secret"
        self.secret.write_text("a secret\n")
        self.secret.chmod(0o600)
        self.repository = host.root / "repository"
        self.extra = host.root / "extra"
        self.extra.mkdir()
        (self.extra / "note").write_text("a note\n")
        host.config_file.write_text(f"""
[agents.backup.settings.repositories.main]
path = "{self.repository}"
password = {{ secret = "file:{self.secret}" }}
{more}
[agents.backup.settings.plans.all]
repository = "main"
paths = ["{self.extra}"]
{plan}
""")
        return self.enter(host)

    def call(self, client, operation, body=None):
        return client.call("backup", operation, body or {}, timeout_s=PATIENCE_S).json()

    def restic(self, *args):
        done = subprocess.run([RESTIC, "--no-cache", "-r", str(self.repository), *args],
                              env={**os.environ, "RESTIC_PASSWORD": "a secret"},
                              capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def fill(self, client, number):
        client.call("config", "set", {"name": "app", "value": {"number": number}})

    def test_a_host_that_is_lost_comes_back_from_its_backup(self):
        host = self.host()
        client = self.enter(host.client())
        for number in range(20):
            self.fill(client, number)
        done = self.call(client, "run")
        self.assertEqual(done["faults"], 0, done)
        self.assertTrue(done["check"]["ok"], done)
        self.assertTrue(done["drill"]["ok"], done)
        self.assertGreaterEqual(done["drill"]["databases"], 1)
        self.fill(client, 99)
        agents = host.state_dir / "agents"
        target = host.root / "target"
        restored = self.call(client, "restore", {
            "path": str(agents / "config"), "target": str(target), "strip": True})
        self.assertEqual(restored["faults"], 0, restored)
        client.close()
        host.stop()
        shutil.rmtree(agents / "config")
        target.rename(agents / "config")
        host.start()
        again = self.enter(host.client())
        found = again.call("config", "get", {"name": "app"}).json()
        self.assertEqual(found["value"], {"number": 19})
        self.assertTrue(again.call("config", "audit", {"verify": True}).json()["ok"])
        self.fill(again, 100)

    @unittest.skipUnless(RESTIC, "no restic here")
    def test_restic_checks_and_restores_it_and_goes_on_with_it(self):
        host = self.host()
        client = self.enter(host.client())
        self.fill(client, 1)
        first = self.call(client, "run")
        self.restic("check", "--read-data")
        out = host.root / "out"
        self.restic("restore", first["id"], "--target", str(out))
        self.assertEqual((pathlib.Path(str(out) + str(self.extra)) / "note").read_text(),
                         "a note\n")
        database = pathlib.Path(str(out) + str(host.state_dir / "agents/config/config.db"))
        with sqlite3.connect(database) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            self.assertEqual(connection.execute(
                "SELECT count(*) FROM agent_configurations").fetchone(), (1,))
        connection.close()
        self.restic("backup", str(self.extra))
        snapshots = self.call(client, "list")["snapshots"]
        self.assertEqual(len(snapshots), 2)
        second = self.call(client, "run")
        self.assertEqual(second["faults"], 0)
        self.restic("check", "--read-data")
        listed = self.call(client, "ls", {"snapshot": second["id"], "path": str(self.extra)})
        self.assertEqual([pathlib.Path(one["path"]).name for one in listed["nodes"]], ["note"])

    def test_damage_is_found_named_and_repaired_from_the_files(self):
        host = self.host(plan="check_parts = 1")
        client = self.enter(host.client())
        watcher = self.enter(Watcher(host, "backup.damaged.main"))
        (self.extra / "large").write_bytes(os.urandom(300_000))
        self.call(client, "run")
        self.assertTrue(self.call(client, "ready")["ready"])
        pack = max(self.repository.glob("data/*/*"), key=lambda path: path.stat().st_size)
        with open(pack, "r+b") as file:
            file.seek(100_000)
            byte = file.read(1)
            file.seek(100_000)
            file.write(bytes([byte[0] ^ 1]))
        structure = self.call(client, "check", {"parts": 0})
        self.assertTrue(structure["ok"])
        report = self.call(client, "check")
        self.assertFalse(report["ok"])
        self.assertEqual([one["why"] for one in report["lost"]], [str(self.extra / "large")])
        self.assertIn("faults, the first: pack", watcher.until(lambda _: True)["what"])
        ready = self.call(client, "ready")
        self.assertFalse(ready["ready"])
        refused = self.call(client, "restore", {"path": str(self.extra / "large"),
                                                "target": str(host.root / "target")})
        self.assertEqual((refused["files"], refused["faults"]), (0, 1))
        self.assertIn("needs_repair", host.noactl("call", "backup", "health", "{}"))
        # The file is there still: what is damaged is taken out, and it is read again.
        repaired = host.json("backup", "repair")
        self.assertTrue(repaired["ok"], repaired)
        self.assertEqual(repaired["bad_packs"], 1)
        self.assertTrue(self.call(client, "ready")["ready"])
        self.assertIn('"healthy"', host.noactl("call", "backup", "health", "{}"))

    def test_the_kept_are_kept_and_the_rest_is_pruned(self):
        host = self.host(plan="keep = { last = 2 }\ncheck_parts = 0")
        client = self.enter(host.client())
        for number in range(4):
            (self.extra / "data").write_bytes(os.urandom(3_000_000))
            done = self.call(client, "run")
        self.assertEqual(len(done["forget"]["remove"]), 1)
        self.assertGreater(done["forget"]["prune"]["freed_bytes"], 2_000_000)
        self.assertEqual(len(self.call(client, "list")["snapshots"]), 2)
        self.assertTrue(self.call(client, "check")["ok"])
        newest, former = self.call(client, "list")["snapshots"]
        changes = self.call(client, "diff", {"from": former["id"], "to": newest["id"]})["changes"]
        self.assertIn({"kind": "M", "path": str(self.extra / "data")}, changes)

    def test_a_plan_runs_when_it_is_due_and_again_after_the_host_was_away(self):
        host = Host([PLUGINS / "backup.so"])
        host.config_file.write_text("")
        self.enter(host)
        with Watcher(host, "backup.done.>") as watcher:
            (host.root / "secret").write_text("s")
            (host.root / "secret").chmod(0o600)
            host.configure(f"""
[agents.backup.settings.repositories.main]
path = "{host.root}/repository"
password = {{ secret = "file:{host.root}/secret" }}
[agents.backup.settings.plans.all]
repository = "main"
paths = ["{host.conf_dir}"]
schedule = "daily"
""")
            done = watcher.until(lambda _: True)
            self.assertEqual(done["plan"], "all")
        records = host.state_dir / "agents/backup/records.json"
        text = json.loads(records.read_text())
        client = self.enter(host.client())
        self.assertEqual(self.call(client, "status")["plans"]["all"]["snapshot"], done["id"])
        client.close()
        host.stop()
        text["plans"]["all"]["tried_s"] -= 3 * 86_400
        records.write_text(json.dumps(text))
        host.start()
        with Watcher(host, "backup.done.>") as watcher:
            again = watcher.until(lambda _: True)
            self.assertNotEqual(again["id"], done["id"])

    def test_what_a_kill_leaves_is_whole_and_gone_on_with(self):
        host = self.host()
        (self.extra / "large").write_bytes(os.urandom(40_000_000))
        client = self.enter(host.client())
        self.fill(client, 1)
        client._send(noa_client.REQUEST, to="backup", subject="run", body=b"{}",
                     content_type=noa_client.JSON, timeout_ms=60_000)
        packs = self.repository / "data"
        while not any(packs.glob("*/*")):  # the first pack has its name
            client.call("backup", "status", {}, timeout_s=PATIENCE_S)
        host.stop(signal.SIGKILL)
        if RESTIC:
            self.restic("check", "--read-data", "--no-lock")  # the lock of who was killed is there
        host.start()
        again = self.enter(host.client())
        done = self.call(again, "run")
        self.assertEqual(done["faults"], 0)
        self.assertTrue(self.call(again, "check")["ok"])

    def test_two_hosts_share_a_repository(self):
        host, other = self.host(), None
        secret, repository = self.secret, self.repository
        other = self.host()
        other.stop()
        other.config_file.write_text(other.config_file.read_text().replace(
            str(self.repository), str(repository)).replace(str(self.secret), str(secret)))
        client = self.enter(host.client())
        self.call(client, "init")
        other.start()
        second = self.enter(other.client())
        large = [one / "large" for one in (host.root / "extra", other.root / "extra")]
        for file in large:
            file.write_bytes(os.urandom(8_000_000))
        watchers = [self.enter(Watcher(one, "backup.done.all")) for one in (host, other)]
        for _ in range(3):  # side by side
            for each in (client, second):
                self.call(each, "run", {"wait": False})
            for watcher in watchers:
                watcher.until(lambda _: True)
        self.assertEqual(len(self.call(client, "list")["snapshots"]), 6)
        self.assertTrue(self.call(client, "check", {"parts": 1})["ok"])

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts a small disk")
    def test_a_full_disk_fails_the_run_and_leaves_the_repository_whole(self):
        host = self.host()
        disk = pathlib.Path(tempfile.mkdtemp(prefix="noa-small-"))
        self.addCleanup(shutil.rmtree, disk, ignore_errors=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        host.config_file.write_text(host.config_file.read_text().replace(
            f'"{self.repository}"', f'"{disk}/repository"'))
        host.noactl("reload", "backup")
        client = self.enter(host.client())
        first = self.call(client, "run")["id"]
        (self.extra / "large").write_bytes(os.urandom(10_000_000))
        done = host.noactl_run("backup", "run")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("No space left", done.stderr)
        self.assertTrue(self.call(client, "check", {"parts": 1})["ok"])
        (self.extra / "large").write_bytes(os.urandom(100_000))
        self.call(client, "prune")
        again = self.call(client, "run")
        self.assertNotEqual(again["id"], first)
        self.assertTrue(self.call(client, "check", {"parts": 1})["ok"])

    def test_keys_and_a_second_copy(self):
        second = pathlib.Path(tempfile.mkdtemp(prefix="noa-second-")) / "repository"
        self.addCleanup(shutil.rmtree, second.parent, ignore_errors=True)
        host = self.host(plan='copy_to = "second"', more=f"""
[agents.backup.settings.repositories.second]
path = "{second}"
password = "of the second"
""")
        client = self.enter(host.client())
        done = self.call(client, "run")
        self.assertEqual(done["copy"]["snapshots"], 1, done)
        self.assertTrue(self.call(client, "check", {"repository": "second"})["ok"])
        with self.assertRaises(noa_client.NoaError):
            self.call(client, "list")  # of which?
        other = host.root / "other"
        other.write_text("another\n")
        other.chmod(0o600)
        key = self.call(client, "keys.add", {"repository": "main", "password_file": str(other)})
        keys = self.call(client, "keys.list", {"repository": "main"})["keys"]
        self.assertEqual(len(keys), 2)
        self.call(client, "keys.remove", {"repository": "main", "key": key["id"]})
        before = self.call(client, "keys.list", {"repository": "main"})["keys"]
        self.assertEqual(len(before), 1)
        host.noactl("backup", "key-rotate", str(other), "--repository", "main")
        self.call(client, "run")
        self.assertEqual(len(self.call(client, "keys.list", {"repository": "main"})["keys"]), 2)
        shutil.copyfile(other, self.secret)
        host.noactl("reload", "--force", "backup")
        self.call(client, "run")
        after = self.call(client, "keys.list", {"repository": "main"})["keys"]
        self.assertEqual(len(after), 1)
        self.assertNotEqual(after[0]["id"], before[0]["id"])
        self.assertNotIn("a secret", host.log_text())
        self.assertNotIn("another", host.log_text())

    def test_a_wrong_password_and_no_plan_are_said(self):
        host = self.host()
        client = self.enter(host.client())
        self.call(client, "init")
        self.secret.write_text("another\n")
        host.noactl("reload", "backup", "--force")
        with self.assertRaises(noa_client.NoaError) as caught:
            self.call(client, "run")
        self.assertIn("wrong password", caught.exception.text)
        self.assertIn("wrong password", json.dumps(self.call(client, "status")))
        with self.assertRaises(noa_client.NoaError) as caught:
            self.call(client, "run", {"plan": "none"})
        self.assertIn("no plan none", caught.exception.text)

    def test_the_verbs_of_noactl(self):
        host = self.host(plan="keep = { last = 1 }")

        def verb(*args):
            return host.noactl("backup", *args)

        self.assertEqual(host.noactl_run("backup", "ready").returncode, 1)
        self.assertRegex(verb("run"), r"snapshot [0-9a-f]{8}: \d+ files, 0 unchanged")
        (self.extra / "new").write_text("new")
        self.assertIn("drill", json.loads(verb("run", "all", "--json")) | {"drill": 0})
        self.assertIn("ready", verb("ready"))
        identity = json.loads(verb("show", "--json"))["id"]
        self.assertIn(identity[:8], verb("list", "--plan", "all"))
        self.assertIn("new", verb("ls", "latest", str(self.extra)))
        self.assertEqual(verb("diff", identity[:10]), "no difference\n")
        self.assertRegex(verb("check"), r"ok +true")
        self.assertRegex(verb("drill"), r"databases +\d")
        target = host.root / "target"
        verb("restore", "latest", str(target), "--path", str(self.extra / "new"), "--strip")
        self.assertEqual((target / "new").read_text(), "new")
        self.assertIn("last snapshot", verb("forget", "--dry-run"))
        self.assertIn("freed_bytes", verb("prune", "--dry-run"))
        self.assertIn("yes", verb("keys"))
        self.assertIn("false", verb("cancel"))
        self.assertIn("success_s", verb("status"))
        refused = host.noactl_run("backup", "run", "none")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("no plan none", refused.stderr)


if __name__ == "__main__":
    unittest.main()
