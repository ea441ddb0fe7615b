#!/usr/bin/python3
"""Ten agents, traffic from outside, and everything that can go wrong, in an order that a seed fixes.

    chaos.py --seconds 30 --seed 7 [--json]

BUILD_ROOT and SOURCE_ROOT say where the build and the sources are. It fails when the host ended,
when an accepted message is not accounted for, or when less than 99 % of the incidents were healed
without help. An agent with an open incident is left alone: what heals it is the host.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_ROOT"]) / "tests/system"))
from noa_host import FIXTURES, Host, noa_client  # noqa: E402
from witness import AGENTS, Incidents, Traffic  # noqa: E402

BURST = 5000  # failing calls until somebody notices
LEAK = 48 << 20
GOOD_PERCENT = 99.0

HOST = """[host.health]
interval = "50ms"
timeout = "300ms"
threshold = 2
[host.restart]
backoff = "5ms"
in_a_row = 20
max = 1000
window = "1min"
cooldown = "100ms"
[host.heal]
cooldown = "1ms"
watch = "100ms"
"""
AGENT = """[agents.{name}]
plugin = "patient"
run = "{run}"
probation = "{probation}"
quiesce_timeout = "1s"
queue_size = {queue}
health.memory.limit = "40MiB"
[agents.{name}.settings]
gate = "{root}/gate-{name}"
ledger = "{root}/ledger-{name}"
sick_from = {sick}
"""


class Schedule:
    """What happens, in order: the same for the same seed, however fast the machine is."""

    KINDS = {"errors": 4, "critical": 8, "hang": 4, "leak": 6, "kill": 10, "bad_file": 3,
             "new_file": 3, "settings": 5, "retune": 4, "wrong_config": 3, "run": 3, "reload": 5,
             "restart": 4, "stop_start": 4, "hangup": 2}

    def __init__(self, seed):
        self.dice = random.Random(seed)

    def __iter__(self):
        kinds, weights = zip(*self.KINDS.items())
        while True:
            [kind] = self.dice.choices(kinds, weights)
            yield kind, self.dice.randrange(1 << 30)


class Chaos:
    def __init__(self, host, run, seed):
        self.host, self.default_run = host, run
        self.agents = {name: {"run": run if index % 2 else "thread", "queue": 5000, "sick": 0,
                              "probation": "0s" if index % 3 else "200ms"}
                       for index, name in enumerate(AGENTS)}
        self.plugin = (FIXTURES / "patient.so").read_bytes()
        self.done = collections.Counter()
        self.skipped = collections.Counter()
        self.log = []
        host.config_file.write_text(HOST)
        self.configure()
        self.schedule = Schedule(seed)

    def configure(self, more=""):
        self.host.configure("".join(AGENT.format(name=name, root=self.host.root, **values)
                                    for name, values in self.agents.items()) + more)

    def act(self, kind, number):
        dice = random.Random(number)
        agent = dice.choice(self.incidents.free())
        self.log.append((kind, agent))
        if getattr(self, "do_" + kind)(agent, dice) is False:
            self.skipped[kind] += 1
        else:
            self.done[kind] += 1
        if self.host.process.poll() is not None:
            raise AssertionError("the host ended:\n" + self.host.log_text()[-3000:])

    def call(self, agent, operation, body):
        with self.host.client() as client:
            try:
                client.call(agent, operation, body)
                return True
            except noa_client.NoaError:
                return False

    # Incidents: what the host is to heal

    def do_errors(self, agent, _):
        self.incidents.begin("errors", agent)
        with self.host.client() as client:
            for _ in range(BURST):
                if self.incidents.noticed(agent):
                    return
                try:
                    client.call(agent, "fail", {})
                except noa_client.NoaError:
                    pass
        self.incidents.cancel(agent)

    def do_critical(self, agent, dice):
        reason = dice.choice(["check-failed", "resource-exhaustion", "degraded-performance"])
        self.incidents.begin("critical", agent)
        if not self.call(agent, "say", {"checks": [{"name": "store", "status": "critical",
                                                    "reason": reason}]}):
            self.incidents.cancel(agent)
            return False

    def do_leak(self, agent, _):
        self.incidents.begin("leak", agent)
        self.call(agent, "leak", str(LEAK))
        if not self.call(agent, "say", {"memory": LEAK}):  # of a process the host knows better
            self.incidents.cancel(agent)
            return False

    def do_hang(self, agent, _):
        gate = self.host.root / f"gate-{agent}"
        gate.unlink(missing_ok=True)
        self.incidents.begin("hang", agent)
        with self.host.client() as client:
            try:
                client.send(agent, "block", {})
            except noa_client.NoaError:
                self.incidents.cancel(agent)
                return False
        self.incidents.await_noticed(agent)
        gate.touch()

    def do_kill(self, agent, _):
        pid = self.host.agent(agent).get("pid")
        if not pid:
            return False
        self.incidents.begin("kill", agent)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            self.incidents.cancel(agent)
            return False

    # Changes by people: nothing to heal, and nothing to lose either

    def do_bad_file(self, _, dice):
        data = dice.choice([b"", b"garbage" * 1000, self.plugin[:len(self.plugin) // 2],
                            self.plugin[:64] + bytes(len(self.plugin) - 64)])
        target = self.host.plugin_dir / "patient.so"
        if dice.random() < 0.3:
            target.unlink()
        elif dice.random() < 0.5:
            target.write_bytes(data)  # in place: what runs is a private copy
        else:
            self.put_file(data)
        self.host.noactl_run("reload")
        self.put_file(self.plugin)
        self.host.noactl_run("reload")

    def do_new_file(self, _, dice):
        self.plugin = (FIXTURES / "patient.so").read_bytes() + dice.randbytes(8)
        self.put_file(self.plugin)

    def put_file(self, data):
        beside = self.host.root / "beside.so"
        beside.write_bytes(data)
        beside.chmod(0o755)
        beside.rename(self.host.plugin_dir / "patient.so")

    def do_settings(self, agent, dice):
        self.agents[agent]["sick"] = -dice.randrange(1000)  # it fails when told to, as before
        self.configure()

    def do_retune(self, agent, dice):
        self.agents[agent]["queue"] = dice.randrange(1000, 9000)
        self.configure()

    def do_wrong_config(self, agent, dice):
        self.configure(dice.choice([f"[agents.{agent}]\n", "queue = [\n", "[agents.x]\nqueue_size = -1\n",
                                    '[agents.x]\nplugin = "../x"\n']))
        self.host.noactl_run("reload")
        self.configure()

    def do_run(self, agent, _):
        if self.default_run == "thread":
            return False
        now = self.agents[agent]["run"]
        self.agents[agent]["run"] = "process" if now == "thread" else "thread"
        self.configure()

    def do_reload(self, agent, _):
        self.host.noactl_run("reload", "--force", agent)

    def do_restart(self, agent, _):
        self.host.noactl_run("restart", agent)

    def do_stop_start(self, agent, _):
        self.host.noactl_run("stop", agent)
        self.host.noactl_run("start", agent)

    def do_hangup(self, *_):
        self.host.process.send_signal(signal.SIGHUP)

    # The whole

    def run(self, seconds, most):
        self.incidents = Incidents(self.host)
        traffic = Traffic(self.host)
        ends = time.monotonic() + seconds
        try:
            for count, (kind, number) in enumerate(self.schedule):
                if time.monotonic() >= ends or (most and count >= most) or traffic.error:
                    break
                self.act(kind, number)
        finally:
            for agent in AGENTS:
                (self.host.root / f"gate-{agent}").touch()
            open_incidents = self.incidents.finish()
            traffic.stop()
        return self.summary(traffic, open_incidents)

    def account(self, traffic, agent, helped):
        """Of one agent: what was accepted and neither seen by it nor given up with a word."""
        if not self.call(agent, "put", "0"):  # comes behind them all
            helped.append(agent)
            self.host.noactl_run("restart", agent)
            self.host.noactl("call", agent, "put", "0", "--raw")
        ledger = self.host.root / f"ledger-{agent}"
        seen = collections.Counter(map(int, ledger.read_text().split()))
        state = self.host.agent(agent)
        given_up = state["counters"]["dead"] + state["counters"]["expired"]
        missing = [number for number in traffic.accepted[agent] if number not in seen]
        return {"accepted": len(traffic.accepted[agent]), "missing": len(missing),
                "given_up": given_up, "lost": max(0, len(missing) - given_up),
                "again": sum(count - 1 for number, count in seen.items() if number),
                "state": state["state"], "generation": state["generation"]}

    def summary(self, traffic, open_incidents):
        helped = []
        agents = {agent: self.account(traffic, agent, helped) for agent in AGENTS}
        total = sum(self.incidents.counts.values())
        unhealed = {**{agent: each["kind"] for agent, each in open_incidents.items()},
                    **{agent: "did not serve at the end" for agent in helped}}
        percent = 100.0 if total == 0 else 100.0 * (total - len(unhealed)) / total
        sums = {key: sum(each[key] for each in agents.values())
                for key in ("accepted", "missing", "given_up", "lost", "again")}
        return {"actions": dict(self.done), "skipped": dict(self.skipped),
                "incidents": dict(self.incidents.counts), "healed": dict(self.incidents.healed),
                "unnoticed": dict(self.incidents.unnoticed), "unhealed": unhealed,
                "healed_percent": round(percent, 2), **sums,
                "refused": sum(traffic.refused.values()), "unsure": sum(traffic.unsure.values()),
                "host_alive": self.host.process.poll() is None, "agents": agents,
                "events": dict(self.incidents.events),
                "good": self.host.process.poll() is None and sums["lost"] == 0 and
                percent >= GOOD_PERCENT}


def can_run_processes():
    """Whether this host knows run = "process"."""
    host = Host([FIXTURES / "patient.so"], '[agents.patient]\nrun = "process"\n')
    try:
        host.start()
        return host.agent("patient")["state"] == "running"
    except AssertionError:
        return False
    finally:
        host.__exit__()


def chaos(seconds, seed, most=0):
    """The summary of one run."""
    host = Host([FIXTURES / "patient.so"])
    run = Chaos(host, "process" if can_run_processes() else "thread", seed)
    with host:
        summary = run.run(seconds, most)
        return {"seed": seed, "seconds": seconds, "run": run.default_run, **summary}


def in_words(summary):
    lines = [f"seed {summary['seed']}, {summary['seconds']} s, agents in {summary['run']} and thread"]
    for title in ("actions", "incidents", "healed", "unnoticed", "unhealed"):
        lines.append(f"{title}: " + (", ".join(f"{key} {value}" for key, value in
                                               sorted(summary[title].items())) or "none"))
    lines.append("messages: {accepted} accepted, {refused} refused, {again} twice, {given_up} given "
                 "up with a word, {unsure} without a receipt; lost {lost}".format(**summary))
    lines.append("healed without help: {healed_percent} %; the host {}; {}".format(
        "was never down" if summary["host_alive"] else "ENDED",
        "good" if summary["good"] else "BAD", **summary))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--actions", type=int, default=0, help="end after so many; 0: no limit")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    summary = chaos(args.seconds, args.seed, args.actions)
    print(json.dumps(summary, indent=2) if args.json else in_words(summary))
    return 0 if summary["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
