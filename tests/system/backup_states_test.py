#!/usr/bin/python3
"""noa.backup/1: agents that write their state themselves, and say whether a restored one is good."""
import json
import pathlib
import sqlite3
import unittest

from noa_host import FIXTURES, PATIENCE_S, PLUGINS, Host, Outside

LEDGER = '[agents.ledger]\nprobation = "0s"\n'


class BackupStates(unittest.TestCase):
    def host(self, run="thread", ledger="", agents='["*"]', plugins=("config",)):
        host = Host([PLUGINS / "backup.so", FIXTURES / "ledger.so",
                     *(PLUGINS / f"{name}.so" for name in plugins)])
        self.secret = host.root / "secret"
        self.secret.write_text("a secret\n")
        self.secret.chmod(0o600)
        self.text = f"""
[agents.backup.settings.repositories.main]
path = "{host.root}/repository"
password = {{ secret = "file:{self.secret}" }}
[agents.backup.settings.plans.all]
repository = "main"
agents = {agents}
agent_timeout = "60s"
drill_every = "0s"
"""
        if "cache" in plugins:
            self.text += '[agents.cache.settings]\nsnapshot_every = "1h"\n'
        host.config_file.write_text(self.text + self.ledger(run, ledger))
        host.__enter__()
        self.addCleanup(host.__exit__, None, None, None)
        self.states = host.state_dir / "agents"
        return host

    def ledger(self, run, settings):
        return f'{LEDGER}run = "{run}"\n[agents.ledger.settings]\n{settings}\n'

    def set_ledger(self, host, run, settings, patience="60s"):
        host.config_file.write_text(self.text.replace('"60s"', f'"{patience}"') +
                                    self.ledger(run, settings))
        host.noactl("reload")

    def call(self, client, operation, body=None):
        return client.call("backup", operation, body or {}, timeout_s=PATIENCE_S).json()

    def count(self, client):
        return client.call("ledger", "count", {}).json()["count"]

    def nothing_is_left(self):
        self.assertEqual(list(self.states.glob("*/.backup-*")), [])

    def lives_through(self, run, *others):
        host = self.host(run, plugins=("config", *others))
        with host.client() as client:
            if "cache" in others:
                client.call("cache", "snapshot", {})
            before = self.count(client)
            done = self.call(client, "run")
            after = self.count(client)
            self.assertEqual((done["faults"], done["partial"]), (0, False), done)
            self.assertEqual(done["written_by_agents"], ["ledger"])
            listed = self.call(client, "ls", {"path": str(self.states / "ledger")})["nodes"]
            self.assertEqual([pathlib.Path(one["path"]).name for one in listed], ["ledger"])
            drill = self.call(client, "drill")
            self.assertTrue(drill["ok"], drill)
            self.assertEqual(drill["validated_by_agents"], sorted(["config", "ledger", *others]))
            self.nothing_is_left()
            # It starts on what it wrote, and refuses what is torn.
            host.noactl("rollback", "ledger", "--to-backup", done["id"])
            state = self.states / "backup/restored/ledger/state/ledger"
            self.assertGreater(len(state.read_text()), 0)
            host.noactl("stop", "ledger")
            target = host.root / "target"
            self.call(client, "restore", {"path": str(self.states / "ledger"), "strip": True,
                                          "target": str(target)})
            kept = set((target / "ledger").read_text().split())
            self.assertEqual(len(kept), 1)
            self.assertTrue(before <= int(kept.pop()) - 10**12 <= after)
        return host

    def test_an_agent_in_a_thread_writes_its_state_while_it_works(self):
        self.lives_through("thread", "cache", "communication", "monitor")

    def test_an_agent_in_a_process_writes_its_state_while_it_works(self):
        self.lives_through("process")

    def test_what_fails_or_hangs_is_said_and_the_rest_is_kept(self):
        host = self.host("process", 'export = "fails"')
        folder = str(self.states / "ledger")
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"n": 1}})
            for run, how, why in (("process", "fails", "it does not want to"),
                                  ("process", "hangs", "not kept; its agent did not write it"),
                                  ("thread", "fails", "it does not want to")):
                self.set_ledger(host, run, f'export = "{how}"', "1s" if how == "hangs" else "60s")
                done = self.call(client, "run")
                self.assertEqual((done["faults"], done["partial"]), (1, True), done)
                self.assertEqual(done["first_faults"][0]["what"], folder)
                self.assertIn(why, done["first_faults"][0]["why"])
                names = {pathlib.Path(one["path"]).name
                         for one in self.call(client, "ls", {"path": str(self.states)})["nodes"]}
                self.assertIn("config", names)
                self.assertNotIn("ledger", names)
                self.assertTrue(self.call(client, "check", {})["ok"])
            tags = self.call(client, "list")["snapshots"][0]["tags"]
            self.assertIn("partial", tags)
            self.set_ledger(host, "thread", "")
            self.assertEqual(self.call(client, "run")["faults"], 0)
            self.nothing_is_left()

    def test_a_state_that_its_agent_finds_bad_fails_the_drill(self):
        host = self.host("process")
        with host.client() as client:
            client.call("config", "set", {"name": "app", "value": {"n": 1}})
            self.call(client, "run")
            self.set_ledger(host, "process", 'validate = "bad"')
            drill = self.call(client, "drill")
            self.assertFalse(drill["ok"], drill)
            self.assertEqual(drill["first_faults"], [
                {"what": str(self.states / "ledger"),
                 "why": "its agent finds it bad: it does not like it"}])
            self.assertEqual(drill["validated_by_agents"], ["config", "ledger"])
            self.assertIn("it does not like it", json.dumps(self.call(client, "ready")))
            self.assertIn("needs_repair", host.noactl("call", "backup", "health", "{}"))
            self.assertTrue(self.call(client, "check")["ok"])
            self.set_ledger(host, "process", "")
            self.assertTrue(self.call(client, "drill")["ok"])
            self.assertIn('"healthy"', host.noactl("call", "backup", "health", "{}"))
            # A whole database that the agent cannot run on.
            host.noactl("stop", "config")
            store = sqlite3.connect(self.states / "config/config.db")
            with store:
                store.execute("INSERT INTO schema_migrations VALUES(900, 'newer', '', '', 0)")
            store.close()
            self.call(client, "run")
            with sqlite3.connect(self.states / "config/config.db") as store:
                store.execute("DELETE FROM schema_migrations WHERE version = 900")
            store.close()
            host.noactl("start", "config")
            drill = self.call(client, "drill")
            self.assertIn("contracted by a newer program", drill["first_faults"][0]["why"])
            self.nothing_is_left()

    def test_agents_outside_take_part_and_answers_of_any_kind_are_borne(self):
        host = self.host(agents='["engine", "liar", "config", "nobody"]')
        secret = host.root / "not-for-backups"
        secret.mkdir()
        (secret / "file").write_text("x")

        def write(request):
            place = pathlib.Path(request["directory"])
            place.mkdir()
            (place / "model").write_text("weights")

        def validate(request):
            good = (pathlib.Path(request["directory"]) / "model").read_text() == "weights"
            return {"ok": good}

        def lie(request):
            pathlib.Path(request["directory"]).symlink_to(secret)

        def serve(answers):
            return lambda message: answers[message.subject](message.json())

        with Outside(host, "engine", serve({"state.export": write, "state.validate": validate})), \
                Outside(host, "liar", serve({"state.export": lie,
                                             "state.validate": lambda _: ["x" * 100_000]})), \
                host.client() as client:
            done = self.call(client, "run")
            self.assertEqual(done["written_by_agents"], ["engine"], done)
            faults = {one["what"].rsplit("/", 1)[-1]: one["why"] for one in done["first_faults"]}
            self.assertEqual(set(faults), {"liar", "nobody"}, done)
            self.assertIn("there is no directory", faults["liar"])
            self.assertIn("does not run", faults["nobody"])
            lines = json.dumps(self.call(client, "ls", {"recursive": True}))
            self.assertIn("engine/model", lines)
            self.assertNotIn("not-for-backups", lines)
            drill = self.call(client, "drill")
            self.assertEqual(drill["validated_by_agents"], ["config", "engine"], drill)
            self.assertTrue((secret / "file").exists())


if __name__ == "__main__":
    unittest.main()
