#!/usr/bin/python3
"""Tasks of the communication agent through a real host: each is done, whoever dies meanwhile."""
import signal
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, noa_client


class Tasks(unittest.TestCase):
    def setUp(self):
        self.host = Host([PLUGINS / "communication.so"], """
            [agents.communication.settings]
            tasks = { backlog = 5 }
            """)
        self.host.__enter__()
        self.addCleanup(self.host.__exit__, None, None, None)

    def ask(self, operation, **body):
        with self.host.client() as client:
            return client.call("communication", operation, body, timeout_s=PATIENCE_S).json()

    def refusal(self, operation, **body):
        with self.assertRaises(noa_client.NoaError) as caught:
            self.ask(operation, **body)
        return caught.exception.text

    def test_a_worker_takes_renews_and_completes_and_a_full_backlog_refuses(self):
        self.ask("task.submit", type="mail", id="low", priority="low", payload={"n": 1})
        self.ask("task.submit", type="mail", id="high", priority="high")
        for n in range(3):
            self.ask("task.submit", type="other", id=f"other-{n}")
        self.assertIn("tasks.backlog", self.refusal("task.submit", type="mail"))
        task = self.ask("task.take", types=["mail"])
        self.assertEqual((task["id"], task["attempt"]), ("high", 1))
        self.ask("task.renew", id="high", attempt=1)
        self.ask("task.complete", id="high", attempt=1, result={"sent": True})
        self.assertIn("over", self.refusal("task.complete", id="high", attempt=1))
        listed = self.host.json("messages", "tasks", "--state", "completed")
        self.assertEqual(listed["tasks"][0]["result"], {"sent": True})
        self.assertIn("low", self.host.noactl("messages", "tasks", "--type", "mail"))
        self.assertIn("LAST HOUR", self.host.noactl("messages", "tasks"))
        self.assertIn("no tasks", self.host.noactl("messages", "tasks", "--stuck"))

    def test_a_task_outlives_a_reload_and_a_kill_and_a_worker_that_is_gone(self):
        self.ask("task.submit", type="mail", id="t", timeout="200ms", payload={"n": 1})
        self.assertEqual(self.ask("task.take")["attempt"], 1)
        self.host.noactl("reload", "communication", "--force")
        self.host.stop(signal.SIGKILL)
        self.host.start()
        task = self.ask("task.take", wait_s=30)
        self.assertEqual((task["id"], task["attempt"], task["payload"]), ("t", 2, {"n": 1}))
        self.assertIn("over", self.refusal("task.complete", id="t", attempt=1))

    def test_a_task_that_fails_is_tried_again_and_then_failed(self):
        self.ask("task.submit", type="mail", id="t", attempts=2)
        for attempt in (1, 2):
            self.assertEqual(self.ask("task.take", wait_s=10)["attempt"], attempt)
            self.ask("task.fail", id="t", attempt=attempt, error="no route")
        failed = self.host.json("messages", "tasks", "--state", "failed")["tasks"]
        self.assertEqual([(one["id"], one["error"]) for one in failed], [("t", "no route")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
