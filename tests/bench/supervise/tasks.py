"""The measurements, each on a noad of its own: a function that gives values by metric."""
import contextlib
import math
import os
import pathlib
import signal
import subprocess
import time

from ledger import Ledger
from noa_host import Host, Watcher, noa_client

RATE = 20_000
STALL_LIMIT_MS = 300
WARM_UP_S = 0.3
BETWEEN_S = 0.1  # messages handled between two kills
AFTER_EFFECT_S = 0.003  # as reload/load_tasks.cpp
AGENTS = 50
SETTLING_S = 2  # what starting agents leave to do
TARGET = "bench-target"
# However often, and at once.
ZERO_BACKOFF = '[host.restart]\nbackoff = "0s"\nbackoff_max = "0s"\nmax = 1000\nin_a_row = 1000\n'
AGENT = '[agents.{name}]\nprobation = "0s"\nrun = "{run}"\n'


def percentile(values, percent):
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def spread(what, values):
    return {f"{what}_p50": percentile(values, 50), f"{what}_p99": percentile(values, 99)}


def ms_since(begin_ns, end_ns=None):
    return ((time.monotonic_ns() if end_ns is None else end_ns) - begin_ns) / 1e6


def run_for(host, seconds):
    """Lets it run that long."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        host.process.wait(seconds)
        raise RuntimeError("noad ended:\n" + host.log_text()[-3000:])


class Load:
    """A sender in noad and a target that keeps its account outside of every life."""

    def __init__(self, plugins, run):
        self.ledger = Ledger()
        config = (ZERO_BACKOFF + f'[agents.{TARGET}]\nprobation = "0s"\nqueue_size = 100000\n'
                  f'max_deliveries = 100\n[agents.{TARGET}.settings]\n'
                  f'ledger = "{self.ledger.path}"\n')
        self.host = Host([plugins / f"{TARGET}.so", plugins / "bench-sender.so"], config)
        self.run_as(run)

    def run_as(self, run):
        self.host.configure(f'[agents.{TARGET}]\nrun = "{run}"\n')

    def __enter__(self):
        self.host.start()
        self.client = self.host.client()
        self.client.call("bench-sender", "begin", {"target": TARGET, "sender": 0, "rate": RATE})
        run_for(self.host, WARM_UP_S)
        self.ledger.steady(True)
        run_for(self.host, WARM_UP_S)
        self.ledger.steady(False)
        return self

    def __exit__(self, *_):
        self.client.close()
        self.host.__exit__()
        self.ledger.close()

    def end(self):
        """What became of every message."""
        sent = self.client.call("bench-sender", "end", timeout_s=60).json()
        # Behind everything that was accepted before it.
        self.client.call(TARGET, "barrier", timeout_s=60)
        values = self.ledger.settle(sent["accepted"])
        values["not_accepted"] = sent["busy"] + sent["refused"]
        counters = self.host.agent(TARGET)["counters"]
        values["given_up"] = counters["dead"] + counters["expired"]
        values["redelivered"] = counters["redelivered"]
        return values


def killed(plugins, kills):
    """SIGKILL of a process under load, again and again."""
    told, moments = [], []
    with Load(plugins, "process") as load, Watcher(load.host, f"host.agent.{TARGET}") as events:
        for _ in range(kills):
            pid = load.host.agent(TARGET)["pid"]
            begin_ns = time.monotonic_ns()
            os.kill(pid, signal.SIGKILL)
            events.action(TARGET, "process_ended")
            told.append(ms_since(begin_ns))
            events.action(TARGET, "reloaded")
            run_for(load.host, BETWEEN_S)
            moments.append((begin_ns, time.monotonic_ns()))
        values = load.end()
        # What lived longer than the one that was killed is no first message of a next life.
        serving = [ms_since(begin, load.ledger.first_after_longest_silence_ns(begin, end))
                   for begin, end in moments]
        delays = [load.ledger.worst_delay_ms(begin - 1_000_000, end - 1_000_000)
                  for begin, end in moments]
    values["redelivered_each"] = values["redelivered"] / kills
    values["kills"] = kills
    return {**values, **spread("told", told), **spread("serving", serving),
            **spread("delay", delays)}


def switched(plugins, switches):
    """From thread to process and back under load; `switches` of each."""
    windows = {"process": [], "thread": []}
    with Load(plugins, "thread") as load, Watcher(load.host, f"host.agent.{TARGET}") as events:
        steady_ms = load.ledger.steady_p50_ns() / 1e6
        for run in ["process", "thread"] * switches:
            begin_ns = time.monotonic_ns()
            load.run_as(run)
            load.host.noactl("reload")
            events.action(TARGET, "reloaded")
            run_for(load.host, AFTER_EFFECT_S)
            end_ns = time.monotonic_ns()
            if load.host.agent(TARGET)["run"] != run:
                raise RuntimeError(f"it did not become a {run}")
            run_for(load.host, (end_ns - begin_ns) / 1e9)
            windows[run].append((begin_ns, end_ns))
        values = load.end()
        values["switches"] = 2 * switches
        control = []
        for run, stretches in windows.items():
            pauses = [load.ledger.worst_delay_ms(*stretch) - steady_ms for stretch in stretches]
            values.update(spread(f"to_{run}", pauses))
            control += [load.ledger.worst_delay_ms(end, 2 * end - begin) - steady_ms
                        for begin, end in stretches]
    return {**values, **spread("control", control)}


def lost_process(plugins, times, order, deadline_ms):
    """From an order that ends the agent, at once or at its deadline, to the event of its end."""
    took = []
    config = (ZERO_BACKOFF + AGENT.format(name="rude", run="process") +
              f'max_deliveries = 1\nstall_limit = "{STALL_LIMIT_MS}ms"\n')
    with Host([plugins / "rude.so"], config) as host, host.client() as client, \
            Watcher(host, "host.agent.rude") as events:
        for _ in range(times):
            pid = client.call("rude", "count", timeout_s=60).json()["pid"]
            begin_ns = time.monotonic_ns()
            order(client, pid)
            events.action("rude", "process_ended")
            took.append(ms_since(begin_ns) - deadline_ms)
            events.action("rude", "reloaded")
    return spread("told", took)


def ask_for(what):
    return lambda client, _: client._send(noa_client.REQUEST, to="rude", subject=what, body=b"")


def crashed(plugins, times):
    return lost_process(plugins, times, ask_for("crash"), 0)


def hung_process(plugins, times):
    return lost_process(plugins, times, ask_for("block"), STALL_LIMIT_MS)


def stopped_process(plugins, times):
    return lost_process(plugins, times, lambda _, pid: os.kill(pid, signal.SIGSTOP),
                        STALL_LIMIT_MS)


def hung_thread(plugins, times, before):
    """`before`: so many messages are handled just before, without a pause."""
    took = []
    host = Host([], "")
    host.install(plugins / "trial-1.so", "trial.so")
    gate = host.root / "gate"
    host.config_file.write_text(AGENT.format(name="trial", run="thread") +
                                f'stall_limit = "{STALL_LIMIT_MS}ms"\n'
                                f'[agents.trial.settings]\ngate = "{gate}"\n')
    with host, host.client() as client, Watcher(host, "host.agent.trial") as events:
        for _ in range(times):
            run_for(host, 2 * STALL_LIMIT_MS / 1000)  # nothing of the last one is on its mind
            begin_ns = time.monotonic_ns()
            for subject in ["add"] * before + ["block"]:
                client._send(noa_client.REQUEST, to="trial", subject=subject, body=b"{}")
            events.action("trial", "stalled")
            took.append(ms_since(begin_ns) - STALL_LIMIT_MS)
            gate.write_text("")
            client.call("trial", "add", {}, timeout_s=60)
            gate.unlink()
    return spread("told", took)


def processes_of(pid):
    """It and what it started."""
    yield pid
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            yield from processes_of(int(child))


def usage_of(pid):
    """CPU time of its threads, ns, and how often they went to sleep; by itself, and children."""
    used = []
    for one in processes_of(pid):
        cpu = sleeps = 0
        for task in pathlib.Path(f"/proc/{one}/task").iterdir():
            cpu += int((task / "schedstat").read_text().split()[0])
            [line] = [line for line in (task / "status").read_text().splitlines()
                      if line.startswith("voluntary_ctxt_switches")]
            sleeps += int(line.split()[1])
        used.append((cpu, sleeps))
    return used[0], tuple(map(sum, zip((0, 0), *used[1:])))


# What is compared: fifty agents that nobody sends anything, as threads but for one.
IDLE = {
    "idle": ("thread", ""),
    "rarely": ("thread", '[host.health]\ninterval = "1h"\n'),
    "often": ("thread", '[host.health]\ninterval = "1s"\n'),
    "processes": ("process", ""),
}


def idle_host(plugins, run, config):
    names = ["echo-c", *(f"echo-{number}" for number in range(1, AGENTS))]
    return Host([plugins / "echo-c.so"], config + "".join(
        AGENT.format(name=name, run=run) + 'plugin = "echo-c"\n' for name in names))


def idle(plugins, seconds):
    """All at once: each is asleep nearly all of the time."""
    values = {}
    with contextlib.ExitStack() as stack:
        hosts = {key: stack.enter_context(idle_host(plugins, *wanted))
                 for key, wanted in IDLE.items()}
        for host in hosts.values():
            running = [agent for agent in host.json("agents") if agent["state"] == "running"]
            if len(running) != AGENTS:
                raise RuntimeError(f"{len(running)} agents run, not {AGENTS}")
        run_for(hosts["idle"], SETTLING_S)
        before = {key: (usage_of(host.process.pid), time.monotonic_ns())
                  for key, host in hosts.items()}
        run_for(hosts["idle"], seconds)
        for key, host in hosts.items():
            used, elapsed_ns = before[key][0], time.monotonic_ns() - before[key][1]
            now = usage_of(host.process.pid)
            for whose, then, later in zip(("host", "children"), used, now):
                values[f"{key}_{whose}_percent"] = 100 * (later[0] - then[0]) / elapsed_ns
                values[f"{key}_{whose}_sleeps"] = (later[1] - then[1]) / elapsed_ns * 1e9
            values[f"{key}_percent"] = sum(
                values[f"{key}_{whose}_percent"] for whose in ("host", "children"))
    return values
