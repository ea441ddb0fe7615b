#!/usr/bin/python3
"""The console agent through a real host: what it serves, to whom, and through reloads."""
import base64
import json
import re
import socket
import threading
import unittest

from console_client import Console, Stream, WebSocket
from noa_host import PATIENCE_S, noa_client

E_INVALID, E_BUSY, E_DENIED = -2, -5, -11


class Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.console = Console("actions = true\nprobe_metrics = true",
                              agents=("monitor", "heartbeat", "communication"))
        cls.console.__enter__()
        cls.addClassCleanup(cls.console.__exit__)
        with Stream(cls.console) as stream:  # two rounds: rates are known, and who tells what
            stream.until("", lambda status: status["metrics"]["cpu"] is not None and
                         status["metrics"]["percentiles"] is not None and
                         status["health"] == "healthy" and
                         "communication" in cls.console.json("/api/metrics")["business"])

    def test_health_is_that_of_the_host_and_of_each_agent(self):
        ask = self.console.ask
        status, headers, body = ask("/health")
        self.assertEqual((status, json.loads(body)), (200, {"status": "healthy"}))
        self.assertEqual(headers["X-Frame-Options"], "DENY")
        self.assertNotIn("Server", headers)
        self.assertEqual(self.console.json("/ready"), {"status": "ready"})
        self.assertEqual(self.console.json("/health/heartbeat")["status"], "healthy")
        self.assertEqual(self.console.status("/health/nobody"), 404)
        for path in ("/health", "/ready", "/health/monitor", "/metrics"):
            self.assertEqual(self.console.status(path, port=self.console.probe_port), 200, path)
        for path in ("/", "/api/status", "/api/agents", "/hooks/a", "/healthy"):
            self.assertEqual(self.console.status(path, port=self.console.probe_port), 404, path)
        self.assertEqual(self.console.status("/hooks/a", "x", port=self.console.probe_port), 413)

    def test_metrics_are_told_in_both_formats(self):
        _, headers, body = self.console.ask("/metrics")
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertIn(b'\nnoa_agent_up{agent="heartbeat"} 1\n', body)
        self.assertIn(b"# TYPE noa_agent_messages_handled_total counter\n", body)
        _, headers, body = self.console.ask("/metrics", Accept="application/openmetrics-text")
        self.assertTrue(headers["Content-Type"].startswith("application/openmetrics-text"))
        self.assertIn(b"# TYPE noa_agent_messages_handled counter\n", body)
        self.assertTrue(body.endswith(b"\n# EOF\n"))

    def test_the_shapes_of_the_api_are_those_that_were_asked_for(self):
        time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
        with Stream(self.console) as stream:  # an agent may start, as others here ask for
            stream.until("", lambda status: status["health"] == "healthy")
        health = self.console.json("/api/health")
        self.assertRegex(health["timestamp"], time)
        self.assertEqual(health["overall"], "healthy", health)
        names = {service["name"]: service["status"] for service in health["services"]}
        self.assertEqual(names["monitor"], "healthy")
        metrics = self.console.json("/api/metrics")
        self.assertEqual(set(metrics), {"timestamp", "system", "application", "business"})
        self.assertGreater(metrics["system"]["memory"]["total"], 1e6)
        self.assertIn("noa_communication_messages_accepted_total",
                      metrics["business"]["communication"], metrics)
        recent = self.console.json("/api/metrics/recent")
        self.assertGreaterEqual(len(recent), 2)
        self.assertTrue(all({"timestamp", "system"} <= set(point) for point in recent))
        status = self.console.json("/api/status")
        self.assertLessEqual({"timestamp", "health", "services", "metrics"}, set(status))
        self.assertEqual(status["health"], "healthy")
        self.assertLessEqual({"cpu", "memory", "errorRate", "latency"}, set(status["metrics"]))

    def test_agents_reloads_events_logs_and_alerts_are_listed(self):
        agents = {agent["name"]: agent for agent in self.console.json("/api/agents")}
        self.assertEqual(agents["heartbeat"]["state"], "running")
        one = self.console.json("/api/agents/heartbeat")
        self.assertEqual(one["agent"]["plugin"], "heartbeat")
        self.assertEqual(one["health"]["status"], "healthy")
        self.assertIn("list", one["describe"]["operations"])
        self.assertEqual(self.console.status("/api/agents/nobody"), 404)
        reloads = self.console.json("/api/reloads?agent=monitor&lines=5")
        self.assertEqual({reload["agent"] for reload in reloads}, {"monitor"})
        events = self.console.json("/api/events?lines=500")
        self.assertIn("host.agent.console", {event["subject"] for event in events})
        lines = self.console.json("/api/logs?lines=50&agent=console")
        self.assertIn("agent.started", {line["event"] for line in lines})
        self.assertEqual(self.console.json("/api/logs?agent=nobody"), [])
        self.assertEqual(set(self.console.json("/api/alerts")), {"alerts", "silences"})
        for wrong in ("lines=0", "lines=x", "lines=5000", "x=y", "agent=../x"):
            self.assertEqual(self.console.status("/api/logs?" + wrong), 400, wrong)

    def test_operations_and_their_errors_are_those_of_the_agents(self):
        ask = self.console.status
        self.assertIn("agents", self.console.json("/api/agents/heartbeat/list", {}))
        self.assertEqual(ask("/api/agents/heartbeat/nothing", {}), 404)
        self.assertEqual(ask("/api/agents/nobody/list", {}), 404)
        self.assertEqual(ask("/api/agents/monitor/metrics.query", {"nam": "x"}), 400)
        self.assertEqual(ask("/api/agents/monitor/metrics.query", "{", Content_Type="application/json"),
                         400)
        self.assertEqual(ask("/api/agents/heartbeat/list", "{}", Content_Type="text/plain"), 415)
        self.assertEqual(ask("/api/agents/heartbeat/list?timeout=5min", {}), 400)
        self.assertEqual(ask("/api/agents/heartbeat/list", method="PUT"), 405)
        document = self.console.json("/api/openapi.json")
        self.assertIn("/api/agents/monitor/alerts.silence", document["paths"])
        outcome = self.console.json("/api/actions/reload", {"agents": ["heartbeat"], "force": True})
        self.assertEqual(outcome["outcomes"][0]["action"], "reloaded")
        self.assertEqual(ask("/api/actions/reload", {"agents": ["nobody"]}), 404)
        self.assertEqual(ask("/api/actions/shutdown", {}), 404)

    def test_only_pages_of_its_own_are_answered(self):
        ask = self.console.status
        own = f"http://localhost:{self.console.port}"
        for host in (f"localhost:{self.console.port}", "127.0.0.1", "[::1]:9300"):
            self.assertEqual(ask("/api/status", Host=host), 200, host)
        for host in ("evil.example", "127.0.0.1.evil.example", ""):
            self.assertEqual(ask("/api/status", Host=host), 421, host)
        headers = {"Host": own[7:], "Origin": own}
        self.assertEqual(ask("/api/agents/heartbeat/list", {}, **headers), 200)
        for origin in ("http://evil.example", "null", "http://localhost:1"):
            self.assertEqual(ask("/api/agents/heartbeat/list", {}, **{**headers, "Origin": origin}),
                             403, origin)
        for site in ("cross-site", "same-site"):
            self.assertEqual(ask("/api/status", Sec_Fetch_Site=site), 403)
        self.assertEqual(ask("/", Sec_Fetch_Site="cross-site"), 200)  # by a link
        with WebSocket(self.console, Origin="http://evil.example") as talk:
            self.assertEqual(talk.status, 403)

    def test_streams_tell_what_happens(self):
        with Stream(self.console, "/api/sse?log") as stream:
            stream.until("", lambda status: status["health"] == "healthy")
            self.console.host.noactl("reload", "heartbeat", "--force")
            stream.until("reload", lambda record: record["agent"] == "heartbeat" and
                         record["to"] > 1 and record["outcome"] == "switched")
            generation = self.console.host.generation("heartbeat")
            stream.until("", lambda status: any(
                agent["name"] == "heartbeat" and agent["generation"] == generation
                for agent in status["agents"]))
            self.console.host.noactl("stop", "heartbeat")
            stream.until("log", lambda line: line["event"] == "agent.stopped")
            stream.until("", lambda status: any(
                service["name"] == "heartbeat" and service["status"] == "stopped"
                for service in status["services"]))
            self.assertEqual(self.console.status("/health/heartbeat"), 503)
            self.assertEqual(self.console.status("/health"), 200)
            self.console.host.noactl("start", "heartbeat")

    def test_web_sockets_subscribe_and_ask(self):
        with WebSocket(self.console) as talk:
            talk.send({"subscribe": "heartbeat.>"})
            self.assertEqual(talk.receive(), {"subscribed": "heartbeat.>"})
            talk.send({"id": 7, "request": {"agent": "heartbeat", "operation": "list"}})
            answer = talk.receive()
            self.assertEqual((answer["id"], list(answer["reply"])), (7, ["agents"]))
            with self.console.host.client() as client:
                client.publish("heartbeat.beat.tester", {"interval_s": 5})
            told = talk.receive()
            self.assertEqual((told["event"], told["body"]),
                             ("heartbeat.beat.tester", {"interval_s": 5}))
            talk.send({"unsubscribe": "heartbeat.>"})
            self.assertEqual(talk.receive(), {"unsubscribed": "heartbeat.>"})
            for wrong in (b"{", b"[]", {"subscribe": "a" * 300}, {"x": 1},
                          {"id": 8, "request": {"agent": "nobody", "operation": "x"}}):
                talk.send(wrong)
                self.assertIn("error", talk.receive(), wrong)


class Alone(unittest.TestCase):
    def test_without_monitor_and_control_socket_it_says_so(self):
        with Console(agents=("heartbeat",)) as console:
            self.assertEqual(console.status("/health"), 200)
            for path in ("/metrics", "/api/metrics", "/api/alerts", "/api/logs"):
                self.assertEqual(console.status(path), 503, path)
            self.assertEqual(console.json("/api/metrics/recent"), [])
            self.assertEqual(console.status("/api/agents/heartbeat/list", {}), 403)
            self.assertEqual(console.status("/api/actions/stop", {"agents": ["heartbeat"]}), 403)
            with WebSocket(console) as talk:
                talk.send({"id": 1, "request": {"agent": "heartbeat", "operation": "list"}})
                self.assertIn("error", talk.receive())
                talk.send({"subscribe": "heartbeat.>"})
                self.assertIn("error", talk.receive())

    def test_a_listener_that_others_could_reach_is_refused(self):
        with Console(agents=("heartbeat",)) as console:
            console.host.configure('[agents.console.settings]\nlisten = ["tcp:0.0.0.0:0"]\n')
            done = console.host.noactl_run("reload")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("can be reached from elsewhere", done.stdout + done.stderr)
            self.assertEqual(console.status("/health"), 200)


class Hooks(unittest.TestCase):
    """What is posted, as the agent communication is asked for it: here a program stands for it."""

    ANSWERS = {"known": {"id": "m1", "state": "queued"}, "again": {"id": "m1", "duplicate": True},
               "unsigned": E_DENIED, "missing": noa_client.E_NOT_FOUND, "odd": E_INVALID,
               "full": E_BUSY,
               "broken": noa_client.E_INTERNAL}

    def receive(self, message):
        self.asked.append(message.json())
        answer = self.ANSWERS[self.asked[-1]["name"]]
        if isinstance(answer, int):
            raise noa_client.NoaError(answer, "because")
        return answer

    def test_what_is_posted_reaches_the_agent_communication_as_it_came(self):
        self.asked, expected = [], {"known": 202, "again": 200, "unsigned": 401, "missing": 404,
                                    "odd": 400, "full": 429, "broken": 503}
        with Console(agents=("heartbeat",)) as console, console.host.client() as client:
            self.assertEqual(console.status("/hooks/known", "x"), 503)  # nobody is there yet
            client.begin_serving("communication")
            server = threading.Thread(target=client.serve, args=(self.receive,), kwargs={
                "until": lambda: len(self.asked) == len(expected) + 1, "timeout_s": PATIENCE_S})
            server.start()
            body = bytes(range(256))
            for name, wanted in expected.items():
                status, headers, answer = console.ask(
                    "/hooks/" + name, body, Host="hooks.example", Origin="http://evil.example",
                    Webhook_Id="msg_1", Webhook_Timestamp="1761170400", Webhook_Signature="v1,abc",
                    Content_Type="application/x-thing")
                self.assertEqual(status, wanted, (name, answer))
                if wanted in (429, 503):
                    self.assertEqual(headers["Retry-After"], "1")
            self.assertEqual(self.asked[0], {
                "name": "known", "id": "msg_1", "timestamp": "1761170400", "signature": "v1,abc",
                "content_type": "application/x-thing", "base64": base64.b64encode(body).decode()})
            self.assertEqual(console.status("/hooks/known", b"y" * 8_000_000), 202)
            server.join()
            self.assertEqual(len(base64.b64decode(self.asked[-1]["base64"])), 8_000_000)
            self.assertEqual(console.status("/hooks/known"), 405)
            self.assertEqual(console.status("/hooks/a/b", "x"), 404)


class Reloaded(unittest.TestCase):
    def test_a_reload_refuses_no_connection_and_keeps_streams_and_history(self):
        with Console() as console, Stream(console) as stream:
            stream.until("", lambda status: status["metrics"]["cpu"] is not None)
            before = console.json("/api/metrics/recent")
            kept = socket.create_connection(("127.0.0.1", console.port))
            answers, over = [], threading.Event()

            def keep_asking():
                while not over.is_set():
                    answers.append(console.status("/health"))

            askers = [threading.Thread(target=keep_asking) for _ in range(4)]
            for asker in askers:
                asker.start()
            try:
                for _ in range(3):
                    console.host.noactl("reload", "console", "--force")
            finally:
                over.set()
                for asker in askers:
                    asker.join()
            self.assertEqual(set(answers), {200})
            self.assertEqual(console.json("/api/metrics/recent")[0], before[0])
            stream.until("", lambda status: any(
                agent["name"] == "console" and agent["generation"] == 4
                for agent in status["agents"]))
            kept.sendall(b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(kept.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n"))
            kept.close()
            with WebSocket(console) as talk:
                talk.send({"subscribe": "host.>"})
                talk.receive()
                console.host.noactl("reload", "console", "--force")
                told = talk.receive()
                while isinstance(told, dict):
                    told = talk.receive()
                self.assertEqual(told, 1012)  # "service restart"
            self.assertEqual(console.json("/api/status")["host"]["pinned"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
