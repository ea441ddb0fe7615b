#!/usr/bin/python3
"""The agent drafting: what was answered is there, whatever happens, and all come to one text."""
import os
import signal
import threading
import unittest

from drafting_writer import Writer
from noa_host import PLUGINS, Host

DRAFTING = PLUGINS / "drafting.so"


class Asking(unittest.TestCase):
    """`host` and `client` are there."""

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

    def refused_raw(self, operation, body):
        with self.assertRaises(Exception) as caught:
            self.client.call("drafting", operation, body)
        return caught.exception


class Drafting(Asking):
    """All on one host: what they write has names of its own."""

    @classmethod
    def setUpClass(cls):
        cls.host = Host([DRAFTING])
        cls.addClassCleanup(cls.host.__exit__)
        cls.host.start()
        cls.client = cls.host.client()
        cls.addClassCleanup(cls.client.close)

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


    def test_what_cannot_be_is_refused_and_changes_nothing(self):
        self.call("create", title="a", id="a", content="x😀y\n")
        for changes, why in (([2, [0, "z"], 3], "cuts a pair"), ([9], "of 9 units"),
                             ([1, [0, "a\nb"], 4], "line break"), ([-5], "whole number"),
                             ({}, "a change is an array"), ([[5], [2]], "of 7 units")):
            self.assertIn(why, self.refused("edit", id="a", version=0,
                                            updates=[{"clientID": "c", "changes": changes}]))
        for lone in (b'"\\ud83d"', b'"\xff"', b'"\xed\xa0\x80"'):
            body = (b'{"id":"a","version":0,"updates":[{"clientID":"c","changes":[[0,' + lone +
                    b'],5]}]}')
            with self.assertRaises(Exception):
                self.client.call("drafting", "edit", body)
        self.assertIn("the newest is 0", self.refused("edit", id="a", version=7, updates=[
            {"clientID": "c", "changes": [5]}]))
        self.assertIn("1 to 1000", self.refused("edit", id="a", version=0, updates=[]))
        self.assertIn("1 to 64", self.refused("edit", id="a", version=0, updates=[
            {"clientID": "", "changes": [5]}]))
        self.assertIn("UTF-8", str(self.refused_raw("create", b'{"title":"b","content":"\xc3("}')))
        self.assertIn("[a-z0-9-]", self.refused("create", title="b", id="../b"))
        self.assertIn("there is a draft a", self.refused("create", title="b", id="a"))
        self.assertIn("no draft nowhere", self.refused("get", id="nowhere"))
        self.assertIn("quotas.draft", self.refused("create", title="b", content="x" * (11 << 20)))
        flood = [{"clientID": "c", "changes": [5, [0, "."]]}] * 1000
        self.assertIn("edits_per_second", "".join(
            self.refused("edit", id="a", version=0, updates=flood) for _ in range(3)))
        self.assertEqual(self.call("get", id="a")["content"], "x😀y\n")

    def test_a_text_has_versions_that_are_compared_restored_and_merged(self):
        self.call("create", title="t", id="t", content="one\ntwo\nthree\n", by="ann")
        first = self.call("update", id="t", content="one\ntwo 😀 more\nthree\n", by="bob",
                          message="more")
        self.assertEqual((first["version"], first["revision"]), (1, 1))
        diff = self.call("diff", id="t", words=True)
        self.assertEqual((diff["added"], diff["removed"]), (1, 1))
        self.assertIn("+two 😀 more\n", diff["unified"])
        self.assertEqual(diff["words"],
                         [{"from": 7, "to": 7, "removed": "", "added": " 😀 more"}])
        lines = self.call("blame", id="t")["lines"]
        self.assertEqual([(one["line"], one["author"]) for one in lines],
                         [(1, "ann"), (2, "bob"), (3, "ann")])
        self.assertEqual(self.call("branch", id="t", branch="b", by="cy")["id"], "b")
        self.call("update", id="b", content="zero\none\ntwo 😀 more\nthree\n", by="cy")
        self.call("update", id="t", content="one\ntwo 😀 more\nthree\nfour\n", by="ann")
        self.assertEqual(self.call("merge", id="t", **{"from": "b"})["version"], 3)
        self.assertEqual(self.call("get", id="t")["content"],
                         "zero\none\ntwo 😀 more\nthree\nfour\n")
        self.call("update", id="b", content="zero\none\nTWO\nthree\n", by="cy")
        self.call("update", id="t", content="zero\none\n2\nthree\nfour\n", by="ann")
        conflict = self.call("merge", id="t", **{"from": "b"})
        self.assertEqual((conflict["merged"], conflict["conflicts"]), (False, 1))
        self.assertIn("<<<<<<< t\n2\n|||||||", conflict["content"])
        settled = self.call("update", id="t", content="zero\none\nTwo\nthree\nfour\n",
                            version=conflict["version"], merged_from="b",
                            merged_version=conflict["from_version"])
        self.assertFalse(self.call("merge", id="t", **{"from": "b"})["changed"])
        self.call("restore", id="t", version=1)
        self.assertEqual(self.call("get", id="t")["content"], "one\ntwo 😀 more\nthree\n")
        self.assertEqual(self.call("get", id="t", version=settled["version"])["content"],
                         "zero\none\nTwo\nthree\nfour\n")
        history = self.call("history", id="t")
        self.assertEqual(history["revisions"][0]["message"], "As in version 1")
        self.assertEqual(history["changes"][-1]["author"], "bob")
        late = self.call("update", id="t", version=1, content="ONE\ntwo 😀 more\nthree\n")
        self.assertTrue(late["changed"])

    def test_who_may_do_what_is_for_owners_to_say(self):
        self.call("create", title="s", id="s", content="secret words\n", by="ann", tags=["x"])
        self.call("share", id="s", name="*", role="none", by="ann")
        self.call("share", id="s", name="bob", role="commenter", by="ann")
        self.assertIn("eve is none", self.refused("get", id="s", by="eve"))
        self.assertNotIn("s", [one["id"] for one in self.call("list", by="eve")["drafts"]])
        self.assertEqual(self.call("search", text="secret", by="eve")["drafts"], [])
        self.assertIn("takes editor", self.refused("edit", id="s", version=0, by="bob", updates=[
            {"clientID": "b", "changes": [13]}]))
        self.assertIn("takes owner", self.refused("move", id="s", to="archived", by="bob"))
        self.assertIn("does not become", self.refused("move", id="s", to="published", by="ann"))
        comment = self.call("comment.add", id="s", text="<b>why</b>", by="bob", to=6)
        self.assertEqual(comment["quote"], "secret")
        self.call("update", id="s", content="The secret words\n", by="ann")
        moved = self.call("comment.list", id="s", by="ann")["comments"][0]
        self.assertEqual((moved["from"], moved["to"], moved["text"]), (4, 10, "<b>why</b>"))
        self.assertIn("somebody else's", self.refused("comment.set", id="s", number=1, text="x",
                                                      by="ann"))
        self.assertTrue(self.call("comment.set", id="s", number=1, resolved=True,
                                  by="ann")["resolved"])
        for status in ("review", "approved"):
            self.call("move", id="s", to=status, by="ann")
        self.assertIn("it is approved", self.refused("update", id="s", content="no", by="ann"))
        self.assertEqual(len(self.call("list", by="bob", status="approved", tag="x")["drafts"]), 1)
        self.host.noactl("reload", "--force", "drafting")
        self.assertEqual([one["id"] for one in self.call("search", text="secret",
                                                         by="ann")["drafts"]], ["s"])
        again = self.call("comment.list", id="s", by="ann")["comments"][0]
        self.assertEqual((again["from"], again["to"], again["resolved"]), (4, 10, True))
        self.call("delete", id="s", by="ann")
        self.assertEqual(self.call("search", text="secret", by="ann")["drafts"], [])

    def test_all_that_is_said_of_a_draft_fits_into_one_answer(self):
        self.call("create", title="loud", id="loud", content="text", by="ann")
        for _ in range(139):
            self.call("comment.add", id="loud", text="\x01" * 10_000, by="ann")
        self.assertIn("8 MiB", self.refused("comment.add", id="loud", text="\x01" * 10_000, by="ann"))
        self.assertEqual(len(self.call("comment.list", id="loud", by="ann")["comments"]), 139)

    def test_templates_are_filled_in_and_bombs_do_not_go_off(self):
        self.call("template.set", name="sign", content="Yours, {{name}}\n")
        self.call("template.set", name="letter", content="Dear {{to}} & all,\n{{>sign}}",
                  parameters={"to": {"required": True}, "name": {"default": "ann"}})
        made = self.call("create", title="l", template="letter", parameters={"to": "<you>"})
        self.assertEqual(self.call("get", id=made["id"])["content"],
                         "Dear <you> & all,\nYours, ann\n")
        self.assertIn("is missing", self.refused("template.render", name="letter"))
        self.assertIn("none of that name", self.refused(
            "template.render", name="letter", parameters={"to": "a", "too": 1}))
        self.assertIn("/content", self.refused("template.set", name="x", content="{{#a}}"))
        self.call("template.set", name="me", content="x{{>me}}{{>me}}")
        self.call("template.set", name="loops", content="{{#l}}" * 5 + "x" + "{{/l}}" * 5)
        self.call("template.set", name="long", content="{{#l}}" + "x" * 60000 + "{{/l}}")
        for name in ("me", "loops", "long"):
            self.assertIn("too large", self.refused("template.render", name=name,
                                                    parameters={"l": [1] * 3000}))

    def test_noactl_writes_edits_compares_and_restores(self):
        folder = self.host.root
        (folder / "text").write_text("one\ntwo\n")
        (folder / "letter").write_text("Dear {{to}}\n")
        draft = ("draft",)
        noactl = self.host.noactl
        self.assertEqual(noactl(*draft, "new", "Title", "--id", "n", "--file",
                                str(folder / "text"), "--tag", "t", "--as", "ann"), "n\n")
        self.assertEqual(noactl(*draft, "show", "n"), "one\ntwo\n")
        editor = folder / "editor"
        editor.write_text("#!/bin/sh\nsed -i s/two/2/ \"$1\"\n")
        editor.chmod(0o755)
        os.environ["VISUAL"] = str(editor)
        self.addCleanup(os.environ.pop, "VISUAL")
        self.assertEqual(noactl(*draft, "edit", "n", "--message", "short", "--as", "ann"),
                         "version 1\n")
        self.assertIn("-two\n+2\n", noactl(*draft, "diff", "n"))
        self.assertEqual(noactl(*draft, "diff", "n", "--words"), "@ 4\n- two\n+ 2\n")
        self.assertIn("short", noactl(*draft, "history", "n"))
        self.assertEqual(noactl(*draft, "restore", "n", "0"), "version 2\n")
        self.assertEqual(noactl(*draft, "show", "n", "--at", "1"), "one\n2\n")
        self.assertIn("1-2", noactl(*draft, "show", "n", "--blame").replace("1,2", "1-2"))
        self.assertEqual(noactl(*draft, "status", "n", "review", "--as", "ann"), "n: review\n")
        self.assertIn("status: review", noactl(*draft, "status", "n"))
        self.assertIn("Title", noactl(*draft, "list", "--tag", "t"))
        self.assertIn("n ", noactl(*draft, "list", "--search", "one two"))
        noactl(*draft, "template", "greeting", "--set", str(folder / "letter"))
        self.assertIn("greeting", noactl(*draft, "template"))
        self.assertEqual(noactl(*draft, "template", "greeting", "--with", "to=Ann"), "Dear Ann\n")
        made = noactl(*draft, "new", "L", "--template", "greeting", "--with", "to=Bob").strip()
        self.assertEqual(noactl(*draft, "show", made), "Dear Bob\n")
        self.assertNotEqual(self.host.noactl_run(*draft, "show", "none").returncode, 0)

    def test_presence_is_told_and_sessions_end(self):
        self.call("create", title="p", id="p", content="text")
        with self.host.client() as ear:
            ear.subscribe("drafts.p.>")
            opened = self.call("open", id="p", name="Ann", by="ann")
            self.assertEqual((opened["content"], opened["role"], opened["sessions"]),
                             ("text", "owner" if opened["author"] == "ann" else "editor", []))
            self.call("presence", id="p", session=opened["session"], by="ann",
                      cursor={"anchor": 1, "head": 3})
            watcher = self.call("open", id="p", observe=True, by="bob")
            self.assertEqual(watcher["sessions"][0]["cursor"], {"anchor": 1, "head": 3})
            self.assertIn("it observes", self.refused(
                "edit", id="p", version=0, session=watcher["session"], by="bob",
                updates=[{"clientID": "b", "changes": [4, [0, "!"]]}]))
            self.edit("p", 0, [4, [0, "!"]], session=opened["session"], by="ann")
            self.call("close", id="p", session=opened["session"])
            heard = []
            for one in ear.events(30):
                heard.append(one.json())
                if heard[-1].get("gone"):
                    break
        self.assertEqual([one["name"] for one in heard if "name" in one], ["Ann", "Ann", "bob"])
        self.assertEqual([one["updates"][0]["author"] for one in heard if "updates" in one],
                         ["ann"])


class Crashes(Asking):
    def test_five_who_write_through_reloads_and_a_kill_come_to_one_text(self):
        self.host = Host([DRAFTING])
        self.addCleanup(self.host.__exit__)
        self.host.start()
        self.client = self.host.client()
        self.call("create", title="c", id="c", content="Begin: 😀 end.\n")
        writers = [Writer(self.host, number) for number in range(5)]
        threads = [threading.Thread(target=one.run) for one in writers]
        for one in writers:
            self.addCleanup(one.close)
        for thread in threads:
            thread.start()
        for round_number in range(4):
            for one in writers:
                one.goal = (round_number + 1) * 8 + 8
            for one in writers:
                one.reached((round_number + 1) * 8)
            if round_number % 2 == 0:
                self.host.noactl("reload", "--force", "drafting")
            else:
                self.host.stop(signal.SIGKILL)
                self.host.start()
        for one in writers:
            one.stop()
        for thread in threads:
            thread.join()
        for one in writers:
            if one.fault:
                raise one.fault
        self.client.close()
        self.client = self.host.client()
        self.addCleanup(self.client.close)
        final = self.call("get", id="c")
        for one in writers:
            self.assertEqual(one.follow(final["version"]), final["content"])
            self.assertGreaterEqual(len(one.marks), 32)
        # Every mark went in once; a later change may have taken it away again.
        updates = list(self.updates(0))
        self.assertEqual(len(updates), final["version"])
        inserted = "".join(change for one in updates for change in one)
        for one in writers:
            for mark in one.marks:
                self.assertEqual(inserted.count(mark), 1, mark)

    def updates(self, since):
        while True:
            answer = self.call("pull", id="c", version=since)
            for one in answer["updates"]:
                yield ["\n".join(part[1:]) for part in one["changes"] if isinstance(part, list)]
            since = answer["version"]
            if not answer.get("more"):
                return


if __name__ == "__main__":
    unittest.main()
