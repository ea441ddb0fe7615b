"""What chaos knows from outside: what is to be healed, and which messages were accepted."""
import collections
import threading

from noa_host import PATIENCE_S, noa_client

AGENTS = [f"p{number}" for number in range(10)]
NOT_ACCEPTED = (-4, -5, -14)  # no agent, busy, unavailable: the sender was told


class Incidents:
    """What the host is to heal, by agent: open until its events say that it has."""

    def __init__(self, host):
        self.changed = threading.Condition()
        self.open = {}     # agent -> {"kind", "noticed"}
        self.counts = collections.Counter()
        self.healed = collections.Counter()
        self.unnoticed = collections.Counter()
        self.events = collections.Counter()
        self.client = host.client()
        self.client.subscribe("host.>")
        self.stopping = False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.stopping:
            for event in self.client.events(0.2):
                self.take(event.json())
                if self.stopping:
                    break

    def take(self, event):
        agent, name = event.get("agent"), event.get("event") or event.get("action")
        with self.changed:
            self.events[name] += 1
            incident = self.open.get(agent)
            if incident is not None:
                if name in ("heal.planned", "heal.approval_wanted") or event.get("to") in (
                        "critical", "needs_repair"):
                    incident["noticed"] = True
                well = event.get("to") == "healthy" or name in (
                    "heal.done", "heal.recovered", "heal.validated", "heal.state_restored")
                if incident["noticed"] and well:
                    self.healed[incident["kind"]] += 1
                    del self.open[agent]
                elif name in ("reloaded", "started") and not incident["noticed"]:
                    self.overtake(agent)  # a new file came first, for all of them
            self.changed.notify_all()

    def begin(self, kind, agent):
        with self.changed:
            self.open[agent] = {"kind": kind, "noticed": False}
            self.counts[kind] += 1

    def cancel(self, agent):
        """Nobody noticed, and it has passed: there was nothing to heal."""
        with self.changed:
            if agent in self.open and not self.open[agent]["noticed"]:
                self.overtake(agent)

    def overtake(self, agent):
        kind = self.open.pop(agent)["kind"]
        self.unnoticed[kind] += 1
        self.counts[kind] -= 1

    def noticed(self, agent):
        with self.changed:
            return agent not in self.open or self.open[agent]["noticed"]

    def await_noticed(self, agent):
        with self.changed:
            self.changed.wait_for(lambda: agent not in self.open or self.open[agent]["noticed"],
                                  PATIENCE_S)

    def free(self, need=1):
        """Agents without an open incident; waits until there are as many."""
        with self.changed:
            self.changed.wait_for(lambda: len(AGENTS) - len(self.open) >= need, PATIENCE_S)
            return [agent for agent in AGENTS if agent not in self.open]

    def finish(self):
        """Those that are still open after a last wait."""
        with self.changed:
            self.changed.wait_for(lambda: not self.open, PATIENCE_S)
            for agent, incident in list(self.open.items()):
                if incident["kind"] == "kill" and not incident["noticed"]:
                    self.overtake(agent)  # a former life on its way out; whether it serves is seen
            left = dict(self.open)
        self.stopping = True
        self.thread.join()
        self.client.close()
        return left


class Traffic:
    """A program outside that gives every agent numbered messages, and knows which were accepted."""

    def __init__(self, host):
        self.host = host
        self.accepted = {agent: [] for agent in AGENTS}
        self.unsure = collections.Counter()  # no receipt came: it may have been, or not
        self.refused = collections.Counter()
        self.error = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        number = 0
        try:
            with self.host.client() as client:
                while not self.stopping.is_set():
                    for agent in AGENTS:
                        number += 1
                        self.put(client, agent, number)
        except Exception as error:  # told at the end: a thread of its own has nobody to tell
            self.error = error

    def put(self, client, agent, number):
        try:
            client.send(agent, "put", str(number))
            self.accepted[agent].append(number)
        except noa_client.NoaError as error:
            if error.status == noa_client.E_EXPIRED:
                self.unsure[agent] += 1
            elif error.status in NOT_ACCEPTED:
                self.refused[agent] += 1
            else:
                raise

    def stop(self):
        self.stopping.set()
        self.thread.join()
        if self.error:
            raise self.error
