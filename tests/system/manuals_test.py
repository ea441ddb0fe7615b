#!/usr/bin/python3
"""Manuals, --help and completions say the same of every program: verbs, options, values."""
import re
import subprocess
import unittest

from noa_host import BUILD, NOACTL, NOAD, SOURCE

MAN = SOURCE / "packaging/man"
RUNNER = BUILD / "host/runner/noa-agent-runner"
GLOBALS = {"--json", "--runtime-dir", "--no-color", "--help", "--version"}
# Of `check`, which noactl(1) refers to noad(8) for; and what only tests and packagers want.
TOLD_IN_TEXT = {("plugin validate", "--runner")}


def said(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=True).stdout


def verbs(*path):
    found = []
    for verb in said(NOACTL, "complete", "verbs", *path).split():
        below = verbs(*path, verb) if len(path) == 0 and verb in groups() else []
        found += below or [" ".join((*path, verb))]
    return found


def groups():
    return {"alerts", "backup", "checks", "config", "draft", "manifest", "messages", "metrics",
            "migrations", "plugin", "traces"}


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def help_of(verb):
    return said(NOACTL, *verb.split(), "--help").split("Exit codes:")[0]


def flags_of(line):
    """--long options of one line of mdoc; `Fl -a | -b` are two."""
    return {f"--{name}" for name in re.findall(r"(?:Fl|\|) -([a-z][a-z-]*)", line)}


def entries(page):
    """{verb: (its .It line, what is said of it)} of the lists of commands of a page."""
    found = {}
    verb, text = None, []
    for line in (MAN / page).read_text().splitlines():
        start = re.match(r"\.It Cm ((?:[a-z-]+ ?)+?)(?: [A-Z].*)?$", line)
        if start and start[1] in ALL_VERBS:
            verb, text = start[1], []
            found[verb] = (line, text)
        elif line.startswith(".Sh"):
            verb = None
        elif verb is not None:
            text.append(line)
    return {verb: (line, "\n".join(text)) for verb, (line, text) in found.items()}


ALL_VERBS = verbs()


class Manuals(unittest.TestCase):
    def test_every_verb_has_its_place_in_the_manual_and_no_other_has(self):
        self.assertGreater(len(ALL_VERBS), 30)
        self.assertEqual(sorted(entries("noactl.1")), sorted(ALL_VERBS))

    def test_each_verb_has_the_options_that_its_manual_names(self):
        for verb, (line, text) in entries("noactl.1").items():
            with self.subTest(verb=verb):
                offered = options_in(help_of(verb)) - GLOBALS
                named = flags_of(line)
                self.assertLessEqual(named, offered, "named, not offered")
                told = named | flags_of(text) | {
                    option for of, option in TOLD_IN_TEXT if of == verb} | {
                    long for short, long in re.findall(r"-(\w),(--[a-z-]+)", help_of(verb))
                    if re.search(rf"Fl {short}\b", line)}
                self.assertLessEqual(offered, told, "offered, not named")

    def test_the_completion_offers_what_the_help_does(self):
        for verb in ALL_VERBS:
            with self.subTest(verb=verb):
                completed = set(said(NOACTL, "complete", "options", *verb.split()).split())
                self.assertEqual(completed - GLOBALS, options_in(help_of(verb)) - GLOBALS)

    def test_the_completion_knows_which_options_have_a_value(self):
        script = (SOURCE / "packaging/completions/noactl").read_text()
        list_of_them = script.split("case $word in")[1].split("((i++)) ;;")[0]
        skipped = set(re.findall(r"--[a-z-]+", list_of_them))
        valued = set()
        for verb in ALL_VERBS:
            for line in help_of(verb).splitlines():
                match = re.match(r"\s+(?:-\w,)?(--[a-z-]+) (?:TEXT|UINT|INT|FLOAT)", line)
                if match:
                    valued.add(match[1])
        self.assertLessEqual(valued, skipped | {"--runtime-dir"})
        self.assertLessEqual(skipped - {"--runtime-dir"}, valued)

    def test_noad_and_the_runner_offer_what_their_manuals_name(self):
        for program, page in ((NOAD, "noad.8"), (RUNNER, "noa-agent-runner.8")):
            with self.subTest(program=program.name):
                named = set()
                for line in (MAN / page).read_text().splitlines():
                    if line.startswith(".It Fl"):
                        named |= flags_of(line)
                self.assertEqual(named, options_in(said(program, "--help")))

    def test_every_exit_code_of_the_help_is_in_the_manual(self):
        codes = set(re.findall(r"(?m)(?:^|\s{2})(\d+)  \w", said(NOACTL, "--help").split(
            "Exit codes:")[1]))
        page = (MAN / "noactl.1").read_text().split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        self.assertEqual(codes, set(re.findall(r"\.It (\d+)", page)))
        self.assertIn("130", codes)

    def test_pages_refer_to_pages_that_exist(self):
        elsewhere = {"systemd.exec", "systemd-creds", "dh_install", "debhelper", "sd_notify",
                     "journalctl", "systemctl"}
        pages = {path.name for path in MAN.iterdir()}
        for page in MAN.glob("*.[1-8]"):
            for name, section in re.findall(r"^\.Xr (\S+) (\d)", page.read_text(), re.MULTILINE):
                self.assertTrue(name in elsewhere or f"{name}.{section}" in pages,
                                f"{page.name}: {name}({section})")


if __name__ == "__main__":
    unittest.main(verbosity=2)
