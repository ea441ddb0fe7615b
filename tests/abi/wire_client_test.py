#!/usr/bin/python3
"""The Python client, and the one printed in the wire format's README, against a gateway that
knows just enough: what is sent is what the document says, what comes back is understood.

usage: wire_client_test.py WIRE_DIR
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import unittest

import zmq

WIRE_DIR = pathlib.Path(sys.argv[1]).resolve()
sys.dont_write_bytecode = True
sys.path.insert(0, str(WIRE_DIR))
import noa_client as noa  # noqa: E402


class Gateway(threading.Thread):
    """Answers each message by `script[kind](gateway, peer, message)`; keeps what came."""

    def __init__(self, runtime_dir):
        super().__init__(daemon=True)
        self.router = zmq.Context.instance().socket(zmq.ROUTER)
        self.router.setsockopt(zmq.LINGER, 0)
        self.router.bind(f"ipc://{runtime_dir}/bus.sock")
        self.runtime_dir = runtime_dir  # a scratch folder: no other gateway has it
        self.stop = zmq.Context.instance().socket(zmq.PAIR)
        self.stop.bind(f"inproc://stop{self.runtime_dir}")
        self.script = {}
        self.seen = []

    def run(self):
        poller = zmq.Poller()
        poller.register(self.router, zmq.POLLIN)
        poller.register(self.stop, zmq.POLLIN)
        while self.stop not in (ready := dict(poller.poll())):
            if self.router in ready:
                peer, *frames = self.router.recv_multipart()
                message = noa.Message(frames)
                self.seen.append((message, len(frames)))
                if message.kind in self.script:
                    self.script[message.kind](self, peer, message)
        self.router.close()
        self.stop.close()

    def end(self):
        signal = zmq.Context.instance().socket(zmq.PAIR)
        signal.connect(f"inproc://stop{self.runtime_dir}")
        signal.send(b"")
        self.join()
        signal.close()

    def put(self, peer, kind, **fields):
        self.router.send_multipart([peer, *noa.encode(kind, **fields)])

    def kinds(self):
        return [message.kind for message, _ in self.seen]


def accept(gateway, peer, message, number=1):
    if message.flags & noa.WANT_RECEIPT or message.kind == noa.SERVE:
        gateway.put(peer, noa.ACCEPTED, correlation=message.id, number=number)


def echo(gateway, peer, message):
    gateway.put(peer, noa.REPLY, correlation=message.id, content_type=message.content_type,
                body=message.body)


class WireClient(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.runtime_dir = scratch.name
        self.gateway = Gateway(scratch.name)
        self.gateway.start()
        self.addCleanup(self.gateway.end)

    def client(self, **options):
        client = noa.Client(self.runtime_dir, **options)
        self.addCleanup(client.close)
        return client

    def test_header_is_laid_out_as_documented(self):
        frame, = noa.encode(noa.REQUEST, flags=5, priority=1, hops=2, message_id=b"i" * 16,
                            correlation=b"c" * 16, status=-5, timeout_ms=7, number=9, to="to",
                            subject="sub", content_type="type", traceparent="trace", body=b"body")
        self.assertEqual(frame[:8], b"NOA1\x01\x05\x01\x02")
        self.assertEqual(frame[8:40], b"i" * 16 + b"c" * 16)
        self.assertEqual(frame[40:52], b"\xfb\xff\xff\xff" + b"\x07\0\0\0" + b"\x09\0\0\0")
        self.assertEqual(frame[52:64], bytes([2, 0, 3, 4, 5]) + bytes(7))
        self.assertEqual(frame[64:], b"tosubtypetracebody")

    def test_ids_are_uuids_of_version_7_and_differ(self):
        ids = {noa.new_id() for _ in range(1000)}
        self.assertEqual(len(ids), 1000)
        for one in ids:
            self.assertEqual((one[6] >> 4, one[8] >> 6), (7, 2))

    def test_printed_client_makes_a_call(self):
        self.gateway.script = {noa.REQUEST: echo}
        text = (WIRE_DIR / "README.md").read_text()
        program = re.search(r"```python\n(.*?)```", text, re.S).group(1)
        ran = subprocess.run([sys.executable, "-c", program, self.runtime_dir, "cache", "get",
                              '{"key": 1}'], text=True, capture_output=True)
        self.assertEqual((ran.stdout, ran.stderr), ('{"key": 1}\n', ""))
        request, _ = self.gateway.seen[0]
        self.assertEqual((request.to, request.subject), ("cache", "get"))

    def test_call_returns_the_reply(self):
        self.gateway.script = {noa.REQUEST: echo}
        self.assertEqual(self.client().call("echo", "echo", {"a": 1}).json(), {"a": 1})
        request, frames = self.gateway.seen[0]
        self.assertEqual((request.content_type, request.timeout_ms, frames), (noa.JSON, 5000, 1))

    def test_large_body_travels_in_its_own_frame(self):
        self.gateway.script = {noa.REQUEST: echo}
        body = bytes(1 << 20)
        self.assertEqual(self.client().call("echo", "echo", body).body, body)
        self.assertEqual(self.gateway.seen[0][1], 2)

    def test_error_is_raised_with_status_text_and_depth(self):
        self.gateway.script = {noa.REQUEST: lambda gateway, peer, message: gateway.put(
            peer, noa.ERROR, correlation=message.id, status=-5, number=10000, timeout_ms=20,
            body="inbox of cache is full".encode())}
        with self.assertRaises(noa.NoaError) as caught:
            self.client().call("cache", "get")
        error = caught.exception
        self.assertEqual((error.status, error.text, error.depth, error.retry_after_ms),
                         (-5, "inbox of cache is full", 10000, 20))

    def test_no_answer_is_an_error_in_time(self):
        self.addCleanup(setattr, noa, "GRACE_S", noa.GRACE_S)
        noa.GRACE_S = 0.0
        with self.assertRaises(noa.NoaError) as caught:
            self.client().call("nobody", "get", timeout_s=0.01)
        self.assertEqual(caught.exception.status, noa.E_EXPIRED)

    def test_send_and_publish_tell_depth_and_subscribers(self):
        self.gateway.script = {noa.REQUEST: lambda *a: accept(*a, number=17),
                               noa.PUBLISH: lambda *a: accept(*a, number=3)}
        client = self.client()
        self.assertEqual(client.send("cache", "set", {"key": 1}), 17)
        self.assertEqual(client.publish("news.today", {"x": 1}), 3)
        self.assertEqual(self.gateway.seen[0][0].flags, noa.NO_REPLY | noa.WANT_RECEIPT)

    def test_events_come_in_order_and_gaps_are_counted(self):
        def subscribed(gateway, peer, message):
            gateway.put(peer, noa.EVENT, subject="a.b", body=b"early")
            accept(gateway, peer, message)
            gateway.put(peer, noa.GAP, number=4)
            gateway.put(peer, noa.EVENT, subject="a.c", body=b"late")
        self.gateway.script = {noa.SUBSCRIBE: subscribed}
        client = self.client()
        client.subscribe("a.>")
        events = client.events(timeout_s=5)
        self.assertEqual([next(events).body, next(events).body], [b"early", b"late"])
        self.assertEqual(client.dropped, 4)

    def test_deliveries_are_settled_by_what_the_handler_does(self):
        settled = []

        def note(gateway, _, message):
            settled.append((message.kind, message.correlation[:1], message.status,
                            message.timeout_ms, message.body))

        def serve(gateway, peer, message):
            accept(gateway, peer, message, message.number)
            for letter, kind, flags in ((b"r", noa.REQUEST, 0), (b"n", noa.REQUEST, noa.NO_REPLY),
                                        (b"e", noa.EVENT, 0), (b"a", noa.REQUEST, 0),
                                        (b"f", noa.REQUEST, 0), (b"x", noa.REQUEST, 0)):
                gateway.put(peer, kind, flags=flags, message_id=letter * 16, to="helper",
                            subject=letter.decode(), body=b"?")
        self.gateway.script = {noa.SERVE: serve, noa.PING: lambda gateway, peer, message:
                               gateway.put(peer, noa.PONG, correlation=message.id)}
        self.gateway.script.update({kind: note for kind in (noa.REPLY, noa.ERROR, noa.ACK,
                                                            noa.RETRY)})
        handled = []

        def handler(message):
            handled.append(message.subject)
            if message.subject == "a":
                raise noa.Retry(0.25)
            if message.subject == "f":
                raise noa.NoaError(-16, "no such key")
            if message.subject == "x":
                raise KeyError("secret")
            return "done"
        client = self.client()
        client.begin_serving("helper", credit=8)
        client.serve(handler, until=lambda: len(handled) == 6)
        client.ping()  # answered after everything before it was read
        self.assertEqual(settled, [
            (noa.REPLY, b"r", 0, 0, b"done"), (noa.ACK, b"n", 0, 0, b""),
            (noa.ACK, b"e", 0, 0, b""), (noa.RETRY, b"a", 0, 250, b""),
            (noa.ERROR, b"f", -16, 0, b"no such key"), (noa.ERROR, b"x", -1, 0, b"KeyError")])

    def test_forgotten_client_serves_and_subscribes_again(self):
        self.gateway.script = {
            noa.SERVE: accept, noa.SUBSCRIBE: accept,
            noa.PING: lambda gateway, peer, message: gateway.put(
                peer, noa.PONG, correlation=message.id, status=noa.E_NOT_FOUND)}
        client = self.client()
        client.begin_serving("helper")
        client.subscribe("a.*")
        client.ping()
        self.assertEqual(self.gateway.kinds(), [noa.SERVE, noa.SUBSCRIBE, noa.PING, noa.SERVE,
                                                noa.SUBSCRIBE])
        self.assertEqual(self.gateway.seen[4][0].to, "helper")

    def test_silent_subscriber_keeps_its_lease(self):
        def pong(gateway, peer, message):
            gateway.put(peer, noa.PONG, correlation=message.id)
            gateway.put(peer, noa.EVENT, subject="done")
        self.gateway.script = {noa.SUBSCRIBE: accept, noa.PING: pong}
        client = self.client(lease_s=0.03)
        client.subscribe("done")
        self.assertEqual(next(client.events(timeout_s=30)).subject, "done")


if __name__ == "__main__":
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(WireClient)
    outcome = unittest.TextTestRunner(verbosity=2).run(tests)
    sys.exit(not outcome.wasSuccessful())
