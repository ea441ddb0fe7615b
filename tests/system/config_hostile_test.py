#!/usr/bin/python3
"""What nobody should send the config agent, and stores that nobody should have to open."""
import json
import sqlite3
import subprocess
import sys
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, noa_client

# Operations that take a value somewhere, each around "VALUE".
TAKES = {
    "set": '{"name": "app", "value": VALUE}',
    "patch": '{"name": "app", "value": [{"op": "add", "path": "/a", "value": VALUE}]}',
    "validate": '{"name": "app", "value": {"a": VALUE}}',
    "transact": '{"steps": [{"op": "set", "name": "app", "value": {"a": VALUE}}]}',
    "import": '{"documents": {"base": {"app": {"a": VALUE}}}}',
    "schema.set": '{"name": "app", "value": {"const": VALUE}}',
    "template.set": '{"name": "app", "value": {"value": VALUE}}',
    "template.render": '{"name": "app", "with": {"a": VALUE}}',
    "policy.set": '{"name": "app", "value": {"consumers": VALUE}}',
}
NAMED = ["get", "set", "unset", "patch", "validate", "history", "version", "diff", "rollback",
         "explain", "changes", "schema.set", "schema.get", "schema.unset", "template.set",
         "template.get", "template.unset", "template.render", "policy.set", "policy.get",
         "policy.unset", "transact", "import", "export", "audit", "list"]


def deep(levels):
    return '{"a":' * levels + "1" + "}" * levels


class Hostile(unittest.TestCase):
    def setUp(self):
        self.host = Host([PLUGINS / "config.so"])
        self.host.start()
        self.addCleanup(self.host.__exit__, None, None, None)
        self.client = self.host.client()
        self.addCleanup(self.client.close)

    def ask(self, operation, body):
        return self.client.call("config", operation, body, timeout_s=PATIENCE_S)

    def refused(self, operation, body):
        """The words; validate has them in its answer."""
        try:
            answer = self.ask(operation, body).json()
        except noa_client.NoaError as error:
            return error.text
        self.assertFalse(answer.get("ok", True), f"{operation}: {str(body)[:200]}")
        return answer["error"]

    def tearDown(self):
        # Whatever came, it serves, and keeps nothing of it.
        self.assertEqual(self.host.generation("config"), 1)
        self.assertEqual(self.host.log_lines("agent.stalled"), [])

    def test_nesting_is_bounded_everywhere(self):
        for operation, body in TAKES.items():
            for levels in (33, 70, 100_000):
                self.assertRegex(self.refused(operation, body.replace("VALUE", deep(levels))),
                                 "nested deeper than|expected|no template", operation)
        self.ask("set", TAKES["set"].replace("VALUE", deep(32)))

    def test_numbers_are_kept_or_refused(self):
        for operation, body in TAKES.items():
            for number in ("18446744073709551616", "-9223372036854775809", "1" * 400):
                self.assertIn("more than 64 bits",
                              self.refused(operation, body.replace("VALUE", number)), operation)
            self.assertIn("number overflow",
                          self.refused(operation, body.replace("VALUE", "1e999")))
        kept = '{"a":18446744073709551615,"b":-9223372036854775808,"c":9007199254740993}'
        self.ask("set", f'{{"name": "app", "value": {kept}}}')
        self.assertIn(kept, bytes(self.ask("get", '{"name": "app"}').body).decode())
        self.host.stop()
        self.host.start()
        self.assertIn(kept, bytes(self.ask("get", '{"name": "app"}').body).decode())

    def test_a_key_that_comes_twice_is_refused_everywhere(self):
        for operation, body in TAKES.items():
            self.assertIn('the key "k" comes twice',
                          self.refused(operation, body.replace("VALUE", '{"k": 1, "k": 2}')),
                          operation)
            self.assertIn("comes twice", self.refused(operation, '{"name": "app", "name": "b"}'))

    def test_what_is_no_json_is_refused_everywhere(self):
        for operation in NAMED:
            for body in (b'{"name": "\xff\xfe"}', b'{"name": "\xed\xa0\x80"}', b"{", b"[]", b"\0",
                         b'{"name": 1}', b"nul",
                         b'{"name": "\\ud800"}'):
                if operation in ("audit", "export", "list", "changes", "import", "transact") and \
                        body.startswith(b'{"name": 1'):
                    continue
                with self.assertRaises(noa_client.NoaError, msg=f"{operation}: {body}") as caught:
                    self.ask(operation, body)
                self.assertTrue(caught.exception.text)
        for name in ("", "A", "../x", "a/b", "a.b", "-a", "_schema", "x" * 64, "ä"):
            self.refused("set", json.dumps({"name": name, "value": {}}))

    def test_circles_end_with_their_path(self):
        self.ask("set", {"name": "a", "value": {}})
        self.ask("set", {"name": "b", "value": {"x": {"$config": "a"}}})
        self.assertIn("leads back to itself: a → b → a", self.refused(
            "set", {"name": "a", "value": {"x": {"$config": "b"}}}))
        self.assertIn("leads back to itself", self.refused(
            "set", {"name": "c", "value": {"x": {"$config": "c#/x"}}}))
        self.ask("template.set", {"name": "t", "value": {"value": {"$template": "u"}}})
        self.ask("template.set", {"name": "u", "value": {"value": {"$template": "t"}}})
        self.assertIn("leads back to itself", self.refused("template.render", {"name": "t"}))
        self.assertIn("leads back to itself", self.refused(
            "set", {"name": "d", "value": {"x": {"$template": "t"}}}))

    def test_templates_that_grow_are_bounded(self):
        self.ask("template.set", {"name": "t0", "value": {"value": "x" * 1000}})
        for level in range(1, 15):
            self.ask("template.set", {"name": f"t{level}", "value": {
                "value": [{"$template": f"t{level - 1}"}] * 10}})
        self.assertRegex(self.refused("set", {"name": "app", "value": {"x": {"$template": "t14"}}}),
                         "larger than|grows too large")
        self.ask("template.set", {"name": "wide", "value": {
            "parameters": {"p": {}}, "value": ["${p}${p}${p}${p}"] * 1000}})
        self.assertIn("too large", self.refused(
            "template.render", {"name": "wide", "with": {"p": "x" * 10_000}}))
        self.ask("set", {"name": "r0", "value": {"x": "x" * 100_000}})
        for level in range(1, 3):
            self.ask("set", {"name": f"r{level}", "value": {
                f"k{number}": {"$config": f"r{level - 1}#/x"} for number in range(10)} | {
                    "x": "y" * 100_000}})
        self.assertIn("larger than", self.refused("set", {"name": "all", "value": {
            f"k{number}": {"$config": "r2"} for number in range(100)}}))

    def test_schemas_that_explode_are_refused_or_harmless(self):
        def refuses(schema):
            return self.refused("schema.set", {"name": "app", "value": schema})
        self.assertIn("leads back to itself", refuses({"properties": {"a": {"$ref": "#"}}}))
        self.assertIn("not in this schema", refuses({"$ref": "http://example.org/schema"}))
        self.assertIn("repetition within a repetition", refuses({"pattern": "(a+)+$"}))
        self.assertIn("not taken", refuses({"pattern": "(a?){5000}"}))
        self.assertIn("not taken", refuses({"patternProperties": {"(": {}}}))
        self.assertIn("longer than 256", refuses({"pattern": "a" * 257}))
        levels = {f"l{level}": {"allOf": [{"$ref": f"#/definitions/l{level - 1}"}] * 10}
                  for level in range(1, 12)} | {"l0": {}}
        self.assertIn("more than 10,000", refuses({"definitions": levels,
                                                   "$ref": "#/definitions/l11"}))
        self.ask("schema.set", {"name": "app", "value": {
            "properties": {"a": {"pattern": "^(a|a)*$"}}}})
        self.assertIn("/a: expected a text that matches", self.refused(
            "set", {"name": "app", "value": {"a": "a" * 1000 + "b"}}))

    def test_patches_that_grow_or_lead_nowhere_are_refused(self):
        self.ask("set", {"name": "app", "value": {"a": ["x" * 1000]}})
        double = [{"op": "copy", "from": "/a", "path": f"/b{number}"} for number in range(101)]
        self.assertIn("more than 100 copies", self.refused("patch", {"name": "app",
                                                                     "value": double}))
        inside = [{"op": "copy", "from": "", "path": f"/b{number}"} for number in range(30)]
        self.assertIn("more than", self.refused("patch", {"name": "app", "value": inside}))
        for steps in ([{"op": "add", "path": "/a/9999999999999999999999", "value": 1}],
                      [{"op": "add", "path": "a", "value": 1}], [{"op": "add", "path": "/a/~2"}],
                      [{"op": "spam", "path": ""}], [1], [{}], [{"op": "move", "path": "/x"}],
                      [{"op": "move", "from": "/a", "path": "/a/0/b"}],
                      [{"op": "remove", "path": "/nothing"}], "text", 7):
            self.assertTrue(self.refused("patch", {"name": "app", "value": steps}), steps)
        self.assertEqual(self.ask("get", {"name": "app"}).json()["revision"], 1)


HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA locking_mode = EXCLUSIVE")
database.execute("BEGIN EXCLUSIVE")
print("held", end="", flush=True)
sys.stdin.read()
"""


class Store(unittest.TestCase):
    """Each store that cannot be opened is refused with what to do, and is the same afterwards."""

    def setUp(self):
        self.host = Host([PLUGINS / "config.so"])
        self.host.start()
        self.addCleanup(self.host.__exit__, None, None, None)
        with self.host.client() as client:
            for number in range(20):
                client.call("config", "set", {"name": f"d{number}", "value": {"n": number}})
        self.store = next(self.host.state_dir.rglob("config.db"))

    def assert_refused(self, words):
        before = self.store.read_bytes()
        self.host.start()
        agent = self.host.agent("config")
        self.assertNotEqual(agent["state"], "running")
        self.assertRegex(json.dumps(agent) + self.host.log_text(), words)
        self.host.stop()
        self.assertEqual(self.store.read_bytes(), before)

    def test_of_a_newer_version(self):
        self.host.stop()
        with sqlite3.connect(self.store) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(schema_migrations)")]
            values = {"version": 99, "name": "of tomorrow", "expand_only": 0}
            database.execute(
                f"INSERT INTO schema_migrations SELECT "
                f"{', '.join('?' if name in values else name for name in columns)} "
                "FROM schema_migrations LIMIT 1", [values[name] for name in columns if name in values])
        database.close()
        self.assert_refused("newer program")

    def test_locked_by_another_program(self):
        self.host.stop()
        # In a process of its own: to read the file here would give its locks up.
        holder = subprocess.Popen([sys.executable, "-c", HOLD, self.store], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        try:
            self.assertEqual(holder.stdout.read(4), b"held")
            self.assert_refused("another program has it open")
        finally:
            holder.communicate()
        self.host.start()
        self.assertEqual(self.host.agent("config")["state"], "running")

    def test_damaged_within(self):
        self.host.stop()
        data = bytearray(self.store.read_bytes())
        for page in range(1, len(data) // 4096):
            data[page * 4096:page * 4096 + 64] = b"\xa5" * 64
        self.store.write_bytes(data)
        self.assert_refused("restore a backup")

    def test_a_full_disk_refuses_changes_and_loses_none(self):
        with self.host.client() as client:
            pid = self.host.process.pid
            size = max(path.stat().st_size for path in self.store.parent.glob("config.db*"))
            subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={size + 200_000}:unlimited"],
                           check=True)
            kept, refusal = {}, None
            for number in range(200):
                body = {"name": "big", "value": {"n": number, "text": "x" * 2000}}
                try:
                    kept = client.call("config", "set", body).json() and body
                except noa_client.NoaError as error:
                    refusal = error.text
                    break
            self.assertRegex(refusal, "full|space|I/O|too large")
            self.assertEqual(self.host.agent("config")["state"], "running")
            self.assertEqual(client.call("config", "get", {"name": "big"}).json()["value"],
                             kept["value"])
            subprocess.run(["prlimit", f"--pid={pid}", "--fsize=unlimited:unlimited"], check=True)
            client.call("config", "set", {"name": "big", "value": {"room": True}})
            self.assertTrue(client.call("config", "audit", {"verify": True}).json()["ok"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
