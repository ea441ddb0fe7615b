#!/usr/bin/python3
"""What a generation leaves behind: undone where it can be, said and counted where it cannot."""
import collections
import os
import pathlib
import unittest

from noa_faults import RELOAD, FaultCase, FaultyHost, Gate, until
from noa_host import FIXTURES, PLUGINS, Host, Watcher, returns_memory

RELOADS = int(os.environ.get("RELOADS", "100"))
WHOLE = '[agents.whole]\nprobation = "0s"\n'


class WholeHost(FaultyHost):
    """With a fixture whose plugin is called `whole`."""

    def __init__(self, fixture, plugins=(), settings=""):
        super().__init__(plugins, WHOLE)
        self.install(RELOAD / f"{fixture}.so", "whole.so")
        self.settings(settings)

    def settings(self, text):
        self.configure(f"[agents.whole.settings]\n{text}\n")


class Leftovers(FaultCase):
    def test_a_thread_local_on_a_thread_that_lives_on_pins_the_library(self):
        with WholeHost("touched", [RELOAD / "keeper.so"]) as host, host.client() as client:
            client.call("keeper", "call", client.call("whole", "touch", {}).json())
            self.reloaded(host, "whole")
            self.serves(host, pinned=["still mapped"], whole=("running", 2))
            pin = host.json("status")["pinned"][0]
            self.assertEqual((pin["agent"], pin["generation"]), ("whole", 1))
            self.reloaded(host, "whole")
            self.serves(host, pinned=["still mapped"], whole=("running", 3))
            # The thread ends, and with it what the library is needed for.
            host.noactl("stop", "keeper")
            self.serves(host, pinned=["still mapped"], whole=("running", 3),
                        keeper=("stopped", 1))

    def test_a_key_with_a_destructor_in_the_library_ends_with_the_lane(self):
        with WholeHost("key_left") as host:
            for generation in range(2, 12):
                self.reloaded(host, "whole")
                self.serves(host, whole=("running", generation))
            self.assertNotIn("key.destroyed", host.log_text(), "the token was over before")

    def test_a_static_object_that_speaks_at_the_end_is_answered_retired(self):
        with WholeHost("last_words") as host:
            for _ in range(3):
                self.reloaded(host, "whole")
            host.noactl("stop", "whole")
            words = host.state_dir / "agents/whole/last_words"
            self.assertEqual(words.read_text().split(), ["-9"] * 4)
            self.assertNotIn("last.words", host.log_text())
            self.serves(host, whole=("stopped", 4))

    def test_messages_that_were_kept_and_never_released_go_with_their_generation(self):
        with WholeHost("keeps_messages") as host, host.client() as client:
            body = bytes(1 << 20)
            before = None
            for _ in range(10):
                for _ in range(20):
                    client.send("whole", "keep", body)
                client.call("whole", "keep", {})
                self.reloaded(host, "whole")
                before = before or memory_of(host)
            if returns_memory():
                self.assertLess(memory_of(host) - before, 60 << 20, "of 200 MiB")
            self.assertEqual(host.agent("whole")["counters"]["failed"], 0)
            self.serves(host, whole=("running", 11))

    def test_timers_and_subscriptions_end_with_the_generation_that_left_them(self):
        with WholeHost("leaves_things", settings="leave = true") as host, \
                host.client() as client, Watcher(host, "host.agent.whole") as events:
            self.assertEqual(client.publish("left.one", {}), 1)
            self.assertEqual(client.call("whole", "counts", {}).json()["events"], 1)
            host.settings("leave = false")
            events.action("whole", "reloaded")
            self.assertEqual(client.publish("left.one", {}), 0)
            with Watcher(host, "ready.>"):  # something goes round meanwhile
                self.assertEqual(client.publish("ready.now", {}), 1)
            self.assertEqual(client.call("whole", "counts", {}).json(), {"timers": 0, "events": 0})
            host.settings("leave = true")
            events.action("whole", "reloaded")
            self.reloaded(host, "whole")
            self.assertEqual(client.publish("left.one", {}), 1, "once, not once a generation")
            self.serves(host, whole=("running", 4))

    def test_a_thread_that_was_left_behind_pins_the_library(self):
        with WholeHost("thread_left") as host:
            gate = Gate(host)
            host.settings(f'fifo = "{gate.path}"')
            host.noactl("reload")
            gate.await_arrival()
            host.settings("")
            host.noactl("reload")
            # A hint may have come before, and its reload be about to retire.
            until(lambda: host.json("status")["pinned"], bool)
            self.serves(host, pinned=["a thread was left behind (tid"], whole=("running", 3))
            gate.release()  # it goes on, in code that is still there
            said = host.root / "gate.said"
            until(said.exists, bool)
            self.assertEqual(said.read_text().split(), ["-9", "-9"])
            self.reloaded(host, "whole")
            self.serves(host, pinned=["a thread was left behind (tid"], whole=("running", 4))


def memory_of(host):
    """Bytes that are this process's own."""
    text = pathlib.Path(f"/proc/{host.process.pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) << 10 for line in text.splitlines()
               if line.startswith(("Private_Dirty:", "Private_Clean:", "Swap:")))


def count_of(host, what):
    return len(os.listdir(f"/proc/{host.process.pid}/{what}"))


def descriptors_of(host):
    """What each is of, without the numbers that differ from one to the next."""
    found = []
    for entry in pathlib.Path(f"/proc/{host.process.pid}/fd").iterdir():
        try:
            found.append(os.readlink(entry).split("[")[0])
        except FileNotFoundError:
            pass
    return collections.Counter(found)


def mapped_of(host):
    maps = pathlib.Path(f"/proc/{host.process.pid}/maps").read_text()
    return sorted({line.split()[-1] for line in maps.splitlines() if "/stage/" in line})


class Flat(unittest.TestCase):
    AGENTS = ["stateful", "echo-cpp", "cache"]
    SENDERS = ["one", "two", "three", "four"]

    def reload(self, host, times):
        for _ in range(times):
            outcomes = host.json("reload", "--force", *self.AGENTS)["outcomes"]
            actions = {outcome["agent"]: outcome["action"] for outcome in outcomes}
            self.assertEqual({actions[agent] for agent in self.AGENTS}, {"reloaded"}, outcomes)

    def figures(self, host):
        return {"fds": count_of(host, "fd"), "threads": count_of(host, "task"),
                "libraries": len(mapped_of(host)),
                "staged": len(list((host.state_dir / "stage").iterdir()))}

    def test_memory_and_descriptors_stay_as_they_are_under_four_senders(self):
        config = "[agents.stateful]\nqueue_size = 100000\n" + "".join(
            f'[agents.{name}]\nplugin = "flooder"\n' for name in self.SENDERS)
        config += "".join(f'[agents.{name}]\nprobation = "0s"\n' for name in self.AGENTS[1:])
        plugins = [FIXTURES / "stateful.so", FIXTURES / "flooder.so", FIXTURES / "echo-cpp.so",
                   PLUGINS / "cache.so"]
        with Host(plugins, config.replace("[agents.stateful]\n",
                                          '[agents.stateful]\nprobation = "0s"\n')) as host, \
                host.client() as client:
            flood = {"to": "stateful", "operation": "put", "count": 0, "rate": 2000, "size": 64}
            for sender in self.SENDERS:
                client.call(sender, "start", flood)
            self.reload(host, RELOADS // 3)
            before, memory = self.figures(host), memory_of(host)
            descriptors = descriptors_of(host)
            self.reload(host, RELOADS - RELOADS // 3)
            # Clients that just went may still be counted.
            try:
                until(lambda: self.figures(host),
                      lambda now: all(now[what] <= before[what] for what in before))
            except AssertionError as error:
                more = descriptors_of(host) - descriptors
                raise AssertionError(f"{error}, before {before}; more: {more}") from error
            if returns_memory():
                # A burst leaves up to 256 blocks of 16 KiB in the inbox's pool until it is idle.
                self.assertLess(memory_of(host) - memory, (4 << 20) + 256 * (16 << 10))
            sent = {}
            for sender in self.SENDERS:
                client.call(sender, "stop", {})
                sent[sender] = client.call(sender, "report", {}).json()["accepted"]
            report = client.call("stateful", "report", {}, timeout_s=60).json()
            for sender in self.SENDERS:
                got = report["senders"][sender]
                self.assertEqual(got["last"], sent[sender], (sender, got))
                for defect in ("missing", "reordered", "duplicates_unflagged"):
                    self.assertEqual(got[defect], 0, (sender, defect, got))
            self.assertEqual(host.json("status")["pinned"], [])
            self.assertEqual(host.generation("stateful"), RELOADS + 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
