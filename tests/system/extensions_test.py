#!/usr/bin/python3
"""The host's own extensions keep their contract: misuse of sockets, facts of an agent."""
import threading
import unittest

from noa_host import FIXTURES, PATIENCE_S, Host, Watcher

E_STATE, E_INVALID, E_FAILED, E_NOT_FOUND, E_UNSUPPORTED = -12, -2, -13, -16, -3


class Extensions(unittest.TestCase):
    def test_misuse_is_answered_and_changes_nothing(self):
        with Host([FIXTURES / "sockets_misused.so"]) as host, host.client() as client:
            answers = client.call("sockets_misused", "misuse", {}).json()
            text = answers.pop("text")
            self.assertEqual(text, "No such file or directory")
            self.assertEqual(answers, {
                "listen_in_create": E_STATE, "keep_in_start": E_STATE, "off_the_lane": E_STATE,
                "take": E_STATE, "listen_short_error": E_INVALID, "listen_nowhere": E_FAILED,
                "listen_by_name": E_INVALID, "listen_to_null": E_INVALID, "unlisten": E_NOT_FOUND,
                "keep_standard_input": E_INVALID, "keep_closed": E_INVALID,
                "watch": E_UNSUPPORTED, "unwatch": E_NOT_FOUND, "keep": 0,
                "keep_twice": E_INVALID})
            self.assertEqual(host.agent("sockets_misused")["sockets"],
                             {"kept": 1, "listening": []})
            host.noactl("reload", "--force", "sockets_misused")
            self.assertEqual(host.agent("sockets_misused")["sockets"]["kept"], 0)

    def test_facts_are_those_in_force(self):
        config = ('[agents.second]\nplugin = "facts"\nqueue_size = 500\nconcurrency = 3\n'
                  'task_timeout = "7s"\n')
        with Host([FIXTURES / "facts.so"], config) as host, host.client() as client, \
                Watcher(host, "host.agent.>") as events:
            facts = client.call("second", "report", {}).json()
            self.assertEqual(facts, {
                "name": "second", "run": 1, "generation": 1, "queue_size": 500, "concurrency": 3,
                "max_deliveries": 5, "task_timeout_ns": 7 * 10**9,
                "quiesce_timeout_ns": 5 * 10**9, "struct_size": facts["struct_size"]})
            # A change that needs no new generation, read by another thread while it happens.
            done = []
            waiter = threading.Thread(target=lambda: done.append(
                self.awaited(host, "second", 600)))
            waiter.start()
            host.configure('[agents.second]\nqueue_size = 600\nmax_deliveries = 9\n'
                           'quiesce_timeout = "2s"\n')
            waiter.join()
            self.assertEqual(done[0]["queue_size"], 600)
            self.assertEqual((done[0]["max_deliveries"], done[0]["quiesce_timeout_ns"]),
                             (9, 2 * 10**9))
            host.noactl("reload", "--force", "second")
            events.action("second", "reloaded")
            self.assertEqual(client.call("second", "report", {}).json()["generation"], 2)

    @staticmethod
    def awaited(host, agent, queue_size):
        with host.client() as client:
            return client.call(agent, "await", {"queue_size": queue_size},
                               timeout_s=PATIENCE_S).json()


if __name__ == "__main__":
    unittest.main(verbosity=2)
