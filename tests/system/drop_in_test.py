#!/usr/bin/python3
"""Plugin files come, change and go while the host runs."""
import os
import unittest

from noa_host import FIXTURES, PLUGINS, Host, Watcher


def changed_copy(host, source):
    """The same code in a file with another digest."""
    target = host.root / "changed.so"
    target.write_bytes(source.read_bytes() + b"\0" * 64)
    return target


class DropIn(unittest.TestCase):
    def test_a_new_file_becomes_an_agent(self):
        with Host() as host, Watcher(host, "host.agent.>") as events:
            host.install(FIXTURES / "echo-c.so")
            events.action("echo-c", "started")
            self.assertEqual(host.noactl("call", "echo-c", "echo", '{"a":1}').strip(), '{"a":1}')

    def test_an_overwritten_file_reloads_its_agent_and_keeps_state(self):
        with Host([PLUGINS / "cache.so"]) as host, Watcher(host, "host.agent.>") as events:
            host.noactl("call", "cache", "set", '{"key":"k","value":42}')
            host.install(changed_copy(host, PLUGINS / "cache.so"), "cache.so")
            events.action("cache", "reloaded")
            reply = host.json("call", "cache", "get", '{"key":"k"}')
            self.assertEqual(host.generation("cache"), 2)
            self.assertIn("42", str(reply))

    def test_written_in_place_it_reloads_too(self):
        with Host([FIXTURES / "echo-c.so"]) as host, Watcher(host, "host.agent.>") as events:
            data = (FIXTURES / "echo-c.so").read_bytes()
            with open(host.plugin_dir / "echo-c.so", "r+b") as file:
                file.write(data)
                file.write(b"\0" * 64)
            events.action("echo-c", "reloaded")
            self.assertEqual(host.noactl("call", "echo-c", "echo", "[]").strip(), "[]")

    def test_touching_a_file_does_nothing(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            os.utime(host.plugin_dir / "echo-c.so")
            host.noactl("reload")  # comes after the hint, and looks at the same file
            self.assertEqual(host.generation("echo-c"), 1)

    def test_a_deleted_file_leaves_its_agent_until_an_explicit_reload(self):
        with Host([FIXTURES / "echo-c.so"]) as host:
            (host.plugin_dir / "echo-c.so").unlink()
            host.log_until("plugin.file_gone", agent="echo-c")
            self.assertEqual(host.noactl("call", "echo-c", "echo", "1").strip(), "1")
            self.assertIn("file is gone", host.agent("echo-c")["note"])
            host.noactl("reload")
            self.assertEqual(host.json("agents"), [])
            with open(f"/proc/{host.process.pid}/maps") as file:
                maps = file.read()
            self.assertNotIn("echo-c", maps)
            self.assertEqual(host.json("status")["pinned"], [])

    def test_two_files_of_one_name_are_refused_with_both_paths(self):
        with Host() as host:
            second = host.root / "second"
            second.mkdir(mode=0o755)
            host.stop()
            plain = host.command
            host.command = lambda: plain() + ["--plugin-dir", second]
            for directory in (host.plugin_dir, second):
                (directory / "echo-c.so").write_bytes((FIXTURES / "echo-c.so").read_bytes())
            host.start()
            line = host.log_until("plugin.unusable", plugin="echo-c")
            self.assertIn(str(host.plugin_dir / "echo-c.so"), line["reason"])
            self.assertIn(str(second / "echo-c.so"), line["reason"])

    def test_agents_in_c_cpp_and_rust_live_in_one_host(self):
        names = [name for name in ("echo-c", "echo-cpp", "echo-rust")
                 if (FIXTURES / f"{name}.so").exists()]
        self.assertGreaterEqual(len(names), 2)
        with Host([FIXTURES / f"{name}.so" for name in names]) as host:
            for name in names:
                self.assertEqual(host.noactl("call", name, "echo", '"hi"').strip(), '"hi"')
            if "echo-rust" not in names:
                self.skipTest("echo-rust was not built: no rustc")


if __name__ == "__main__":
    unittest.main(verbosity=2)
