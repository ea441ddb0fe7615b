#!/usr/bin/python3
"""Reloads that come to nothing, that half happen, or that must not happen at all."""
import json
import os
import shutil
import signal
import socket
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Gate, Sequence
from noa_host import FIXTURES, PATIENCE_S, Watcher


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Identity(FaultCase):
    def test_the_same_bytes_are_no_reload_however_they_come(self):
        def copy_over_itself(path):
            with open(path, "r+b") as file:
                data = file.read()
                file.seek(0)
                file.write(data)

        def away_and_back(path):
            path.rename(path.with_suffix(".away"))
            path.with_suffix(".away").rename(path)

        def link_in_place(path):
            shutil.copyfile(path, path.with_suffix(".copy"))
            os.link(path.with_suffix(".copy"), path.with_suffix(".link"))
            path.with_suffix(".link").rename(path)

        def removed_and_written(path):
            data = path.read_bytes()
            path.unlink()
            path.write_bytes(data)

        ways = {
            "touched": os.utime,
            "renamed in": lambda path: host.install(RELOAD / "faulty.so"),
            "copied over itself": copy_over_itself,
            "away and back": away_and_back,
            "another link": link_in_place,
            "removed and written anew": removed_and_written,
            "another mode": lambda path: path.chmod(0o700),
        }
        with FaultyHost() as host, host.client() as client, \
                Watcher(host, "host.agent.>") as events:
            sequence = Sequence(client)
            for way, do in ways.items():
                with self.subTest(way=way):
                    do(host.plugin_dir / "faulty.so")
                    sequence.send()
                    # Comes after the hint, and looks at the same file.
                    self.assertEqual(self.reload(host, force=False)["action"], "unchanged")
            self.serves(host, faulty=("running", 1))
            self.assertEqual(client.call("faulty", "calls", {}).json()["starts"], 1)
            sequence.check(self)
            host.noactl("reload", "--force", "faulty")
            self.assertEqual(events.until(lambda _: True)["action"], "reloaded", "the first event")

    def test_a_file_that_went_and_came_back_is_no_longer_said_to_be_gone(self):
        with FaultyHost() as host:
            file = host.plugin_dir / "faulty.so"
            data = file.read_bytes()
            file.unlink()
            host.log_until("plugin.file_gone", agent="faulty")
            self.assertIn("file is gone", host.agent("faulty")["note"])
            file.write_bytes(data)
            self.assertEqual(self.reload(host, force=False)["action"], "unchanged")
            self.assertEqual(host.agent("faulty")["note"], "")
            self.serves(host, faulty=("running", 1))


class Quiesce(FaultCase):
    def test_that_never_ends_cancels_and_the_old_one_goes_on_when_it_does(self):
        with FaultyHost(quiesce="200ms") as host, host.client() as client:
            gate, sequence = Gate(host), Sequence(client)
            host.order(f"quiesce hold {gate.path}")
            sequence.send(10)
            self.refused(host, "not quiet within 200 ms", outcome="cancelled")
            gate.await_arrival()
            sequence.send(10)
            self.refused(host, "not quiet within 200 ms")  # nothing runs beside a stuck lane
            self.serves(host, faulty=("running", 1))
            host.order()
            gate.release()
            sequence.send(10)
            sequence.check(self)
            self.assertEqual(client.call("faulty", "calls", {}).json()["starts"], 2, "undone")
            self.reloaded(host)
            sequence.check(self)
            self.serves(host, faulty=("running", 2))

    def test_a_save_that_never_ends_cancels_in_the_same_way(self):
        with FaultyHost(quiesce="200ms") as host, host.client() as client:
            gate, sequence = Gate(host), Sequence(client)
            host.order(f"save hold {gate.path}")
            sequence.send(10)
            self.refused(host, "not quiet within 200 ms", outcome="cancelled")
            gate.await_arrival()
            sequence.send(10)
            self.serves(host, faulty=("running", 1))
            host.order()
            gate.release()
            sequence.check(self)
            self.reloaded(host)
            sequence.check(self)

    def test_that_never_ends_does_not_keep_a_stop_waiting(self):
        with FaultyHost(quiesce="200ms") as host:
            gate = Gate(host)
            host.order(f"quiesce hold {gate.path}")
            host.noactl("stop", "faulty")
            self.serves(host, pinned=["does not return from the plugin"], faulty=("stopped", 1))
            self.assertEqual(host.stop(), 0)

    def test_a_second_signal_while_the_host_stops_is_no_news(self):
        with FaultyHost() as host:
            gate = Gate(host)
            host.order(f"quiesce hold {gate.path}")
            host.process.terminate()
            gate.await_arrival()
            for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                host.process.send_signal(signal_number)
            gate.release()
            self.assertEqual(host.process.wait(PATIENCE_S), 0)
            self.assertIn("host.stopped", host.log_text())


class Exclusive(FaultCase):
    """A port that old and new want, as agents do that do not know of noa.listener/1."""

    def settings(self, port, keep):
        return f'[agents.port]\nprobation = "0s"\n' \
               f'[agents.port.settings]\nport = {port}\nkeep = {json.dumps(keep)}\n'

    def test_a_port_that_quiesce_lets_go_of_is_taken_by_the_new_one(self):
        port = free_port()
        with FaultyHost([RELOAD / "port.so"], self.settings(port, False)) as host:
            for _ in range(5):
                self.reloaded(host, "port")
                socket.create_connection(("127.0.0.1", port)).close()
            self.serves(host, port=("running", 6))

    def test_a_port_that_the_old_one_holds_on_to_stays_with_it(self):
        port = free_port()
        with FaultyHost([RELOAD / "port.so"], self.settings(port, True)) as host:
            for _ in range(5):
                self.refused(host, f"port {port}: Address already in use", agent="port")
                socket.create_connection(("127.0.0.1", port)).close()
            self.assertEqual(host.noactl("call", "port", "which").strip(), f'{{"port":{port}}}')
            self.serves(host, port=("running", 1))
            # A restart is a new generation in the same way, and is refused in the same way.
            self.assertEqual(host.noactl_run("restart", "port").returncode, 1)
            host.noactl("stop", "port")
            host.noactl("start", "port")
            socket.create_connection(("127.0.0.1", port)).close()
            self.serves(host, port=("running", 2))


class SwapBack(FaultCase):
    def test_a_start_that_fails_under_load_changes_nothing(self):
        flooders = "".join(f'[agents.{name}]\nplugin = "flooder"\n' for name in ("left", "right"))
        with FaultyHost([FIXTURES / "flooder.so"],
                        f"[agents.flooder]\nenabled = false\n{flooders}") as host, \
                host.client() as client:
            host.order("start fail")
            for sender in ("left", "right"):
                client.call(sender, "start", {"to": "faulty", "operation": "put", "count": 0,
                                              "rate": 5000, "size": 64})
            for _ in range(20):
                self.refused(host, "start was told to fail", outcome="undone")
            calls = client.call("faulty", "calls", {}).json()
            self.assertEqual(calls["starts"], 21, "each time it takes up again")
            sent = {}
            for sender in ("left", "right"):
                client.call(sender, "stop", {})
                sent[sender] = client.call(sender, "report", {}).json()["accepted"]
            report = client.call("faulty", "report", {}, timeout_s=60).json()
            self.assertEqual(report["generations"], 1)
            for sender, got in report["senders"].items():
                self.assertEqual(got["last"], sent[sender])
                for defect in ("missing", "reordered", "duplicates_unflagged"):
                    self.assertEqual(got[defect], 0, (sender, defect, got))
            self.serves(host, faulty=("running", 1))


class Settings(FaultCase):
    """Two versions, and no settings that suit both."""

    OLD = '[agents.settings]\nprobation = "0s"\n[agents.settings.settings]\nlevel = 1\n'
    NEW = '[agents.settings]\nprobation = "0s"\n[agents.settings.settings]\ntier = "gold"\n'

    def starting(self, plugin, config):
        host = FaultyHost()
        host.install(plugin, "settings.so")
        host.configure(config)
        return host

    def runs(self, host, version, settings, generation):
        answer = json.loads(host.noactl("call", "settings", "which"))
        self.assertEqual(answer, {"version": version, "settings": settings})
        self.serves(host, settings=("running", generation))

    def test_valid_for_the_old_only_the_new_file_waits_for_its_settings(self):
        with self.starting(RELOAD / "settings_old.so", self.OLD) as host, \
                Watcher(host, "host.agent.settings") as events:
            host.install(RELOAD / "settings_new.so", "settings.so")
            refused = host.noactl_run("reload")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("/tier", refused.stdout + refused.stderr)
            self.runs(host, "1.0.0", {"level": 1}, 1)
            host.configure(self.NEW)
            events.action("settings", "reloaded")
            self.runs(host, "2.0.0", {"tier": "gold"}, 2)

    def test_valid_for_the_new_only_the_settings_wait_for_their_file(self):
        with self.starting(RELOAD / "settings_old.so", self.OLD) as host, \
                Watcher(host, "host.agent.settings") as events:
            host.configure(self.NEW)
            line = host.log_until("config.refused")
            self.assertIn("50-test.toml", line["reason"])
            self.runs(host, "1.0.0", {"level": 1}, 1)
            host.install(RELOAD / "settings_new.so", "settings.so")
            events.action("settings", "reloaded")
            self.runs(host, "2.0.0", {"tier": "gold"}, 2)

    def test_changed_at_once_they_are_taken_together_back_and_forth(self):
        with self.starting(RELOAD / "settings_old.so", self.OLD) as host, \
                Watcher(host, "host.agent.settings") as events:
            for generation, (plugin, config) in enumerate(
                    [("settings_new.so", self.NEW), ("settings_old.so", self.OLD)] * 3, 2):
                host.install(RELOAD / plugin, "settings.so")
                host.configure(config)
                events.action("settings", "reloaded")
                if plugin == "settings_new.so":
                    self.runs(host, "2.0.0", {"tier": "gold"}, generation)
                else:
                    self.runs(host, "1.0.0", {"level": 1}, generation)

    def test_a_file_whose_settings_do_not_fit_holds_up_nobody_else(self):
        with self.starting(RELOAD / "settings_old.so", self.OLD) as host:
            host.install(RELOAD / "settings_new.so", "settings.so")
            host.install(RELOAD / "keeper.so")
            outcomes = {outcome["agent"]: outcome for outcome in self.reload_all(host)}
            # A hint may have come before.
            self.assertIn(outcomes["keeper"]["action"], ("started", "unchanged"))
            self.assertEqual(outcomes["settings"]["action"], "failed")
            self.assertIn("/tier", outcomes["settings"]["text"])
            self.runs(host, "1.0.0", {"level": 1}, 1)
            self.serves(host, keeper=("running", 1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
