#!/usr/bin/python3
"""The console's page in a headless Chromium."""
import json
import os
import signal
import unittest

from browser import DRIVER, Browser
from console_client import Console
from noa_host import FIXTURES

ENTER, ESCAPE, TAB = "\ue007", "\ue00c", "\ue004"
CONFIG = """
[agents.heartbeat]
run = "process"
[agents.heartbeat.restart]
backoff = "2s"
[[agents.monitor.settings.rules]]
name = "Stopped"
expression = "noa_agent_stopped{agent=\\"cache\\"} == 1"
keep = "0s"
severity = "critical"
summary = "{{ $labels.agent }} was <b>stopped</b>"
[agents.near]
plugin = "worker"
[agents.far]
plugin = "worker"
"""
ROW = "document.querySelector('#agents tr[data-key={}]')"


@unittest.skipUnless(DRIVER, "chromium-driver is not installed")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.console = Console("actions = true", agents=("monitor", "heartbeat", "cache"),
                              config=CONFIG)
        cls.console.host.install(FIXTURES / "worker.so")
        cls.browser = Browser()
        for context in (cls.console, cls.browser):
            context.__enter__()
            cls.addClassCleanup(context.__exit__, None, None, None)
        cls.browser.open(f"http://127.0.0.1:{cls.console.port}/")
        cls.browser.until("document.querySelector('#overall').textContent === 'healthy'")

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])  # of the content security policy, too

    def text(self, agent, column):
        return f"{ROW.format(agent)}.children[{column}].textContent"

    def test_values_change_as_they_do(self):
        page = self.browser
        with self.console.host.client() as client:
            for _ in range(25):
                client.call("cache", "set", {"key": "a", "value": 1})
        page.until(self.text("cache", 4) + " === '25'")
        page.until("parseFloat(document.querySelector('#cpu .value').textContent) >= 0")
        generation = self.console.host.generation("cache")
        self.console.host.noactl("reload", "cache", "--force")
        page.until(self.text("cache", 2) + f" === '{generation + 1}'")
        page.until("/^(switched|confirmed), /.test(" + self.text("cache", 7) + ")")
        page.until("document.querySelector('#reloads b').textContent === 'cache'")
        page.until("[...document.querySelectorAll('.lines li')].some((line) => "
                   "line.textContent.includes('event=agent.reloaded agent=cache'))")
        self.assertEqual(page.run("return document.querySelectorAll('.u-over').length"), 3)

    def test_an_agent_that_is_killed_turns_red_and_back(self):
        page, host = self.browser, self.console.host
        status = ROW.format("heartbeat") + ".dataset.status"
        os.kill(host.agent("heartbeat")["pid"], signal.SIGKILL)
        page.until(f"{self.text('heartbeat', 6)} === '1' && {status} === 'healthy'")
        os.kill(host.agent("heartbeat")["pid"], signal.SIGKILL)  # now there is a pause first
        page.until(f"{status} === 'unhealthy'")
        page.until("document.querySelector('#overall').textContent === 'unhealthy'")
        self.assertEqual(page.run(f"return getComputedStyle({ROW.format('heartbeat')}.children[0], "
                                  "'::before').backgroundColor"), "rgb(239, 68, 68)")
        page.until(f"{status} === 'healthy'")
        page.until("document.querySelector('#overall').textContent === 'healthy'")

    def test_an_agent_is_stopped_and_started_by_keyboard_and_its_alert_is_shown(self):
        page = self.browser
        page.run(f"{ROW.format('cache')}.querySelector('a').focus()")
        page.keys(ENTER)
        page.until("document.querySelector('#detail').open && "
                   "document.querySelector('#detail .pairs')")
        self.assertTrue(page.run("return location.hash").endswith("#/agents/cache"))
        press = ("[...document.querySelectorAll('#detail button')]"
                 ".find((button) => button.textContent === '{}')")
        page.run(press.format("stop") + ".focus()")
        page.keys(ENTER)
        page.until("document.querySelector('#confirm').open")
        page.keys(ESCAPE)  # nothing has happened
        page.until("!document.querySelector('#confirm').open")
        self.assertEqual(self.console.host.agent("cache")["state"], "running")
        page.keys(ENTER)
        page.until("document.querySelector('#confirm').open")
        page.run("document.querySelector('#confirm .strong').focus()")
        page.keys(ENTER)
        page.until(self.text("cache", 1) + " === 'stopped'")
        page.until("document.querySelector('#alerts li[data-status=unhealthy] p')?.textContent "
                   "=== 'cache was <b>stopped</b> · agent=cache'")
        page.until(press.format("start"))
        page.run(press.format("start") + ".click()")
        page.until("document.querySelector('#confirm').open")
        page.run("document.querySelector('#confirm .strong').click()")
        page.until(self.text("cache", 1) + " === 'healthy'")
        page.keys(ESCAPE)
        page.until("!document.querySelector('#detail').open")
        self.assertFalse(page.run("return location.hash"))

    def test_traces_are_listed_and_shown_as_waterfalls(self):
        page, host = self.browser, self.console.host
        for operation in ("who", "fly"):
            ask = json.dumps({"agent": "far", "operation": operation})
            host.noactl_run("call", "--trace", "near", "relay", ask)
        page.run("document.querySelector('#traces summary').focus()")
        page.keys(ENTER)
        rows = "document.querySelectorAll('#traces li')"
        page.until(rows + ".length >= 2")
        newest, other = page.run(f"return [...{rows}].map((row) => row.innerText)")[:2]
        self.assertRegex(newest, r"^near relay .*far: \w+\n+.*2 spans · of near, far")
        self.assertRegex(other, r"^near relay [0-9.]+ (µs|ms)\n")
        page.run("document.querySelector('#traces-failed').click()")
        page.until(rows + ".length === 1")
        page.run(rows.replace("All", "") + ".querySelector('a').focus()")
        page.keys(ENTER)
        page.until("document.querySelectorAll('#trace .spans > li').length === 2")
        near, far = page.run("""return [...document.querySelectorAll('#trace .spans > li')].map((row) => {
            const {left, right} = row.querySelector('i').getBoundingClientRect();
            return [row.querySelector('.name').textContent, row.dataset.status, left, right]; });""")
        self.assertEqual((near[:2], far[:2]), (["near relay", "healthy"], ["far fly", "unhealthy"]))
        self.assertLessEqual(near[2], far[2])
        self.assertGreaterEqual(near[3] + 1, far[3])
        page.run("document.querySelectorAll('#trace summary')[1].focus()")
        page.keys(ENTER)
        page.until("document.querySelectorAll('#trace details')[1].open")
        page.keys(ESCAPE)
        page.until("!document.querySelector('#trace').open")
        self.assertFalse(page.run("return location.hash"))

    def test_it_fits_a_phone_and_is_dark_or_light(self):
        page = self.browser
        ground = "return getComputedStyle(document.body).backgroundColor"
        self.assertEqual(page.run(ground), "rgb(15, 23, 42)")
        page.run("document.querySelector('#theme').click()")
        self.assertEqual(page.run(ground), "rgb(241, 245, 249)")
        page.run("document.querySelector('#theme').click()")
        page.resize(390, 844)
        page.until("innerWidth < 560")
        # Charts follow with the next frame.
        page.until("document.documentElement.scrollWidth <= innerWidth")
        page.resize(1400, 1000)

    def test_it_is_small_and_quick(self):
        paint, size = self.browser.run("""
            const sum = (entries) => entries.reduce((all, one) => all + one.transferSize, 0);
            return [performance.getEntriesByName('first-contentful-paint')[0].startTime,
                    sum(performance.getEntriesByType('navigation')) +
                    sum(performance.getEntriesByType('resource').filter(
                        ({name}) => !name.includes('/api/')))];""")
        self.assertLess(size, 150_000)
        self.assertGreater(paint, 0)

    def test_what_is_old_is_said_and_it_comes_back_by_itself(self):
        page = self.browser
        self.console.host.stop()
        page.until("document.body.classList.contains('stale')")
        self.assertIn("no connection", page.run("return document.querySelector('#link').textContent"))
        page.complaints()  # of connections that were refused
        self.console.host.start()
        page.until("document.querySelector('#link').textContent === 'live'")
        page.until("!document.body.classList.contains('stale')")
        page.complaints()


if __name__ == "__main__":
    unittest.main(verbosity=2)
