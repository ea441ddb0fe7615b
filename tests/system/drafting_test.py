#!/usr/bin/env python3
"""The agent drafting: what was answered is there, whatever happens, and all come to one text."""
import json
import random
import signal
import threading
import unittest

from noa_host import PLUGINS, Host

DRAFTING = PLUGINS / "drafting.so"


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


class Drafting(unittest.TestCase):
    def setUp(self):
        host = Host([DRAFTING])
        self.host = self.enterContext(host)
        self.client = self.host.client()
        self.addCleanup(lambda: self.client.close())

    if not hasattr(unittest.TestCase, "enterContext"):
        def enterContext(self, context):
            entered = context.__enter__()
            self.addCleanup(context.__exit__, None, None, None)
            return entered

    def call(self, operation, **body):
        body = {("as" if name == "by" else name): value for name, value in body.items()}
        return self.client.call("drafting", operation, body).json()

    def refused(self, operation, **body):
        with self.assertRaises(Exception) as caught:
            self.call(operation, **body)
        return str(caught.exception)

    def edit(self, draft, version, changes, **more):
        return self.call("edit", id=draft, version=version,
                         updates=[{"clientID": "me", "changes": changes}], **more)

    def test_an_edit_is_taken_or_answered_with_what_came_before(self):
        self.assertEqual(self.call("create", title="Notes", id="notes", content="One line.\n"),
                         {"id": "notes", "version": 0})
        self.assertEqual(self.edit("notes", 0, [9, [0, " Two."], 1]),
                         {"accepted": True, "version": 1})
        stale = self.edit("notes", 0, [[1, "A"], 9])
        self.assertEqual((stale["accepted"], stale["version"]), (False, 1))
        self.assertEqual([one["changes"] for one in stale["updates"]], [[9, [0, " Two."], 1]])
        rebased = self.call("edit", id="notes", version=0, rebase=True,
                            updates=[{"clientID": "you", "changes": [[1, "A"], 9]}])
        self.assertEqual([one["changes"] for one in rebased["updates"]],
                         [[9, [0, " Two."], 1], [[1, "A"], 14]])
        self.assertEqual(self.call("get", id="notes")["content"], "Ane line. Two.\n")
        self.assertEqual(self.call("get", id="notes", version=1)["content"], "One line. Two.\n")
        self.assertEqual(len(self.call("pull", id="notes", version=0)["updates"]), 2)


if __name__ == "__main__":
    unittest.main()
