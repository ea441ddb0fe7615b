#!/usr/bin/python3
"""The communication agent through a real host: messages arrive, through reloads and kills."""
import json
import random
import threading
import unittest

from noa_host import PATIENCE_S, PLUGINS, Host, Watcher, noa_client

QUICK = """
[agents.communication.settings]
retry = { first_pause = "10ms", longest_pause = "50ms", attempts = 5, timeout = "5s" }
breaker = { failures = 1000, failure_share = 1.1 }
"""


class Worker(threading.Thread):
    """An agent outside: keeps what it is given, and answers as it is told."""

    def __init__(self, host, name, answer=lambda message: {}):
        super().__init__()
        self.host, self.name_, self.answer = host, name, answer
        self.got = []
        self.over = threading.Event()
        self.serving = threading.Event()

    def run(self):
        with self.host.client() as client:
            client.begin_serving(self.name_)
            self.serving.set()
            while not self.over.is_set():
                client.serve(self.handle, timeout_s=0.2, until=self.over.is_set)

    def handle(self, message):
        body = message.json()
        answer = self.answer(body)
        self.got.append(body)
        return answer

    def __enter__(self):
        self.start()
        assert self.serving.wait(PATIENCE_S)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Communication(unittest.TestCase):
    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def host(self, config=QUICK, plugins=()):
        return self.enter(Host([PLUGINS / "communication.so", *plugins], config))

    def send(self, client, **message):
        message.setdefault("operation", "do")
        return client.call("communication", "send", message, timeout_s=PATIENCE_S).json()

    def settled(self, client, id_):
        while True:
            answer = client.call("communication", "wait", {"id": id_, "wait_s": 5},
                                 timeout_s=PATIENCE_S).json()
            if answer["settled"]:
                return answer

    def test_a_message_arrives_and_its_life_is_told(self):
        host = self.host()
        client = self.enter(host.client())
        worker = self.enter(Worker(host, "worker"))
        sent = self.send(client, to="worker", body={"n": 1}, conversation="c", envelope=True)
        self.assertEqual(self.settled(client, sent["id"])["state"], "acked")
        got = worker.got[0]
        self.assertEqual((got["id"], got["body"], got["attempt"], got["redelivered"]),
                         (sent["id"], {"n": 1}, 1, False))
        life = client.call("communication", "show", {"id": sent["id"]}).json()
        self.assertEqual(life["state"], "acked")
        self.assertEqual([one["status"] for one in life["life"]], ["ok"])
        metrics = client.call("communication", "metrics").json()
        for name in ("messages_sent", "messages_delivered", "messages_failed",
                     "average_delivery_time", "p95_delivery_time", "p99_delivery_time",
                     "messages_delivered_total"):
            self.assertIn(name, json.dumps(metrics))
        self.assertEqual(client.call("communication", "health").json()["status"], "healthy")

    def test_what_nobody_takes_is_given_up_and_replayed(self):
        host = self.host()
        client = self.enter(host.client())
        dead = self.enter(Watcher(host, "communication.dead"))
        sent = self.send(client, to="late", body=7)
        self.assertEqual(dead.until(lambda event: True)["id"], sent["id"])
        answer = self.settled(client, sent["id"])
        self.assertEqual((answer["state"], answer["attempts"]), ("dead", 5))
        self.assertIn(sent["id"], host.noactl("messages", "dead"))
        worker = self.enter(Worker(host, "late"))
        host.noactl("messages", "replay", sent["id"])
        host.noactl("messages", "follow", sent["id"])
        self.assertEqual(worker.got, [7])

    def test_ordered_messages_of_a_conversation_arrive_in_order(self):
        host = self.host()
        client = self.enter(host.client())
        chance = random.Random(7)

        def sometimes(_):
            if chance.random() < 0.3:
                raise noa_client.Retry(0.0)
            return {}

        worker = self.enter(Worker(host, "worker", sometimes))
        messages = [{"to": "worker", "operation": "do", "body": n, "ordered": True,
                     "conversation": "c", "attempts": 100} for n in range(100)]
        ids = client.call("communication", "send_many", {"messages": messages}).json()["ids"]
        self.assertEqual(self.settled(client, ids[-1])["state"], "acked")
        first_seen = list(dict.fromkeys(worker.got))
        self.assertEqual(first_seen, list(range(100)))

    def test_a_reload_under_traffic_loses_nothing(self):
        host = self.host()
        client = self.enter(host.client())
        worker = self.enter(Worker(host, "worker"))
        ids = []
        for turn in range(5):
            for n in range(100):
                ids.append(self.send(client, to="worker", body=turn * 100 + n)["id"])
            host.noactl("reload", "communication", "--force")
        for id_ in ids:
            self.assertEqual(self.settled(client, id_)["state"], "acked")
        self.assertEqual(set(worker.got), set(range(500)))

    def test_a_dead_recipient_holds_up_nobody_else(self):
        host = self.host("""
            [agents.communication.settings]
            retry = { first_pause = "10ms", longest_pause = "1min" }
            breaker = { failures = 3, open = "1min" }
            """)
        client = self.enter(host.client())
        worker = self.enter(Worker(host, "worker"))
        lost = [{"to": "nobody", "operation": "do", "body": n} for n in range(500)]
        client.call("communication", "send_many", {"messages": lost})
        sent = self.send(client, to="worker", body=1)
        self.assertEqual(self.settled(client, sent["id"])["state"], "acked")
        breakers = client.call("communication", "breakers").json()["breakers"]
        self.assertEqual({one["to"]: one["state"] for one in breakers},
                         {"nobody": "open", "worker": "closed"})
        self.assertIn("nobody", host.noactl("messages", "breakers"))
        self.assertEqual(worker.got, [1])

    def test_limits_refuse_with_the_reason(self):
        host = self.host(QUICK + 'max_message_size = "1KiB"\nmax_queued_recipient = 10\n')
        client = self.enter(host.client())

        def refusal(**message):
            with self.assertRaises(noa_client.NoaError) as caught:
                self.send(client, **message)
            return caught.exception.text

        self.assertIn("max_message_size", refusal(to="a", body="x" * 2000))
        self.assertIn("/colour", refusal(to="a", body=1, colour="red"))
        for _ in range(10):
            self.send(client, to="a", body=1, delay="1h")
        self.assertIn("max_queued_recipient", refusal(to="a", body=1))

    def test_verbs_of_noactl(self):
        host = self.host()
        self.enter(Worker(host, "worker"))
        id_ = host.noactl("messages", "send", "worker", "do", '{"n": 1}', "--id", "order-7",
                          "--priority", "high").split(":")[0]
        self.assertEqual(id_, "order-7")
        self.assertIn("taken before",
                      host.noactl("messages", "send", "worker", "do", "{}", "--id", "order-7"))
        self.assertIn("acked", host.noactl("messages", "follow", "order-7"))
        shown = host.noactl("messages", "show", "order-7")
        self.assertIn("state: acked", shown)
        self.assertIn('body: {"n":1}', shown)
        self.assertIn("order-7", host.noactl("messages", "list", "--to", "worker"))
        self.assertIn("worker", host.noactl("messages", "queues"))
        later = host.json("messages", "send", "worker", "do", "1", "--delay", "1h")["id"]
        host.noactl("messages", "cancel", later)
        self.assertIn("cancelled", host.noactl("messages", "list", "--state", "cancelled"))
        self.assertEqual(host.json("messages", "breakers", "open", "worker")["state"], "open")
        self.assertEqual(host.json("messages", "breakers", "close", "worker")["state"], "closed")
        self.assertEqual(host.noactl_run("messages", "show", "none").returncode, 1)
        self.assertEqual(host.noactl_run("messages", "replay").returncode, 1)

    def test_conversations_are_listed_read_and_searched(self):
        host = self.host()
        client = self.enter(host.client())
        self.enter(Worker(host, "worker"))
        client.call("communication", "conversation.set",
                    {"conversation": "c", "topic": "greetings", "metadata": {"k": 1}})
        for text in ("hello there", "good bye"):
            sent = self.send(client, to="worker", body={"text": text}, conversation="c")
            self.settled(client, sent["id"])
        host.noactl("reload", "communication", "--force")
        listed = host.json("messages", "conversations")["conversations"][0]
        self.assertEqual((listed["messages"], listed["topic"]), (2, "greetings"))
        self.assertIn("worker", listed["participants"])
        history = host.json("messages", "conversations", "c", "--count", "1")
        self.assertEqual(history["messages"][0]["body"], {"text": "good bye"})
        older = client.call("communication", "conversation.history",
                            {"conversation": "c", "before": history["before"]}).json()
        self.assertEqual([one["body"] for one in older["messages"]], [{"text": "hello there"}])
        self.send(client, to="worker", body=1, conversation="d")
        first = client.call("communication", "conversation.list", {"limit": 1}).json()
        rest = client.call("communication", "conversation.list", {"page": first["page"]}).json()
        self.assertEqual([one["conversation"] for one in first["conversations"] +
                          rest["conversations"]], ["d", "c"])
        self.assertIn("[hello]", host.noactl("messages", "conversations", "--search", "hello"))
        self.assertIn("no messages", host.noactl("messages", "conversations", "--search", "none"))
        self.assertIn("no conv", host.noactl("messages", "conversations", "--archived"))

    def test_rules_flag_and_refuse_what_is_said(self):
        host = self.host(QUICK + """
            [agents.communication.settings.content]
            sql = "reject"
            rules = [{ name = "no-keys", pattern = "private key", mode = "reject" }]
            """)
        client = self.enter(host.client())
        worker = self.enter(Worker(host, "worker"))
        sent = self.send(client, to="worker", body={"a": "%3Cscript%3E"}, envelope=True)
        self.assertEqual(self.settled(client, sent["id"])["state"], "acked")
        self.assertEqual(worker.got[0]["flags"], ["script.tag"])
        self.assertIn("script.tag", host.noactl("messages", "show", sent["id"]))
        for text, rule in (("x' or '1'='1", "sql.tautology"), ("PRIVATE KEY", "no-keys")):
            with self.assertRaises(noa_client.NoaError) as caught:
                self.send(client, to="worker", body=text)
            self.assertIn(rule, caught.exception.text)
            self.assertNotIn(text, caught.exception.text)
            self.assertIn("refused: " + rule, host.noactl("messages", "check", text))
        self.assertEqual(len(worker.got), 1)

    def test_a_damaged_store_is_put_aside_and_kept(self):
        host = self.host()
        with host.client() as client:
            self.send(client, to="a", body=1, delay="1h")
        host.stop()
        store = next(host.state_dir.rglob("communication.db"))
        store.write_bytes(b"x" * 8192)
        host.start()
        with host.client() as client:
            self.send(client, to="a", body=1)
            health = client.call("communication", "health").json()
        self.assertEqual(health["status"], "needs_repair")
        self.assertIn("store.quarantined", host.log_text())
        kept = list(store.parent.glob("communication.db.damaged-*"))
        self.assertEqual([one.read_bytes() for one in kept], [b"x" * 8192])


if __name__ == "__main__":
    unittest.main(verbosity=2)
