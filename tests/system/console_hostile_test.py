#!/usr/bin/python3
"""What clients can do to the console: half requests, two readings of one, floods, and silence."""
import json
import resource
import select
import socket
import unittest

from console_client import Console, Stream
from noa_host import PATIENCE_S

HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
SLOW, IDLE, STREAMS = 200, 1500, 1000


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(HARD, 20_000), HARD))
        cls.console = Console("actions = true\nmax_connections = 1600", agents=("heartbeat", "monitor"))
        cls.console.__enter__()
        cls.addClassCleanup(cls.console.__exit__)
        assert cls.console.status("/health") == 200
        cls.slow = [cls.connect() for _ in range(SLOW)]  # closed ten seconds later: see the last
        for one in cls.slow:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Never: ")
            cls.addClassCleanup(one.close)

    @classmethod
    def connect(cls):
        return socket.create_connection(("127.0.0.1", cls.console.port), timeout=PATIENCE_S)

    def raw(self, request):
        """All that comes back for `request` until the end."""
        with self.connect() as connection:
            connection.sendall(request)
            answer = b""
            while part := connection.recv(65536):
                answer += part
            return answer

    def test_a_requests_that_can_be_read_in_two_ways_end_the_connection(self):
        smuggled = b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
        post = b"POST /api/agents/heartbeat/list HTTP/1.1\r\nHost: localhost\r\n"
        for lines in (
                b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
                b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
                b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                b"Content-Length: 0x2\r\n\r\n{}",
                b"Content-Length : 2\r\n\r\n{}",
                b"Content-Length: 2\n\n{}",
                b"Host: other\r\nContent-Length: 2\r\n\r\n{}",
                b"X: a\x00b\r\nContent-Length: 2\r\n\r\n{}"):
            answer = self.raw(post + lines + smuggled)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (lines, answer[:200]))
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, lines)

    def test_b_paths_lead_nowhere_else(self):
        for path in ("/../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/etc/passwd", "/a/./b",
                     "/vendor/../app.js", "/app.js%00.css", "//evil.example/", "/api//status",
                     "/api/agents/..", "/\\app.js", "http://localhost/health", "*"):
            answer = self.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                              "Connection: close\r\n\r\n".encode())
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (path, answer[:200]))
        self.assertEqual(self.console.status("/etc/passwd"), 404)
        self.assertEqual(self.console.status("/api/agents/heartbeat/li%20st", {}), 404)

    def test_c_what_is_too_large_is_refused_before_it_is_read(self):
        head = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
        self.assertIn(b"431", self.raw(head + b"X: " + b"y" * 40_000)[:20])
        self.assertIn(b"431", self.raw(head + b"X: y\r\n" * 5_000)[:20])
        post = b"POST /api/agents/heartbeat/list HTTP/1.1\r\nHost: localhost\r\n"
        self.assertIn(b"413", self.raw(post + b"Content-Length: 16777217\r\n\r\n")[:20])
        self.assertIn(b"413", self.raw(post.replace(b"api/agents/heartbeat/list", b"hooks/a") +
                                       b"Content-Length: 10485761\r\n\r\n")[:20])
        self.assertIn(b"400", self.raw(post + b"Transfer-Encoding: chunked\r\n\r\n" +
                                       b"1;" + b"x" * 200_000)[:20])

    def test_d_bodies_that_are_no_json_are_the_askers_error(self):
        for body in ("{", "[1", '{"a":' * 10_000, '{"for":"1h","for":"2h"}', "\xff", "nul", "1e999"):
            self.assertEqual(self.console.status("/api/agents/monitor/alerts.silence",
                                                 body.encode("latin-1"),
                                                 Content_Type="application/json"), 400, body[:20])
            self.assertEqual(self.console.status("/api/actions/stop", body.encode("latin-1"),
                                                 Content_Type="application/json"), 400, body[:20])

    def test_e_a_thousand_streams_are_told_and_others_are_served(self):
        streams = [self.connect() for _ in range(STREAMS)]
        for one in streams:
            one.sendall(b"GET /api/sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for one in streams:  # none is refused, and none is cut off while others come
            seen = b""
            while b"\ndata: " not in seen:
                part = one.recv(65536)
                self.assertTrue(part, seen[:200])
                seen += part
        metrics = self.console.json("/api/agents/console")["metrics"]["agent"]
        self.assertEqual(metrics["streams"]["value"], STREAMS)
        for one in streams:
            one.close()

    def test_f_connections_that_do_nothing_give_way_to_those_that_ask(self):
        idle = [self.connect() for _ in range(IDLE)]
        self.assertEqual(self.console.status("/health"), 200)
        metrics = self.console.json("/api/agents/console")["metrics"]["agent"]
        self.assertLessEqual(metrics["connections"]["value"], 1600)
        for one in idle:
            one.close()

    def test_g_one_that_never_reads_holds_up_nobody(self):
        with self.connect() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.sendall(b"GET /vendor/uPlot.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300)
            for _ in range(50):
                self.assertEqual(self.console.status("/health"), 200)
            with Stream(self.console) as stream:
                stream.until("", lambda status: status["health"] == "healthy")

    def test_h_half_requests_are_closed(self):
        waiting = {one.fileno(): one for one in self.slow}
        poll = select.poll()
        for number in waiting:
            poll.register(number, select.POLLIN)
        while waiting:
            ready = poll.poll(PATIENCE_S * 1000)
            self.assertTrue(ready, "slow connections are still open")
            for number, _ in ready:
                self.assertEqual(waiting.pop(number).recv(1), b"")
                poll.unregister(number)
        self.assertEqual(json.loads(self.console.ask("/health")[2]), {"status": "healthy"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
