#!/usr/bin/python3
"""What the agent drafting says of texts: over the bus, to clients of LanguageTool, in files."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

from console_client import Console
from noa_host import NOACTL, PLUGINS

RULES = """
[[rules]]
id = "own.hue"
kind = "substitution"
severity = "error"
words = { "color" = "hue" }
"""
TEXT = "# Notes\n\nHe has a apple and the the color.\n"


def form(**fields):
    return urllib.parse.urlencode(fields)


class Looked(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        (cls.directory / "own.toml").write_text(RULES)
        (cls.directory / "words").write_text("noactl\n")
        cls.console = Console(agents=("drafting",), config=f"""
[agents.drafting.settings.analysis]
rules = ["{cls.directory}/own.toml", "{cls.directory}/missing.toml"]
words = ["{cls.directory}/words"]
""")
        cls.console.__enter__()
        cls.addClassCleanup(cls.console.__exit__)
        cls.host = cls.console.host
        cls.client = cls.host.client()
        cls.addClassCleanup(cls.client.close)

    def call(self, operation, **body):
        return self.client.call("drafting", operation, body).json()

    def noactl(self, *words, code=0, **options):
        ran = subprocess.run([NOACTL, "--runtime-dir", str(self.host.runtime_dir), *words],
                             capture_output=True, text=True, timeout=60, check=False, **options)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout

    def check(self, body, **headers):
        return self.console.ask("/v2/check", body, **{
            "Content-Type": "application/x-www-form-urlencoded", **headers})

    def test_a_draft_is_looked_at_again_where_it_changed(self):
        self.call("create", id="looked", title="Looked", content=TEXT)
        first = self.call("lint", id="looked")
        self.assertEqual([one["rule"] for one in first["findings"]],
                         ["article", "duplicate-word", "own.hue"])
        self.assertEqual((first["version"], first["leaves"], first["checked"]), (0, 2, 2))
        best = self.call("suggestions", id="looked", most=1)["suggestions"][0]
        self.assertEqual((best["text"], best["replacements"]), ("color", ["hue"]))
        edited = self.call("edit", id="looked", version=0,
                           updates=[{"clientID": "a", "changes": best["changes"]}])
        self.assertTrue(edited["accepted"])
        again = self.call("lint", id="looked")
        self.assertEqual((len(again["findings"]), again["checked"], again["version"]), (2, 1, 1))
        figures = self.call("analyse", id="looked")
        self.assertEqual(figures["counts"]["words"], 9)
        self.assertEqual(figures["headings"], [{"level": 1, "text": "Notes", "begin": 0}])

    def test_texts_are_looked_at_without_a_draft(self):
        self.assertEqual(self.call("lint", text="# Head\n", format="markdown")["findings"], [])
        self.assertEqual(self.call("words", text="Two dogs.")["words"][1]["stem"], "dog")
        alike = self.call("similarity", text="One small dog.", other_text="One small dog.")
        self.assertAlmostEqual(alike["words"], 1)
        self.assertIn("fast", json.dumps(self.call("synonyms", word="quick")))
        for broken in ({}, {"text": "a", "id": "b"}, {"text": "a", "format": "pdf"},
                       {"text": "a", "most": 0}, {"id": "nobody"}):
            with self.assertRaises(Exception):
                self.call("lint", **broken)
        health = self.call("health")
        self.assertIn("missing.toml cannot be read", json.dumps(health))

    def test_clients_of_language_tool_are_answered(self):
        status, headers, body = self.check(form(language="en-US", text="I recieve a apple.\U0001f600"))
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        answer = json.loads(body)
        found = {one["rule"]["id"]: one for one in answer["matches"]}
        typo = found["MORFOLOGIK_RULE_EN_US"]
        self.assertEqual((typo["offset"], typo["length"]), (2, 7))
        self.assertIn({"value": "receive"}, typo["replacements"])
        self.assertEqual(found["EN_A_VS_AN"]["replacements"], [{"value": "an"}])
        self.assertEqual(answer["language"]["code"], "en-US")
        data = json.dumps({"annotation": [{"text": "a "}, {"markup": "<b>"}, {"text": "apple"}]})
        _, _, body = self.check(form(language="auto", data=data))
        self.assertEqual(json.loads(body)["matches"][0]["offset"], 0)
        languages = self.console.json("/v2/languages")
        self.assertIn("en-US", [one["longCode"] for one in languages])

    def rules_of(self, **fields):
        status, _, body = self.check(form(language="en-US", **fields))
        self.assertEqual(status, 200, body)
        return sorted(one["rule"]["id"] for one in json.loads(body)["matches"])

    def test_rules_are_chosen_as_extensions_of_browsers_do(self):
        text = "He has a apple. He is the the one. He goes. it recieved. "
        sent = {"data": json.dumps({"text": text}), "textSessionId": "74155:1700", "enableHiddenRules": "true",
                "level": "picky", "motherTongue": "de", "preferredVariants": "en-GB", "noopLanguages": "de,en",
                "disabledRules": "WHITESPACE_RULE, EN_A_VS_AN", "useragent": "webextension-firefox-ng",
                "allowIncompleteResults": "true"}
        sentences = self.rules_of(mode="allButTextLevelOnly", **sent)
        whole = self.rules_of(mode="textLevelOnly", **sent)
        self.assertLessEqual({"ENGLISH_WORD_REPEAT_RULE", "MORFOLOGIK_RULE_EN_US"}, set(sentences))
        self.assertLessEqual({"ENGLISH_WORD_REPEAT_BEGINNING_RULE", "UPPERCASE_SENTENCE_START"}, set(whole))
        self.assertEqual(sorted(sentences + whole), self.rules_of(**sent))
        self.assertNotIn("EN_A_VS_AN", sentences)
        self.assertEqual(self.rules_of(text=text, enabledRules="EN_A_VS_AN", enabledOnly="true"), ["EN_A_VS_AN"])
        self.assertEqual(self.rules_of(text=text, enabledCategories="TYPOS", enabledOnly="true"),
                         ["MORFOLOGIK_RULE_EN_US"])
        self.assertNotIn("MORFOLOGIK_RULE_EN_US", self.rules_of(text=text, disabledCategories="TYPOS"))
        self.assertIn("UPPERCASE_SENTENCE_START", self.rules_of(text=text, enabledRules="UPPERCASE_SENTENCE_START"))
        self.assertNotIn("UPPERCASE_SENTENCE_START", self.rules_of(text=text))

    def test_marks_are_left_out_and_count_for_places(self):
        data = {"annotation": [{"text": "It is \U0001f600 "}, {"markup": "<i>"}, {"text": "the"}, {"markup": "</i>"},
                               {"markup": "<br/>", "interpretAs": "\n"}, {"text": "the best. A"},
                               {"markup": "&nbsp;", "interpretAs": " "}, {"text": "apple."}]}
        _, _, body = self.check(form(language="en", data=json.dumps(data)))
        original = "".join(one.get("text") or one["markup"] for one in data["annotation"])
        units = original.encode("utf-16-le")
        found = {one["rule"]["id"]: units[2 * one["offset"]:2 * (one["offset"] + one["length"])].decode("utf-16-le")
                 for one in json.loads(body)["matches"]}
        self.assertEqual(found, {"ENGLISH_WORD_REPEAT_RULE": "the</i><br/>the", "EN_A_VS_AN": "A"})

    def test_clients_that_are_none_are_refused(self):
        for wrong in ({"text": "x", "data": '{"text": "x"}'}, {"data": "{}"}, {"data": "[]"}, {"data": "x"},
                      {"data": '{"text": 1}'}, {"data": '{"text": "x", "annotation": []}'},
                      {"data": '{"annotation": [{"text": "x", "markup": "y"}]}'},
                      {"data": '{"annotation": [{}]}'}, {"text": "x", "mode": "some"},
                      {"text": "x", "enabledOnly": "true"},
                      {"text": "x", "enabledOnly": "true", "enabledRules": "A", "disabledRules": "B"}):
            self.assertEqual(self.check(form(language="en", **wrong))[0], 400, wrong)
        self.assertEqual(self.check(form(language="de-DE", text="x"))[0], 400)
        self.assertEqual(self.check(form(text="x"))[0], 400)
        self.assertEqual(self.check("text=%FF&language=en")[0], 400)
        self.assertEqual(self.check("text=%zz&language=en")[0], 400)
        self.assertEqual(self.check("&".join(f"f{n}=1" for n in range(100)))[0], 400)
        self.assertEqual(self.check("x", **{"Content-Length": str(5 << 20)})[0], 413)
        self.assertEqual(self.check(form(language="en", text="x"), Origin="http://evil.test")[0], 403)
        self.assertEqual(
            self.check(form(language="en", text="x"), Origin="moz-extension://a-b")[0], 200)
        self.assertEqual(self.check(form(language="en", text="x"), Host="evil.test")[0], 421)
        self.assertEqual(self.console.status("/v2/check"), 405)
        self.assertEqual(self.console.status("/v2/info"), 404)
        self.assertEqual(self.console.status("/v2/check", {"text": "x"}), 415)

    def test_drafts_go_out_and_come_back_whole(self):
        content = "# Café \U0001f600\n\n<script>alert(1)</script>\n\n  kept\t\n\n---\nend"
        self.call("create", id="out", title="A \"title\"", content=content, tags=["x, y"],
                  type="report")
        for name in ("markdown", "json"):
            file = self.directory / f"out.{name}"
            self.noactl("draft", "export", "out", str(file), "--format", name)
            made = json.loads(self.noactl("--json", "draft", "import", str(file), "--format", name,
                                          "--id", f"back-{name}"))
            self.assertEqual(made["id"], f"back-{name}")
            back = self.call("get", id=f"back-{name}")
            self.assertEqual((back["content"], back["title"], back["tags"], back["type"]),
                             (content, "A \"title\"", ["x, y"], "report"))
        html = self.noactl("draft", "export", "out", "--format", "html")
        self.assertNotIn("<script", html)
        self.assertIn("<h1>Café", html)
        file = self.directory / "out.html"
        file.write_text(html)
        self.noactl("draft", "import", str(file), "--id", "back-html")
        latin = self.directory / "latin.html"
        latin.write_bytes("<p>Café".encode("latin-1"))
        refused = self.host.noactl_run("draft", "import", str(latin))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not UTF-8", refused.stderr)
        back = self.call("get", id="back-html")
        self.assertEqual((back["title"], back["content"]),
                         ("A \"title\"", "# Café \U0001f600\n\nkept\n\n-----\n\nend\n"))
        with self.assertRaisesRegex(Exception, "too deep"):
            self.call("import", content="<b>" * 300, format="html")
        self.assertIn("kept", self.noactl("draft", "export", "out", "--format", "text"))
        plain = self.call("import", content="First line\nrest", format="text", id="plain")
        self.assertEqual(self.call("get", id=plain["id"])["title"], "First line")
        with self.assertRaises(Exception):
            self.call("import", content="---\nnoa: draft\nowner: 1\n---\n")

    @unittest.skipUnless(os.access("/usr/bin/chromium", os.X_OK) or
                         os.access("/usr/bin/weasyprint", os.X_OK), "no program makes PDF here")
    def test_a_draft_is_printed(self):
        self.call("create", id="printed", title="Printed", content="# Printed\n\nText.\n")
        file = self.directory / "printed.pdf"
        self.noactl("draft", "export", "printed", str(file), "--format", "pdf")
        self.assertTrue(file.read_bytes().startswith(b"%PDF-"))


class Linted(unittest.TestCase):
    """Files, without any host."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        self.file = self.directory / "a.md"
        self.file.write_text(TEXT)
        self.rules = self.directory / "own.toml"
        self.rules.write_text(RULES)

    def lint(self, *words, code, text=None):
        ran = subprocess.run([NOACTL, "draft", "lint", *map(str, words)], input=text, text=True,
                             capture_output=True, timeout=60, check=False)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout or ran.stderr

    def test_findings_are_lines_that_editors_know(self):
        out = self.lint(self.file, "--rules", self.rules, code=1)
        self.assertEqual(out.splitlines(), [
            f'{self.file}:3:8: warning: "an" goes before "apple". [article]',
            f'{self.file}:3:20: warning: The word "the" is there twice. [duplicate-word]',
            f'{self.file}:3:28: error: "hue" is better than "color". [own.hue]'])
        self.lint(self.file, "--fail-on", "error", code=0)
        self.lint(self.file, "--rules", self.rules, "--fail-on", "error", code=1)
        self.lint(self.file, "--rules", self.rules, "--fail-on", "never", code=0)
        self.assertIn("-:1:1:", self.lint("-", text="Teh end.", code=1))

    def test_findings_are_json_and_sarif(self):
        found = json.loads(self.lint(self.file, "--format", "json", code=1))
        self.assertEqual(found[0]["findings"][0]["replacements"], ["an"])
        sarif = json.loads(self.lint(self.file, "--format", "sarif", code=1))
        self.assertEqual(sarif["version"], "2.1.0")
        results = sarif["runs"][0]["results"]
        self.assertEqual([one["ruleId"] for one in results], ["article", "duplicate-word"])
        known = {rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]}
        self.assertLessEqual({one["ruleId"] for one in results}, known)

    def test_what_cannot_be_linted_is_said(self):
        self.assertIn("cannot be read", self.lint(self.directory / "none.md", code=2))
        self.rules.write_text("[[rules]]\nid = 1\n")
        self.assertIn("own.toml", self.lint(self.file, "--rules", self.rules, code=2))
        self.file.write_bytes(b"caf\xe9 \x00 the the\n")
        out = self.lint(self.file, code=1)
        self.assertIn("error: The file is not UTF-8. [encoding]", out)
        self.assertIn("[duplicate-word]", out)
        ran = subprocess.run([NOACTL, "draft", "lint", "--dictionary", "/nowhere/xx", "-"],
                             input="Teh.", text=True, capture_output=True, timeout=60, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (0, ""))
        self.assertIn("there is no dictionary /nowhere/xx.aff", ran.stderr)


if __name__ == "__main__":
    unittest.main()
