#!/usr/bin/python3
"""Writers and watchers of the config agent while its host is killed, at moments a seed fixes.

    changes.py --changes 4000 --kills 4 --seed 1

Every change has a number of its own. What was acknowledged has to be there, at the revision that
was told; what nobody was told of may be, once; what nobody asked for may not. Watchers resume from
their revision and have to see the same, whole and in order; so do history and audit log at the end.
BUILD_ROOT and SOURCE_ROOT say where the build and the sources are.
"""
import argparse
import itertools
import json
import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(os.environ["SOURCE_ROOT"]) / "tests/system"))
from noa_host import PATIENCE_S, PLUGINS, Host, noa_client  # noqa: E402

WRITERS, WATCHERS, DOCUMENTS = 4, 2, 25
A_WRITER = 1_000_000_000  # numbers of one begin with its own
SETTINGS = """[agents.config.settings]
events = 2000000
event_bytes = "2GiB"
audit_entries = 2000000
"""


class Writer(threading.Thread):
    """One request at a time, single changes and transactions; a new connection after a kill."""

    def __init__(self, host, index, seed, tally):
        super().__init__()
        self.host, self.index, self.tally = host, index, tally
        self.dice = random.Random(seed * 1000 + index)
        self.next = 0
        self.acknowledged = []  # (revision, number)
        self.unsure = self.refused = 0
        self.error = None

    def run(self):
        try:
            while not self.tally.over.is_set():
                with self.host.client() as client:
                    try:
                        while not self.tally.over.is_set():
                            self.write(client)
                    except noa_client.NoaError as error:
                        self.unsure += error.status == noa_client.E_EXPIRED
                        self.refused += error.status != noa_client.E_EXPIRED
        except Exception as error:  # told at the end: a thread of its own has nobody to tell
            self.error = error
            self.tally.end()

    def step(self, document):
        self.next += 1
        return {"name": f"w{self.index}-{document}",
                "value": {"n": self.index * A_WRITER + self.next}}

    def write(self, client):
        if self.dice.random() < 0.5:
            steps = [self.step(self.dice.randrange(DOCUMENTS))]
            reply = client.call("config", "set", steps[0], timeout_s=1).json()
            revisions = [reply["revision"]]
        else:
            documents = self.dice.sample(range(DOCUMENTS), self.dice.randrange(2, DOCUMENTS))
            steps = [self.step(document) for document in documents]
            reply = client.call("config", "transact", {
                "steps": [{"op": "set", **step} for step in steps]}, timeout_s=1).json()
            revisions = [one["revision"] for one in reply["documents"]]
        self.acknowledged += zip(revisions, (step["value"]["n"] for step in steps))
        self.tally.add(len(steps))


class Watcher(threading.Thread):
    """Keeps what it saw by revision, and asks on from there, whatever happened."""

    def __init__(self, host, tally):
        super().__init__()
        self.host, self.tally = host, tally
        self.seen = []  # numbers; the first is of revision 1
        self.versions = {}  # the newest of each document
        self.values = {}
        self.wrong = []
        self.last = None  # the revision to end with
        self.error = None

    def run(self):
        try:
            while self.last is None or len(self.seen) < self.last:
                with self.host.client() as client:
                    try:
                        while self.last is None or len(self.seen) < self.last:
                            self.read(client)
                    except noa_client.NoaError:
                        pass
        except Exception as error:
            self.error = error
            self.tally.end()

    def read(self, client):
        answer = client.call("config", "changes", {"since": len(self.seen), "wait_s": 0.2,
                                                   "limit": 1000}, timeout_s=2).json()
        for event in answer["events"]:
            [step] = event["patch"]
            number = step["value"] if step["path"] == "/n" else step["value"]["n"]
            name = event["name"]
            if event["revision"] != len(self.seen) + 1:
                self.wrong.append(f"revision {event['revision']} after {len(self.seen)}")
            if event["version"] != self.versions.get(name, 0) + 1:
                self.wrong.append(f"{name}: version {event['version']}")
            if not name.startswith(f"w{number // A_WRITER}-"):
                self.wrong.append(f"{name}: {number}")
            self.versions[name], self.values[name] = event["version"], number
            self.seen.append(number)
        if answer["revision"] < len(self.seen):
            self.wrong.append(f"revision went back to {answer['revision']}")


class Tally:
    """How many changes were acknowledged, and who waits for so many."""

    def __init__(self):
        self.changed = threading.Condition()
        self.count = 0
        self.over = threading.Event()

    def add(self, count):
        with self.changed:
            self.count += count
            self.changed.notify_all()

    def end(self):
        self.over.set()
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, count):
        with self.changed:
            self.changed.wait_for(lambda: self.count >= count or self.over.is_set())


def last_words(host):
    """Revision, audit log and documents of the host as it is at the end."""
    with host.client() as client:
        stats = client.call("config", "stats", {}, timeout_s=PATIENCE_S).json()
        audit = client.call("config", "audit", {"verify": True}, timeout_s=PATIENCE_S).json()
        documents, histories = {}, {}
        for one in client.call("config", "list", {}, timeout_s=PATIENCE_S).json()["documents"]:
            name = one["name"]
            documents[name] = client.call("config", "get", {"name": name}).json()["value"]["n"]
            histories[name] = [each["version"] for each in client.call(
                "config", "history", {"name": name, "limit": 10}).json()["versions"]]
        return stats["revision"], audit, documents, histories


def judge(writers, watchers, documents, histories):
    """What was lost, reordered, invented or done twice, counted."""
    seen = watchers[0].seen
    lost = sum(1 for writer in writers for revision, number in writer.acknowledged
               if revision > len(seen) or seen[revision - 1] != number)
    newest, reordered = dict.fromkeys(range(WRITERS), 0), 0
    for number in seen:
        writer, own = divmod(number, A_WRITER)
        reordered += own <= newest[writer]
        newest[writer] = max(own, newest[writer])
    once = set(seen)
    wrong = list(itertools.chain.from_iterable(watcher.wrong for watcher in watchers))
    return {"lost": lost, "reordered": reordered, "twice": len(seen) - len(once),
            "invented": sum(number % A_WRITER > writers[number // A_WRITER].next
                            for number in seen),
            "watchers_differ": sum(watcher.seen != seen for watcher in watchers),
            "documents_differ": documents != watchers[0].values,
            "histories_broken": sum(
                versions != list(range(watchers[0].versions[name],
                                       watchers[0].versions[name] - len(versions), -1))
                for name, versions in histories.items()),
            "wrong": wrong[:5]}


def run(changes, kills, seed):
    dice = random.Random(seed)
    tally = Tally()
    began = time.monotonic()
    with Host([PLUGINS / "config.so"], SETTINGS) as host:
        writers = [Writer(host, index, seed, tally) for index in range(WRITERS)]
        watchers = [Watcher(host, tally) for _ in range(WATCHERS)]
        for thread in writers + watchers:
            thread.start()
        for at in sorted(dice.randrange(changes) for _ in range(kills)):
            tally.wait_for(at)
            host.stop(signal.SIGKILL)
            host.start()
        tally.wait_for(changes)
        tally.end()
        for writer in writers:
            writer.join()
        revision, audit, documents, histories = last_words(host)
        for watcher in watchers:
            watcher.last = revision
            watcher.join()
    for thread in writers + watchers:
        if thread.error:
            raise thread.error
    found = judge(writers, watchers, documents, histories)
    good = not any(found.values()) and audit["ok"] and audit["entries"] == revision
    return {"seed": seed, "changes": revision, "acknowledged": tally.count, "kills": kills,
            "unsure": sum(writer.unsure for writer in writers),
            "refused": sum(writer.refused for writer in writers),
            "seconds": round(time.monotonic() - began, 1), **found,
            "audit": {"ok": audit["ok"], "entries": audit["entries"]}, "good": good}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--changes", type=int, default=4000)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    summary = run(args.changes, args.kills, args.seed)
    print(json.dumps(summary))
    return 0 if summary["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
