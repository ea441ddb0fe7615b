#!/usr/bin/python3
"""Streams of the communication agent through a real host: nothing that was appended is lost."""
import signal
import threading
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, noa_client


class Streams(unittest.TestCase):
    def setUp(self):
        self.host = Host([PLUGINS / "communication.so"], "")
        self.host.__enter__()
        self.addCleanup(self.host.__exit__, None, None, None)

    def ask(self, operation, **body):
        with self.host.client() as client:
            return client.call("communication", operation, body, timeout_s=PATIENCE_S).json()

    def take(self, count=1, wait_s=0):
        return self.ask("consumer.take", stream="s", consumer="c", count=count,
                        wait_s=wait_s)["entries"]

    def settle(self, verdict, *entries, **more):
        items = [{"position": one["position"], "delivery": one["delivery"]} for one in entries]
        return self.ask(f"consumer.{verdict}", stream="s", consumer="c", items=items, **more)

    def test_what_was_appended_is_there_after_a_kill_and_a_consumer_goes_on(self):
        self.ask("stream.append", stream="s", entries=[{"body": n} for n in range(10)])
        self.ask("consumer.set", stream="s", consumer="c", ack_wait="100ms")
        taken = self.take(count=4)
        self.settle("ack", *taken[:2])
        self.host.stop(signal.SIGKILL)
        self.host.start()
        self.assertEqual(self.ask("stream.append", stream="s", body=10)["position"], 11)
        got = []
        while len(got) < 9:
            batch = self.take(count=3, wait_s=10)
            got += [one["body"] for one in batch]
            self.assertEqual(self.settle("ack", *batch)["over"], [])
        self.assertEqual(sorted(got), list(range(2, 11)))
        self.assertEqual(self.settle("ack", taken[2])["over"], [3])

    def test_reloads_under_traffic_lose_nothing_and_append_nothing_twice(self):
        self.ask("stream.set", stream="s")
        self.ask("consumer.set", stream="s", consumer="c", ack_wait="1min")
        got = []

        def work():
            with self.host.client() as client:
                while len(got) < 300:
                    try:
                        batch = client.call("communication", "consumer.take",
                                            {"stream": "s", "consumer": "c", "count": 20,
                                             "wait_s": 5}, timeout_s=PATIENCE_S).json()["entries"]
                    except noa_client.Retry:
                        continue
                    got.extend(one["body"] for one in batch)

        worker = threading.Thread(target=work)
        worker.start()
        for turn in range(3):
            for n in range(100):
                self.ask("stream.append", stream="s", body=turn * 100 + n)
            self.host.noactl("reload", "communication", "--force")
        worker.join()
        self.assertEqual(got, list(range(300)))

    def test_an_entry_is_given_back_and_read_again_from_a_position_and_a_date(self):
        self.ask("stream.append", stream="s", entries=[{"body": n} for n in range(3)])
        self.ask("consumer.set", stream="s", consumer="c")
        first = self.take()[0]
        self.settle("nak", first, delay="1ms")
        again = self.take(wait_s=10)[0]
        while again["position"] != first["position"]:
            again = self.take(wait_s=10)[0]
        self.assertEqual((again["body"], again["attempt"]), (0, 2))
        page = self.ask("stream.read", stream="s", position=2)["entries"]
        self.assertEqual([one["body"] for one in page], [1, 2])
        since = self.ask("stream.read", stream="s", since=first["at"])["entries"]
        self.assertEqual([one["body"] for one in since], [0, 1, 2])

    def test_noactl_shows_streams_and_their_consumers(self):
        self.assertIn("no streams", self.host.noactl("messages", "streams"))
        self.ask("stream.append", stream="s", entries=[{"body": 1}, {"body": 2}])
        self.ask("consumer.set", stream="s", consumer="c")
        self.take()
        self.assertIn("s ", self.host.noactl("messages", "streams"))
        shown = self.host.json("messages", "streams", "s")
        self.assertEqual(shown["streams"][0]["last"], 2)
        consumer = shown["consumers"][0]
        self.assertEqual((consumer["under_way"], consumer["waiting"]), (1, 1))
        self.assertIn("UNDER WAY", self.host.noactl("messages", "streams", "s"))
        self.assertEqual(self.host.noactl_run("messages", "streams", "none").returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
