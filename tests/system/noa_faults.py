"""What the fault tests share: orders to the fixture `faulty`, gates to hold it at, what must hold
after each fault."""
import json
import os
import subprocess
import threading
import time
import unittest

from noa_host import FIXTURES, NOACTL, PATIENCE_S, Host

RELOAD = FIXTURES / "reload"
# Past the switch nothing is on trial here: what probation makes of a fault has tests of its own.
# Nor does anything come back by itself: so do restarts.
FAULTY = ('[agents.faulty]\nprobation = "0s"\nquiesce_timeout = "{quiesce}"\n'
          'restart.max = 0\n')


class FaultyHost(Host):
    """Runs `faulty`, and `echo-c` beside it, which nothing may ever disturb."""

    def __init__(self, plugins=(), config="", quiesce="5s"):
        super().__init__([RELOAD / "faulty.so", FIXTURES / "echo-c.so", *plugins],
                         config + FAULTY.format(quiesce=quiesce))

    def order(self, *lines):
        """What goes wrong from now on; nothing without a line. See fixtures/reload/orders.hpp."""
        beside = self.root / "orders.new"
        beside.write_text("".join(f"{line}\n" for line in lines))
        beside.rename(self.root / "orders")


class Gate:
    """A fifo at which a fixture stands still: "WHERE hold FIFO"."""

    def __init__(self, host, name="gate"):
        self.path = host.root / name
        os.mkfifo(self.path)
        self.fd = None

    def await_arrival(self):
        """Returns when the fixture is there; it stays until `release`."""
        late = threading.Event()

        def give_up():
            late.set()
            os.close(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK))

        timer = threading.Timer(PATIENCE_S, give_up)
        timer.start()
        self.fd = os.open(self.path, os.O_WRONLY)
        timer.cancel()
        if late.is_set():
            raise AssertionError(f"nobody came to {self.path}")

    def release(self):
        os.close(self.fd)
        self.fd = None


class Running:
    """A noactl that has not ended yet."""

    def __init__(self, host, *args):
        self.process = subprocess.Popen(
            [str(NOACTL), "--runtime-dir", str(host.runtime_dir), *args], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def until(self, text):
        """Reads what it says up to the line that ends in `text`."""
        for line in self.process.stdout:
            if line.strip().endswith(text):
                return
        raise AssertionError(f"noactl ended before it said {text}")

    def end(self, how=None):
        """Its exit code and what it said; `how` is a signal to send it first."""
        if how is not None:
            self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said


class Sequence:
    """Numbered messages to an agent that keeps track of them (fixtures/agents/stateful.c)."""

    def __init__(self, client, agent="faulty", sender="test"):
        self.client, self.agent, self.sender = client, agent, sender
        self.last = 0

    def send(self, count=1):
        for _ in range(count):
            self.client.send(self.agent, "put", {"sender": self.sender, "seq": self.last + 1})
            self.last += 1

    def check(self, test):
        # A request comes behind everything that was accepted before it.
        report = self.client.call(self.agent, "report", {}, timeout_s=60).json()
        got = report["senders"][self.sender]
        test.assertEqual(got["last"], self.last, got)
        for defect in ("missing", "reordered", "duplicates_unflagged"):
            test.assertEqual(got[defect], 0, (defect, got))


class FaultCase(unittest.TestCase):
    def reload(self, host, agent="faulty", force=True):
        """The outcome of one explicit reload."""
        outcomes = self.reload_all(host, *(["--force"] if force else []), agent)
        return next(outcome for outcome in outcomes if outcome["agent"] == agent)

    def reload_all(self, host, *args):
        done = host.noactl_run("reload", *args, "--json")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertTrue(done.stdout, done.stderr)
        return json.loads(done.stdout)["outcomes"]

    def refused(self, host, *reasons, agent="faulty", outcome=None):
        """One explicit reload that comes to nothing, and says why; `outcome` as in the history."""
        before = host.agent(agent)
        answer = self.reload(host, agent)
        self.assertEqual(answer["action"], "failed", answer)
        [record] = host.json("reloads", agent, "-n", "1")
        for reason in reasons:
            self.assertIn(reason, answer["text"])
            self.assertIn(reason, record["reason"])
        if outcome is not None:
            self.assertEqual(record["outcome"], outcome, record)
        after = host.agent(agent)
        self.assertIn(reasons[0], after["last_error"])
        self.assertEqual((after["state"], after["generation"]), ("running", before["generation"]))

    def reloaded(self, host, agent="faulty"):
        before = host.generation(agent)
        outcome = self.reload(host, agent)
        self.assertEqual(outcome["action"], "reloaded", outcome)
        self.assertGreater(host.generation(agent), before)

    def serves(self, host, pinned=(), **agents):
        """The host serves, and tells the truth of these: name = (state, generation)."""
        agents = {"echo_c": ("running", 1), **agents}
        self.assertEqual(host.noactl("call", "echo-c", "echo", "[1]").strip(), "[1]")
        health = json.loads(host.noactl("call", "echo-c", "health"))
        self.assertEqual(health["status"], "healthy")
        listed = {agent["name"]: (agent["state"], agent["generation"])
                  for agent in host.json("agents")}
        for name, expected in agents.items():
            self.assertEqual(listed[name.replace("_", "-")], expected, name)
        status = host.json("status")
        self.assertEqual(len(status["pinned"]), len(pinned), status)
        for pin, reason in zip(status["pinned"], pinned):
            self.assertIn(reason, pin["reason"])


def until(question, wanted):
    """Asks again and again, what cannot be waited for as an event."""
    gives_up_at = time.monotonic() + PATIENCE_S
    while not wanted(answer := question()):
        if time.monotonic() > gives_up_at:
            raise AssertionError(f"still {answer}")
    return answer
