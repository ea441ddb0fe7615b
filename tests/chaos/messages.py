#!/usr/bin/python3
"""Messages through kills: senders, a recipient outside, and a host that is killed at random moments.

    messages.py --kills 20 --seed 7 [--json]

BUILD_ROOT and SOURCE_ROOT say where the build and the sources are. Senders give ids of their own
and send again, after the kill, what was not answered. It fails when a message that was accepted did
not arrive, when one was delivered as new twice, when one that was acknowledged was delivered once
more, or when an id is in the store twice.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import sqlite3
import sys
import threading

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_ROOT"]) / "tests/system"))
from noa_host import PATIENCE_S, PLUGINS, Host, noa_client  # noqa: E402

CONFIG = """
[agents.communication.settings]
retry = { first_pause = "5ms", longest_pause = "50ms", attempts = 100, timeout = "2s", budget = 0 }
breaker = { failures = 0, failure_share = 1.1 }
"""
BATCH = 8
SHORTEST, LONGEST = 1, 60  # batches between two kills


class Recipient(threading.Thread):
    """An agent outside, for one life of the host."""

    def __init__(self, host, got):
        super().__init__()
        self.host, self.got = host, got
        self.over, self.serving = threading.Event(), threading.Event()

    def run(self):
        with self.host.client() as client:
            client.begin_serving("sink", credit=64)
            self.serving.set()
            while not self.over.is_set():
                client.serve(self.take, timeout_s=0.05, until=self.over.is_set)

    def take(self, message):
        body = message.json()
        self.got.append((body["id"], body["redelivered"]))
        return {}


def settled(client):
    """How many are not settled yet."""
    return client.call("communication", "stats", timeout_s=PATIENCE_S).json()["queue_depth"] == 0


class Run:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.number = 0
        self.accepted, self.unanswered = set(), []
        self.got = []
        self.acked = set()  # before a kill, by the host's own word
        self.delivered_after_ack = 0

    def batch(self):
        again, self.unanswered = self.unanswered[:BATCH], self.unanswered[BATCH:]
        fresh = [f"m-{self.number + n}" for n in range(BATCH - len(again))]
        self.number += len(fresh)
        return again + fresh

    def send(self, client, ids):
        """False when the host was gone before it answered."""
        messages = [{"to": "sink", "operation": "take", "id": id_, "envelope": True,
                     "body": "x" * self.chance.randrange(2000)} for id_ in ids]
        try:
            answer = client.call("communication", "send_many", {"messages": messages},
                                 timeout_s=1.0).json()
        except noa_client.NoaError:
            self.unanswered += ids
            return False
        assert answer["accepted"] == len(ids), answer
        self.accepted.update(ids)
        return True

    def life(self, host, kill):
        batches = self.chance.randrange(SHORTEST, LONGEST)
        kill_at = self.chance.randrange(batches) if kill else None
        recipient = Recipient(host, self.got)
        recipient.start()
        assert recipient.serving.wait(PATIENCE_S)
        before = len(self.got)
        known = set(self.acked)
        killer = None
        try:
            with host.client() as client:
                for number in range(batches):
                    if number == kill_at:
                        killer = threading.Timer(self.chance.random() / 100, host.stop,
                                                 [signal.SIGKILL])
                        killer.start()
                    if not self.send(client, self.batch()):
                        break
                while not kill and not settled(client):
                    pass
        finally:
            recipient.over.set()
            recipient.join()
        if killer:
            killer.join()
        elif kill:  # a machine so busy that the answer before it did not come in time
            host.stop(signal.SIGKILL)
        self.delivered_after_ack += sum(1 for id_, _ in self.got[before:] if id_ in known)

    def read_store(self, host):
        """What is acknowledged in the store; an id in it twice is an error."""
        path = next(host.state_dir.rglob("communication.db"))
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
            rows = store.execute("SELECT id, state FROM messages").fetchall()
        self.twice = [id_ for id_, count in collections.Counter(
            id_ for id_, _ in rows).items() if count > 1]
        self.acked = {id_ for id_, state in rows if state == 2}

    def report(self, kills):
        new = collections.Counter(id_ for id_, redelivered in self.got if not redelivered)
        arrived = {id_ for id_, _ in self.got}
        return {"kills": kills, "accepted": len(self.accepted), "deliveries": len(self.got),
                "lost": len(self.accepted - arrived),
                "not_acknowledged": len(self.accepted - self.acked),
                "new_twice": sum(1 for count in new.values() if count > 1),
                "delivered_after_ack": self.delivered_after_ack,
                "stored_twice": len(self.twice)}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", action="store_true")
    args = options.parse_args()
    run = Run(args.seed)
    host = Host([PLUGINS / "communication.so"], CONFIG)
    with host:
        for turn in range(args.kills + 1):
            if turn > 0:
                host.start()
            run.life(host, kill=turn < args.kills)
            if turn < args.kills:
                run.read_store(host)
        host.stop()
        run.read_store(host)
    report = run.report(args.kills)
    print(json.dumps(report) if args.json else
          "\n".join(f"{name}: {value}" for name, value in report.items()))
    wrong = ("lost", "not_acknowledged", "new_twice", "delivered_after_ack", "stored_twice")
    return 1 if any(report[name] for name in wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
