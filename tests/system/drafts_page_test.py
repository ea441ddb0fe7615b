#!/usr/bin/python3
"""The editor of drafts in headless Chromium: two people in one text."""
import os
import unittest

from browser import DRIVER, Browser
from console_client import Console
from drafting_assist_test import Model

TEXT = "document.querySelector('#text').shadowRoot.querySelector('.cm-content').cmTile.view.state.doc.toString()"
SHADOW = "document.querySelector('#text').shadowRoot.querySelector('{}')"
SAVED = "document.querySelector('#saved').textContent === 'saved'"
MARKED = "[..." + SHADOW.format(".cm-content") + ".querySelectorAll('.commented')].map((one) => one.textContent).join('|')"
SAID = "[...document.querySelectorAll('#comments .said')].map((one) => one.textContent).join('|')"
CONTROL, ALT, ESCAPE = "\ue009", "\ue00a", "\ue00c"


@unittest.skipUnless(DRIVER, "chromium-driver is not installed")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = Model()
        cls.addClassCleanup(cls.model.server_close)
        cls.addClassCleanup(cls.model.shutdown)
        cls.console = Console("drafts = true", agents=("drafting",), config=f"""
[agents.drafting.settings.model]
url = "{cls.model.url}"
name = "small"
""")
        cls.ann, cls.bob = Browser(1200, 900), Browser(1200, 900)
        for context in (cls.console, cls.ann, cls.bob):
            context.__enter__()
            cls.addClassCleanup(context.__exit__, None, None, None)
        for name, browser in (("Ann", cls.ann), ("Bob", cls.bob)):
            browser.open(f"http://127.0.0.1:{cls.console.port}/drafts")
            browser.until("document.querySelector('#link').textContent === 'live'")
            browser.run("localStorage.setItem('drafts-name', arguments[0])", name)

    def tearDown(self):
        for browser in (self.ann, self.bob):
            self.assertEqual(browser.complaints(), [])  # of the content security policy, too

    def draft(self, **content):
        with self.console.host.client() as client:
            return client.call("drafting", "create", content).json()["id"]

    def stored(self, draft):
        with self.console.host.client() as client:
            return client.call("drafting", "get", {"id": draft}).json()["content"]

    def go_to(self, draft, *browsers):
        for browser in browsers:
            browser.open("about:blank")
            browser.open(f"http://127.0.0.1:{self.console.port}/drafts#{draft}")
            browser.until(SHADOW.format(".cm-content") + " !== null && " + SAVED)

    def test_two_type_into_one_text_at_once(self):
        draft = self.draft(title="Minutes <b>", content="# Minutes\n\nWe met.\n")
        self.go_to(draft, self.ann, self.bob)
        self.ann.until("document.querySelector('#title').textContent === 'Minutes <b>'")
        self.ann.until("document.querySelector('#peers').textContent === 'Bob'")
        self.bob.until("document.querySelector('#peers').textContent === 'Ann'")
        for browser in (self.ann, self.bob):
            browser.run(SHADOW.format(".cm-content") + ".focus()")
        for letter in "é𝄞 And ":
            self.ann.keys(letter)
            self.bob.keys(letter.upper())
        for browser in (self.ann, self.bob):
            browser.until(SAVED)
            browser.until(TEXT + ".length === " + str(len("# Minutes\n\nWe met.\n") + 2 * 8))
        texts = {browser.run("return " + TEXT) for browser in (self.ann, self.bob)}
        self.assertEqual(texts, {self.stored(draft)})
        self.ann.until(SHADOW.format(".caret") + "?.dataset.name === 'Bob'")
        if os.environ.get("SCREENSHOTS"):
            self.ann.screenshot(os.environ["SCREENSHOTS"] + "/editor.png")

    def test_what_is_written_without_a_connection_is_sent_when_it_is_back(self):
        draft = self.draft(title="Away", content="")
        self.go_to(draft, self.ann)
        self.console.host.stop()
        self.ann.until("document.body.classList.contains('stale')")
        self.ann.run(SHADOW.format(".cm-content") + ".focus()")
        self.ann.keys(*"kept")
        self.ann.until("document.querySelector('#saved').dataset.status === 'degraded'")
        self.console.host.start()
        self.ann.until("document.querySelector('#link').textContent === 'live'")
        self.ann.until(SAVED)
        self.assertEqual(self.stored(draft), "kept")
        for browser in (self.ann, self.bob):
            browser.complaints()  # of connections that were refused

    def test_the_past_is_looked_at_and_brought_back(self):
        draft = self.draft(title="Twice", content="first")
        with self.console.host.client() as client:
            client.call("drafting", "edit", {"id": draft, "version": 0, "updates": [
                {"clientID": "a", "changes": [[5, "second"]]}]})
        self.go_to(draft, self.ann)
        self.ann.run("const slider = document.querySelector('#slider'); slider.value = 0;"
                     "slider.dispatchEvent(new Event('input'))")
        self.ann.until(TEXT + " === 'first'")
        self.ann.run("document.querySelector('#restore').click()")
        self.ann.until("document.querySelector('#confirm').open")
        self.ann.run("document.querySelector('#confirm .strong').click()")
        self.ann.until("document.querySelector('#then').textContent === 'as it is now' && " +
                       TEXT + " === 'first'")
        self.assertEqual(self.stored(draft), "first")

    def test_remarks_are_underlined_and_mended_by_a_click(self):
        draft = self.draft(title="Faulty", content="It is the the best.\n")
        self.go_to(draft, self.ann)
        self.ann.until(SHADOW.format(".cm-lintRange") + "?.textContent.includes('the')")
        self.ann.until("document.querySelector('#figures').textContent.includes('words5')")
        self.ann.until("document.querySelectorAll('#remarks li').length > 0")
        self.assertLess(self.ann.run("""
            return performance.getEntriesByType('navigation').concat(
                performance.getEntriesByType('resource').filter(({name}) => !name.includes('/api/')))
              .reduce((all, one) => all + one.transferSize, 0)"""), 200_000)

    def test_a_suggestion_of_a_language_model_is_taken_by_a_click_only(self):
        draft = self.draft(title="Help", content="Mend this.\n")
        self.go_to(draft, self.ann)
        self.ann.run("document.querySelector('#assist-may').click()")
        self.ann.until("document.querySelector('#assist-may').checked")
        self.ann.run("""document.querySelector('#assist-ask input').value = 'shorter';
                        document.querySelector('#assist-ask button').click()""")
        self.ann.until("!document.querySelector('#assist-done').hidden")
        self.assertEqual(self.ann.run("return [...document.querySelectorAll('#assist-text *')]"
                                      ".map(({localName, textContent}) => localName + textContent)"),
                         ["delthis", "insit", "del\n"])
        self.assertEqual(self.stored(draft), "Mend this.\n")
        self.ann.run("document.querySelector('#assist-take').click()")
        self.ann.until(TEXT + " === 'Mend it.' && " + SAVED)
        self.ann.until(SAVED)
        self.assertEqual(self.stored(draft), "Mend it.")

    def select(self, browser, begin, end):
        browser.run("const {view} = " + SHADOW.format(".cm-content") + ".cmTile; view.focus();"
                    "view.dispatch({selection: {anchor: arguments[0], head: arguments[1]}})", begin, end)

    def say(self, browser, text):
        browser.until("!document.querySelector('#comment-form').hidden")
        browser.run("document.querySelector('#comment-form textarea').value = arguments[0];"
                    "document.querySelector('#comment-form').requestSubmit()", text)
        browser.until("document.querySelector('#comment-form').hidden")

    def press(self, browser, name):
        browser.run("[...document.querySelectorAll('#comments button')].filter((one) =>"
                    "one.textContent === arguments[0] && one.checkVisibility())[0].click()", name)

    def test_a_comment_is_seen_by_the_others_and_moves_with_the_text(self):
        draft = self.draft(title="Said", content="One, two and three.\n")
        self.go_to(draft, self.ann, self.bob)
        self.select(self.ann, 5, 8)
        self.ann.chord(CONTROL, ALT, "m")
        self.say(self.ann, "Two of <img src=x onerror=alert(1)>")
        for browser in (self.ann, self.bob):
            browser.until(SAID + " === 'Two of <img src=x onerror=alert(1)>' && " + MARKED + " === 'two'")
        self.select(self.bob, 0, 0)
        self.bob.keys(*"Zero, ")
        for browser in (self.ann, self.bob):
            browser.until(TEXT + ".startsWith('Zero, One') && " + MARKED + " === 'two'")
        self.bob.run("document.querySelector('#comments .quote').click()")
        self.assertEqual(self.bob.run("const {state} = " + SHADOW.format(".cm-content") + ".cmTile.view;"
                                      "return state.sliceDoc(state.selection.main.from, state.selection.main.to)"),
                         "two")
        self.press(self.bob, "reply")
        self.say(self.bob, "Or three?")
        self.ann.until(SAID + ".endsWith('|Or three?')")
        if os.environ.get("SCREENSHOTS"):
            self.ann.screenshot(os.environ["SCREENSHOTS"] + "/comments.png")
        with self.console.host.client() as client:
            told = client.call("drafting", "comment.list", {"id": draft}).json()["comments"]
        self.assertEqual([(one["author"], one["from"], one["to"]) for one in told], [("Ann", 11, 14), ("Bob", 11, 14)])
        self.press(self.ann, "resolve")
        self.bob.until(MARKED + " === '' && " + SAID + " === ''")
        self.bob.run("document.querySelector('#comments-all').click()")
        self.press(self.bob, "reopen")
        self.ann.until(MARKED + " === 'two'")
        self.press(self.bob, "delete")
        self.bob.until("document.querySelector('#confirm').open")
        self.bob.run("document.querySelector('#confirm .strong').click()")
        self.ann.until(SAID + ".startsWith('Two') && !" + SAID + ".includes('three')")

    def test_a_click_on_what_is_commented_shows_what_was_said(self):
        draft = self.draft(title="Many", content="".join(f"Line {number}.\n\n" for number in range(40)))
        with self.console.host.client() as client:
            for at in range(0, 300, 10):
                client.call("drafting", "comment.add", {"id": draft, "text": f"at {at}", "from": at, "to": at + 4})
        self.bob.resize(390, 844)
        self.bob.until("innerWidth < 560")
        self.go_to(draft, self.ann, self.bob)
        for browser in (self.ann, self.bob):
            browser.until(SAID + ".split('|').length === 30")
            place = browser.run("const box = " + SHADOW.format(".cm-content") +
                                ".querySelector('[data-comment=\"7\"]').getBoundingClientRect();"
                                "return [box.x + box.width / 2, box.y + box.height / 2]")
            browser.click(*place)
            browser.until("document.querySelector('#comments > [aria-current]')?.textContent.includes('at 60')")
            self.assertTrue(browser.run("""
                const item = document.querySelector('#comments > [aria-current]').getBoundingClientRect();
                const list = document.querySelector('#comments').getBoundingClientRect();
                return item.top >= list.top - 1 && item.bottom <= list.bottom + 1 &&
                    item.top >= 0 && item.bottom <= innerHeight + 1"""))
        self.bob.resize(1200, 900)

    def test_who_may_comment_and_not_write_does_that_and_who_may_look_neither(self):
        draft = self.draft(title="Theirs", content="not yours", **{"as": "Eve"})
        with self.console.host.client() as client:
            for name, role in (("Ann", "commenter"), ("Bob", "viewer")):
                client.call("drafting", "share", {"id": draft, "as": "Eve", "name": name, "role": role})
        self.go_to(draft, self.ann, self.bob)
        self.select(self.ann, 0, 3)
        self.ann.run("document.querySelector('#comment-new').click()")
        self.ann.until("document.activeElement.name === 'text'")
        self.ann.keys(ESCAPE)
        self.ann.until("document.querySelector('#comment-form').hidden && " + MARKED + " === ''")
        self.ann.chord(CONTROL, ALT, "m")
        self.say(self.ann, "why?")
        self.bob.until(SAID + " === 'why?'")
        self.assertEqual(self.bob.run("return [...document.querySelectorAll('#comment-new, #comments .row, #comments .own')]"
                                      ".map(({hidden}) => hidden)"), [True] * 3)
        for browser in (self.ann, self.bob):
            browser.keys("x")
            self.assertEqual(browser.run("return " + TEXT), "not yours")

    def test_one_who_looks_on_sees_and_changes_nothing(self):
        draft = self.draft(title="Seen", content="as it is")
        self.go_to(draft, self.ann)
        self.go_to(draft + "/read", self.bob)
        self.assertEqual(self.bob.run("return " + SHADOW.format(".cm-content") + ".contentEditable"),
                         "false")
        self.ann.run(SHADOW.format(".cm-content") + ".focus()")
        self.ann.keys("x")
        self.bob.until(TEXT + " === 'xas it is'")

    def test_it_fits_a_phone(self):
        draft = self.draft(title="Small", content="word " * 100)
        self.go_to(draft, self.bob)
        self.bob.resize(390, 844)
        self.bob.until("innerWidth < 560")
        self.bob.until("document.documentElement.scrollWidth <= innerWidth")
        if os.environ.get("SCREENSHOTS"):
            self.bob.screenshot(os.environ["SCREENSHOTS"] + "/phone.png")
        self.bob.resize(1200, 900)


if __name__ == "__main__":
    unittest.main(verbosity=2)
