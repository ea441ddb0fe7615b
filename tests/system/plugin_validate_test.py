#!/usr/bin/python3
"""`noactl plugin validate` finds what is wrong with a plugin, whatever the plugin does meanwhile."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from noa_host import BROKEN, FIXTURES, NOACTL, PATIENCE_S, PLUGINS, fail_on_report, sanitized

DEFECTS = FIXTURES / "defects"
ITEMS = ["file", "probe", "lifecycle", "settings", "messages", "state", "threads", "unload",
         "reloads"]

# The item that must fail of each, and what it must say.
FOUND = {
    "calls_off_lane": ("lifecycle", "subscribe was called off the lane"),
    "crashes_on_a_body": ("messages", "handle: killed by SIGABRT"),
    "crashes_on_a_state": ("state", "restore: killed by SIGABRT"),
    "crashes_on_settings": ("settings", "configure: killed by SIGABRT"),
    "forgets_its_state": ("state", "not saved as it was"),
    "leaks_a_descriptor": ("reloads", "descriptors: 80 more"),
    "leaks_memory": ("reloads", "heap: "),
    "destroyed_with_a_thread": ("lifecycle",
                                "destroyed while it runs: 1 threads are left after destroy"),
    "leaves_a_thread": ("threads", "1 threads are left after quiesce"),
    "refuses_without_a_word": ("settings", "without a text that says why"),
    "starts_once": ("lifecycle", "quiesce undone by start: start: started before"),
}


def validate(plugin, *options):
    done = subprocess.run([str(NOACTL), "--json", "plugin", "validate", str(plugin), *options],
                          capture_output=True, text=True, timeout=PATIENCE_S * 3, check=False)
    fail_on_report(done.stderr)
    return done.returncode, json.loads(done.stdout), done.stderr


def by_name(report):
    return {item["item"]: item for item in report["items"]}


class Validate(unittest.TestCase):
    def test_what_is_sound_passes_everything(self):
        for plugin in (PLUGINS / "cache.so", PLUGINS / "heartbeat.so",
                       DEFECTS / "without_defect.so", FIXTURES / "echo-c.so",
                       FIXTURES / "line_server.so", FIXTURES / "arena_user.so"):
            with self.subTest(plugin=plugin.name):
                code, report, _ = validate(plugin)
                self.assertEqual(code, 0, report)
                self.assertTrue(report["ok"])
                self.assertEqual([item["item"] for item in report["items"]], ITEMS)
                self.assertEqual(report["id"], plugin.stem)
        items = by_name(validate(PLUGINS / "cache.so")[1])
        self.assertEqual({item["verdict"] for item in items.values()}, {"pass"})
        self.assertRegex(items["messages"]["text"], r"^[1-9]\d\d+ messages")
        items = by_name(validate(FIXTURES / "line_server.so")[1])
        self.assertEqual((items["state"]["verdict"], items["state"]["text"]),
                         ("skipped", "it saves no state"))

    def test_each_defect_is_found_by_the_item_that_is_for_it(self):
        for defect, (item, text) in FOUND.items():
            if defect == "leaks_memory" and sanitized():
                continue  # a sanitizer has a heap of its own
            with self.subTest(defect=defect):
                code, report, _ = validate(DEFECTS / f"{defect}.so")
                found = by_name(report)
                self.assertEqual(code, 1)
                self.assertEqual(found[item]["verdict"], "fail", report)
                self.assertIn(text, found[item]["text"])
                self.assertEqual(found["file"]["verdict"], "pass")
                self.assertEqual(found["probe"]["verdict"], "pass")

    def test_one_that_hangs_fails_its_items_and_not_the_validator(self):
        code, report, _ = validate(DEFECTS / "hangs_in_quiesce.so", "--timeout", "1s")
        found = by_name(report)
        self.assertEqual(code, 1)
        self.assertEqual(found["settings"]["verdict"], "pass")
        self.assertEqual(found["lifecycle"]["text"], "quiesce: not done within 1000 ms")

    def test_what_no_host_would_load_is_not_lived_with(self):
        code, report, _ = validate(BROKEN / "ctor_aborts.so")
        found = by_name(report)
        self.assertEqual((code, found["probe"]["verdict"]), (1, "fail"))
        self.assertIn("constructor: killed by SIGABRT", found["probe"]["text"])
        self.assertEqual({found[item]["verdict"] for item in ITEMS[2:]}, {"skipped"})
        code, report, _ = validate(BROKEN / "no_note.so")
        found = by_name(report)
        self.assertEqual((code, found["file"]["verdict"]), (1, "fail"))
        self.assertEqual({found[item]["verdict"] for item in ITEMS[1:]}, {"skipped"})
        code, report, _ = validate(BROKEN / "good.so")  # its id is `whole`
        self.assertEqual(by_name(report)["probe"]["text"],
                         "id: wanted good, as the file is called, found whole")

    def test_what_the_wall_stops_is_told(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        for defect, item, text in (("handle_throws", "messages", "handle: exception"),
                                   ("start_throws", "lifecycle", "start: exception"),
                                   ("configure_throws", "lifecycle", "configure: exception")):
            with self.subTest(defect=defect):
                plugin = shutil.copy(BROKEN / f"{defect}.so", folder / "whole.so")
                found = by_name(validate(plugin)[1])
                self.assertEqual(found[item]["verdict"], "fail")
                self.assertIn(text, found[item]["text"])

    def test_settings_of_a_file_are_used(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "bad.json").write_text('{"size": -1}')
        (folder / "text.json").write_text('"text"')
        found = by_name(validate(DEFECTS / "without_defect.so", "--settings",
                                 str(folder / "bad.json"))[1])
        self.assertIn("size: wanted at least 1", found["probe"]["text"])
        done = subprocess.run(
            [str(NOACTL), "plugin", "validate", str(DEFECTS / "without_defect.so"), "--settings",
             str(folder / "text.json")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("wanted a JSON object", done.stderr)

    def test_people_get_a_line_each_and_nothing_is_left_behind(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        done = subprocess.run([str(NOACTL), "plugin", "validate", str(PLUGINS / "heartbeat.so")],
                              capture_output=True, text=True, check=False,
                              env={"TMPDIR": str(folder)})
        lines = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual([line[1] for line in lines], ITEMS)
        self.assertEqual({line[0] for line in lines}, {"pass"})
        self.assertEqual(list(folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
