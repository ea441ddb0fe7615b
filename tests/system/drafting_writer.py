"""One who edits a draft by chance, and the changes that this is made of."""
import random
import threading


def units(text):
    return len(text.encode("utf-16-le")) // 2


def applied(changes, text):
    """What a change makes of a text, in UTF-16 units."""
    raw = text.encode("utf-16-le")
    out, at = b"", 0
    for part in changes:
        size = part if isinstance(part, int) else part[0]
        if isinstance(part, int):
            out += raw[2 * at:2 * (at + size)]
        else:
            out += "\n".join(part[1:]).encode("utf-16-le")
        at += size
    assert 2 * at == len(raw), (changes, text)
    return out.decode("utf-16-le")


def by_chance(chance, text, mark):
    """A change of some place in a text, that puts `mark` there; no pair is cut."""
    letters = len(text)
    begin = chance.randrange(letters + 1)
    end = min(letters, begin + chance.choice([0, 0, 0, 1, 2]))
    before, taken, after = text[:begin], text[begin:end], text[end:]
    part = [units(taken), *mark.split("\n")]
    return [one for one in (units(before), part, units(after)) if one != 0]


class Writer:
    """Edits a draft by chance, as an editor does: what it has is the text of a version."""

    def __init__(self, host, number):
        self.host, self.name = host, f"w{number}"
        self.chance = random.Random(number)
        self.rebases = number % 2 == 1
        self.marks, self.enough, self.fault = [], False, None
        self.count, self.goal = threading.Condition(), 8
        self.text, self.version = None, 0
        self.client = None

    def run(self):
        try:
            while not self.enough:
                with self.count: # nobody runs away from the others
                    self.count.wait_for(lambda: self.enough or len(self.marks) < self.goal, 60)
                self.write()
        except Exception as fault:  # pylint: disable=broad-except
            self.fault = fault
        with self.count:
            self.enough = True
            self.count.notify_all()

    def close(self):
        if self.client is not None:
            self.client.close()

    def reached(self, marks):
        with self.count:
            self.goal = marks + 8
            self.count.notify_all()
            self.count.wait_for(lambda: len(self.marks) >= marks or self.enough, 60)

    def stop(self):
        with self.count:
            self.enough = True
            self.count.notify_all()

    def ask(self, operation, **body):
        """None when the answer is lost, with a kill or a reload: then nobody knows."""
        try:
            if self.client is None:
                self.client = self.host.client()
            return self.client.call("drafting", operation, {"id": "c", "as": self.name, **body},
                                    timeout_s=5).json()
        except Exception as fault:  # pylint: disable=broad-except
            if getattr(fault, "status", 0) in (-1, -3):
                raise
            if self.client is not None:
                self.client.close()
            self.client = None
            return None

    def take(self, updates):
        for one in updates:
            self.text = applied(one["changes"], self.text)
            self.version += 1

    def write(self):
        if self.text is None:
            opened = self.ask("get")
            if opened is None:
                return
            self.text, self.version = opened["content"], opened["version"]
        mark = f"<{self.name}.{len(self.marks)}😀>"
        changes = by_chance(self.chance, self.text, mark)
        update = {"clientID": self.name, "changes": changes}
        own = self.rebased(update) if self.rebases else self.tried(update)
        if own:
            with self.count:
                self.marks.append(mark)
                self.count.notify_all()

    def tried(self, update):
        """Taken as it is, or not: another one is made then."""
        answer = self.ask("edit", version=self.version, updates=[update])
        if answer is not None and answer["accepted"]:
            self.take([update])
            return True
        while answer is None:
            answer = self.ask("pull", version=self.version)
        self.take(answer["updates"])
        return any(one["clientID"] == self.name for one in answer["updates"])

    def rebased(self, update):
        """Sent until there is an answer: what was taken is not taken again."""
        answer = None
        while answer is None:
            answer = self.ask("edit", version=self.version, rebase=True, updates=[update])
        self.take(answer["updates"])
        return any(one["clientID"] == self.name for one in answer["updates"])

    def follow(self, version):
        while self.version < version:
            pulled = self.ask("pull", version=self.version)
            if pulled is not None:
                self.take(pulled["updates"])
        return self.text
