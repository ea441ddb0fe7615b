#!/usr/bin/python3
"""Every plugin that is broken on purpose gets one clear line and changes nothing."""
import unittest

from noa_host import BROKEN, FIXTURES, Host, Watcher

# What each refusal must say: the step or field, what was wanted, what was found.
REFUSALS = {
    "abi_major_0": "abi_major: wanted 1, found 0",
    "abi_major_2": "abi_major: wanted 1, found 2",
    "configure_hangs": "configure did not return within",
    "create_aborts": "create: killed by SIGABRT",
    "create_exits": "create: the process ended with exit code 7",
    "create_fails": "create: no such device",
    "create_gives_nothing": "create: it answered NOA_OK without an agent",
    "create_throws_exception": "create: exception: create is broken",
    "create_throws_int": "create: exception",
    "ctor_aborts": "constructor: killed by SIGABRT",
    "ctor_hangs": "constructor did not return within",
    "ctor_throws": "constructor: killed by SIGABRT",
    "needs_newer_host": "min_host_minor: wanted at most 0, found 99",
    "no_entry": "wanted noa_plugin_entry_v1, found none",
    "no_note": ".note.noa: wanted 1 note, found 0",
    "nodelete": "found DF_1_NODELETE",
    "null_create": "create: wanted a function, found NULL",
    "null_handle": "handle: wanted a function, found NULL",
    "origin_runpath": "wanted no $ORIGIN",
    "struct_size_0": "struct_size: wanted at least 144, found 0",
    "struct_size_huge": "struct_size: wanted at most 65536",
    "struct_size_short": "struct_size: wanted at least 144, found 136",
    "two_exports": "found besides second_export",
    "undefined_symbol": "dlopen: undefined symbol: nobody_defines_this",
    "unique_symbol": "unique symbol",
    "wrong_id": "id: wanted",
}
# Fixtures whose plugin is called `whole`: installed under that name.
WHOLE_REFUSALS = {
    "configure_throws": "configure: exception: configure is broken",
    "error_unterminated": "configure: xxxx",
    "start_fails": "start",
    "start_throws": "start",
}
CONFIG = '[host]\nprobe_timeout = "3s"\n'


class BrokenPlugin(unittest.TestCase):
    def test_each_defect_is_refused_by_name_while_others_serve(self):
        with Host([FIXTURES / "echo-c.so"], CONFIG) as host:
            for defect, reason in REFUSALS.items():
                path = BROKEN / f"{defect}.so"
                if defect == "unique_symbol" and not path.exists():
                    continue  # clang makes none
                with self.subTest(defect=defect), Watcher(host, "host.agent.>") as events:
                    host.install(path)
                    said = events.action(defect, "failed")["text"]
                    self.assertIn(reason, said)
                    self.assertIn(f"{defect}.so", said)
                    self.assertEqual(host.agent(defect)["state"], "failed")
                    self.assertEqual(host.noactl("call", "echo-c", "echo", "1").strip(), "1")
                    (host.plugin_dir / f"{defect}.so").unlink()
            self.assertEqual(host.generation("echo-c"), 1)
            self.assertEqual(host.json("status")["pinned"], [])

    def test_a_defect_that_shows_later_is_refused_too(self):
        for defect, reason in WHOLE_REFUSALS.items():
            with self.subTest(defect=defect), Host(config=CONFIG) as host, \
                    Watcher(host, "host.agent.>") as events:
                host.install(BROKEN / f"{defect}.so", "whole.so")
                self.assertIn(reason, events.action("whole", "failed")["text"])
                self.assertEqual(host.json("status")["pinned"], [])

    def test_a_thread_local_of_a_plugin_does_not_pin_it(self):
        with Host() as host, Watcher(host, "host.agent.>") as events:
            host.install(BROKEN / "thread_local_kept.so", "whole.so")
            events.action("whole", "started")
            host.noactl("stop", "whole")
            self.assertEqual(host.json("status")["pinned"], [])

    def test_files_that_are_no_plugins_are_refused(self):
        good = (FIXTURES / "echo-c.so").read_bytes()
        cases = {"empty": b"", "text": b"#!/bin/sh\n" * 100, "cut": good[:4096],
                 "machine": good[:18] + b"\xb7\x00" + good[20:]}
        with Host([FIXTURES / "echo-c.so"]) as host:
            for name, data in cases.items():
                with self.subTest(case=name), Watcher(host, "host.agent.>") as events:
                    path = host.root / f"{name}.so"
                    path.write_bytes(data)
                    host.install(path)
                    events.action(name, "failed")
                    self.assertIn(f"{name}.so", host.agent(name)["last_error"])

    def test_an_update_to_a_broken_file_leaves_the_old_generation(self):
        with Host([FIXTURES / "echo-c.so"]) as host, Watcher(host, "host.agent.>") as events:
            path = host.root / "broken.so"
            path.write_bytes((FIXTURES / "echo-c.so").read_bytes()[:8192])
            host.install(path, "echo-c.so")
            events.action("echo-c", "failed")
            self.assertEqual(host.noactl("call", "echo-c", "echo", "1").strip(), "1")
            self.assertEqual(host.generation("echo-c"), 1)

    def test_a_handler_that_throws_is_an_error_to_the_asker(self):
        with Host() as host, Watcher(host, "host.agent.>") as events:
            host.install(BROKEN / "handle_throws.so", "whole.so")
            events.action("whole", "started")
            done = host.noactl_run("call", "whole", "anything", "1")
            self.assertEqual(done.returncode, 1)
            self.assertIn("exception", done.stderr)
            self.assertEqual(host.agent("whole")["state"], "running")


if __name__ == "__main__":
    unittest.main(verbosity=2)
