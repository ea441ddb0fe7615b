#!/usr/bin/python3
"""The arena: memory that a reload hands on as it lies, and what becomes of it when things go wrong."""
import os
import signal
import unittest

from noa_host import FIXTURES, Host, Watcher, leave_signals_to_the_kernel

FRESH, CLEAN, DIRTY = 1, 2, 3
OK, E_INVALID, E_TOO_LARGE, E_STATE, E_RETIRED = 0, -2, -7, -12, -9
MIB = 1 << 20
# However often, and at once.
PATIENT = '[host.restart]\nbackoff = "1ms"\nbackoff_max = "1ms"\nmax = 1000\nin_a_row = 1000\n'
leave_signals_to_the_kernel()


def toml(value):
    return str(value).lower() if isinstance(value, bool) else value


def agent_table(run, more="", probation="0s", **settings):
    lines = "".join(f"{key} = {toml(value)}\n" for key, value in settings.items())
    return (f'[agents.arena_user]\nrun = "{run}"\nprobation = "{probation}"\n{more}\n'
            f'[agents.arena_user.settings]\n{lines}')


class ArenaHost(Host):
    """Runs `arena_user`, and `echo-c` beside it."""

    def __init__(self, run, *args, **settings):
        super().__init__([FIXTURES / "arena_user.so", FIXTURES / "echo-c.so"], PATIENT)
        self.run = run
        self.table = None
        self.set(*args, **settings)

    def set(self, *args, **settings):
        """True when that changes anything; the host may see to it at once."""
        before, self.table = self.table, agent_table(self.run, *args, **settings)
        self.configure(self.table)
        return self.table != before

    def reload(self, *args, **settings):
        """Once, to these settings."""
        same = not self.set(*args, **settings)
        self.noactl("reload", *(["--force"] if same else []), "arena_user")

    def refuses(self, *args, **settings):
        """Why, once or twice, it did not start with these settings."""
        self.set(*args, **settings)
        return self.noactl_run("reload", "--force", "arena_user").stdout

    def ask(self, operation, **body):
        with self.client() as client:
            return client.call("arena_user", operation, body).json()

    def get(self, at=0):
        return self.ask("get", at=at)["value"]

    def found(self):
        return self.ask("found")

    def arena(self):
        return self.agent("arena_user")["arena"]


class ArenaCase(unittest.TestCase):
    RUN = "thread"

    def host(self, *args, **settings):
        return ArenaHost(self.RUN, *args, **settings)

    def found(self, host, **expected):
        found = host.found()
        self.assertEqual({key: found[key] for key in expected}, expected)


class HandingOn(ArenaCase):
    def test_reload_keeps_the_arena(self):
        with self.host() as host:
            self.found(host, condition=FRESH, layout=0, epoch=1, size=MIB)
            host.ask("put", at=MIB - 8, value=41)
            for epoch in (2, 3, 4):
                host.reload(layout=epoch)
                self.found(host, condition=CLEAN, layout=7 if epoch == 2 else epoch - 1,
                           epoch=epoch, size=MIB)
                self.assertEqual(host.get(MIB - 8), 41)
                host.ask("put", at=0, value=epoch)
                self.assertEqual(host.get(), epoch)

    def test_it_goes_when_the_agent_stops(self):
        with self.host() as host:
            host.ask("put", value=41)
            host.noactl("stop", "arena_user")
            self.assertIsNone(host.arena())
            host.noactl("start", "arena_user")
            self.found(host, condition=FRESH, epoch=1)
            self.assertEqual(host.get(), 0)

    def test_a_restart_without_state_begins_anew(self):
        with self.host() as host:
            host.ask("put", value=41)
            host.noactl("restart", "arena_user")
            self.found(host, condition=FRESH, epoch=1)
            self.assertEqual(host.get(), 0)

    def test_what_is_not_opened_stays_as_it_was_left(self):
        with self.host() as host:
            host.ask("put", value=41)
            host.reload(unopened=True)
            self.assertEqual(host.arena()["condition"], "clean")
            host.reload()
            self.found(host, condition=CLEAN, layout=7, epoch=2)
            self.assertEqual(host.get(), 41)

    def test_what_is_not_closed_is_dirty(self):
        with self.host(unclosed=True) as host:
            host.ask("put", value=41)
            host.reload(layout=8)
            self.found(host, condition=DIRTY, layout=7, epoch=2)
            self.assertEqual(host.get(), 41)  # for those whose format can stand it

    def test_grow_and_release(self):
        with self.host() as host:
            host.ask("put", value=41)
            self.assertEqual(host.ask("grow", size=64 * MIB - 1), {"status": OK, "size": 64 * MIB})
            self.assertEqual((host.get(), host.get(64 * MIB - 8)), (41, 0))
            host.ask("put", at=64 * MIB - 8, value=42)
            self.assertEqual(host.ask("grow", size=1), {"status": OK, "size": 64 * MIB})
            self.assertEqual(host.arena()["resident"], 2 * 4096)
            self.assertEqual(host.ask("release", offset=0, size=4096)["status"], OK)
            self.assertEqual(host.arena()["resident"], 4096)
            self.assertEqual((host.get(), host.get(64 * MIB - 8)), (0, 42))
            host.ask("put", value=43)
            host.reload()
            self.found(host, condition=CLEAN, size=64 * MIB)
            self.assertEqual((host.get(), host.get(64 * MIB - 8)), (43, 42))

    def test_discard_begins_anew(self):
        with self.host() as host:
            host.ask("put", value=41)
            self.assertEqual(host.ask("discard")["status"], OK)
            self.assertIsNone(host.arena())
            self.assertEqual(host.ask("open", layout=9, size=2 * MIB)["status"], OK)
            self.found(host, condition=FRESH, layout=0, epoch=1, size=2 * MIB)
            self.assertEqual(host.get(), 0)
            host.reload(discards=True)
            self.found(host, condition=FRESH, epoch=1, size=MIB)

    def test_over_the_limit(self):
        with self.host('limits = { memory = "8MiB" }', size=8 * MIB) as host:
            self.found(host, condition=FRESH, size=8 * MIB)
            host.ask("put", value=41)
            self.assertEqual(host.ask("grow", size=8 * MIB + 1),
                             {"status": E_TOO_LARGE, "size": 8 * MIB})
            self.assertIn(f"cannot be opened: {E_TOO_LARGE}",
                          host.refuses('limits = { memory = "8MiB" }', size=8 * MIB + 1))
            self.assertEqual(host.get(), 41)

    def test_misuse_is_answered_and_changes_nothing(self):
        with self.host() as host:
            host.ask("put", value=41)
            self.assertEqual(host.ask("misuse"), {
                "in_create": E_STATE, "twice": E_STATE, "unaligned": E_INVALID,
                "beyond": E_INVALID, "around": E_INVALID, "none": E_INVALID, "short": E_INVALID,
                "endless": E_TOO_LARGE, "closed": OK, "closed_twice": E_STATE,
                "grow_closed": E_STATE, "release_closed": E_STATE, "no_layout": E_INVALID,
                "endless_open": E_TOO_LARGE, "late": E_RETIRED, "again": OK, "same_size": 1})
            self.assertEqual(host.get(), 41)
            self.found(host, condition=CLEAN, epoch=2)

    def test_an_operator_sees_it(self):
        with self.host() as host:
            host.ask("put", value=41)
            self.assertEqual(host.arena(), {"size": MIB, "resident": 4096, "layout": "0x7",
                                            "epoch": 1, "condition": "open"})
            text = host.noactl("agent", "arena_user")
            self.assertRegex(text, r"arena\.layout +0x7\n")
            metrics = host.ask("metrics")["host"]
            self.assertEqual((metrics["arena_bytes"], metrics["arena_resident_bytes"]), (MIB, 4096))
            self.assertIsNone(host.agent("echo-c")["arena"])


class Failing(ArenaCase):
    def test_a_failed_start_gives_the_arena_back(self):
        with self.host() as host:
            host.ask("put", value=41)
            for settings in ({"layout": 8}, {"layout": 8, "size": 2 * MIB}, {"unopened": True},
                             {"discards": True, "layout": 9, "writes_early": True}):
                self.assertIn("told to fail", host.refuses(fails=True, **settings))
                self.found(host, condition=CLEAN, layout=7)
                self.assertEqual(host.get(), 41)
            host.reload()
            self.assertEqual(host.get(), 41)

    def test_a_failed_start_forgets_what_it_found_dirty(self):
        with self.host(unclosed=True) as host:
            host.ask("put", value=41)
            self.assertIn("told to fail", host.refuses(fails=True, unopened=True))
            self.found(host, condition=DIRTY, layout=7)
            self.assertEqual(host.get(), 41)
            self.assertIn("told to fail", host.refuses(fails=True, layout=8, writes_early=True))
            self.found(host, condition=FRESH, layout=0, epoch=1)
            self.assertEqual(host.get(), 0)

    def test_going_back_finds_what_the_one_on_trial_left(self):
        with self.host() as host, Watcher(host, "host.reload.>") as events:
            for unclosed, condition in ((False, CLEAN), (True, DIRTY)):
                host.reload()
                host.ask("put", value=41)
                host.reload(probation="1h", layout=8, unclosed=unclosed)
                self.found(host, condition=CLEAN, layout=7)
                host.ask("put", value=42)
                with host.client() as client:
                    for _ in range(3):
                        with self.assertRaisesRegex(Exception, "broken on purpose"):
                            client.call("arena_user", "break", {})
                events.until(lambda event: event["outcome"] == "swapped_back")
                self.found(host, condition=condition, layout=8)
                self.assertEqual(host.get(), 42)


class HandingOnInAProcess(HandingOn):
    RUN = "process"


class FailingInAProcess(Failing):
    RUN = "process"

    def test_what_is_found_clean_is_read_only_until_start_returns(self):
        with self.host() as host:
            host.ask("put", value=41)
            self.assertIn("SIGSEGV", host.refuses(writes_early=True))
            self.found(host, condition=CLEAN, layout=7)
            self.assertEqual(host.get(), 41)

    def test_a_crash_leaves_the_arena_dirty(self):
        with self.host() as host, Watcher(host, "host.agent.arena_user") as events:
            host.ask("put", value=41)
            os.kill(host.agent("arena_user")["pid"], signal.SIGKILL)
            events.action("arena_user", "process_ended")
            events.action("arena_user", "reloaded")
            self.found(host, condition=DIRTY, layout=7, epoch=2)
            self.assertEqual(host.get(), 41)

    def test_write_after_quiesce_faults(self):
        host = self.host()
        fifo = host.root / "fifo"
        os.mkfifo(fifo)
        host.set(probation="1h", forgets_writer=f'"{fifo}"')
        with host:
            host.ask("put", value=41)
            host.reload(probation="1h")
            self.assertEqual(host.generation("arena_user"), 2)
            os.close(os.open(fifo, os.O_WRONLY))
            line = host.log_until("agent.process_ended", agent="arena_user", generation=1)
            self.assertIn("SIGSEGV", line["end"])
            self.found(host, condition=CLEAN, layout=7, epoch=2)
            self.assertEqual(host.get(), 41)

    def test_replicas_are_offered_none(self):
        with self.host("replicas = 2") as host:
            self.assertEqual(host.ask("offered"), {"offered": 0})
            self.assertIsNone(host.arena())


class Moving(ArenaCase):
    def test_thread_to_process_and_back_keeps_the_arena(self):
        with self.host() as host:
            host.ask("put", at=MIB - 8, value=41)
            for epoch, run in ((2, "process"), (3, "thread"), (4, "process")):
                host.run = run
                host.reload(layout=epoch)
                self.assertEqual(host.agent("arena_user")["run"], run)
                self.found(host, condition=CLEAN, epoch=epoch)
                self.assertEqual(host.get(MIB - 8), 41)
                host.ask("put", at=0, value=epoch)


if __name__ == "__main__":
    unittest.main(verbosity=2)
