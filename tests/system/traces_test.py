#!/usr/bin/python3
"""What a request leads to, from agent to agent: recorded as one trace, and told."""
import http.server
import json
import queue
import re
import threading
import unittest

from console_client import Console, WebSocket
from noa_host import FIXTURES, PATIENCE_S, PLUGINS, Host, Outside, noa_client

CONFIG = """
[host.traces]
sampling = 0.0
[agents.near]
plugin = "worker"
run = "thread"
[agents.far]
plugin = "worker"
run = "process"
"""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


class Collector(http.server.ThreadingHTTPServer):
    """Takes OTLP over HTTP in JSON; answers with what is next in `answers`, or 200."""
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Exported)
        self.requests = queue.Queue()
        self.answers = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Exported(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 200 if self.server.answers.empty() else self.server.answers.get()
        self.server.requests.put((status, self.path, self.headers, json.loads(body)))
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Traces(unittest.TestCase):
    def call_traced(self, host, agent, operation, body):
        done = host.noactl_run("call", "--trace", agent, operation, json.dumps(body))
        self.assertEqual(done.returncode, 0, done.stderr)
        return re.search(r"trace ([0-9a-f]{32})", done.stderr)[1]

    def show(self, host, trace):
        return host.json("traces", "show", trace)["spans"]

    def edges(self, spans):
        """(who, of whom) of every span, by its parent."""
        agents = {span["span"]: span["agent"] for span in spans}
        return {(span["agent"], agents.get(span.get("parent"))) for span in spans}

    def on_behalf(self, host, message):
        with host.client() as client:
            return client.call("far", "who", {}, because=message).json()

    def test_a_trace_goes_from_agent_to_agent(self):
        with Host([FIXTURES / "worker.so"], CONFIG) as host:
            with self.subTest("through a thread into a process, and back"):
                there = self.call_traced(host, "near", "relay", {"agent": "far", "operation": "who"})
                self.assertEqual(self.edges(self.show(host, there)), {("near", None), ("far", "near")})
                back = self.call_traced(host, "far", "relay", {"agent": "near", "operation": "who"})
                self.assertEqual(self.edges(self.show(host, back)), {("far", None), ("near", "far")})
            with self.subTest("through a program outside, which began none itself"):
                with Outside(host, "guest", lambda message: self.on_behalf(host, message)):
                    trace = self.call_traced(host, "near", "relay", {"agent": "guest", "operation": "go"})
                spans = self.show(host, trace)
                self.assertEqual(self.edges(spans),
                                 {("near", None), ("guest", "near"), ("far", "guest")})
                self.assertEqual({span["status_name"] for span in spans}, {"ok"})
            with self.subTest("as told"):
                told = host.noactl("traces", "show", trace)
                self.assertRegex(told, r"(?m)^near +relay .*\n  guest +go .*\n    far +who ")
                listed = host.json("traces", "list")["traces"]
                self.assertEqual([one["trace"] for one in listed], [trace, back, there])
                self.assertEqual(listed[0]["spans"], 3)
            with self.subTest("what failed is found"):
                self.assertNotEqual(host.noactl_run("call", "--trace", "near", "fly").returncode, 0)
                failed = host.json("traces", "list", "--failed", "--agent", "near")["traces"]
                self.assertEqual([one["failed"] for one in failed], [1])
            with self.subTest("nothing else is recorded"):
                host.noactl("call", "near", "who", "{}")
                self.assertEqual(len(host.json("traces", "list")["traces"]), 4)
            with self.subTest("a share of the rest, from the next save on"):
                host.configure(CONFIG.replace("0.0", "1.0"))
                host.noactl("reload")
                host.noactl("call", "near", "who", "{}")
                newest = host.json("traces", "list")["traces"][0]
                self.assertEqual((newest["agent"], newest["operation"], newest["from"]),
                                 ("near", "who", "host"))
                self.assertNotIn("parent", self.show(host, newest["trace"])[0])

    def test_messages_that_lead_to_one_another_end_recorded_or_not(self):
        config = CONFIG + """
[agents.communication.settings]
max_hops = 4
"""
        counts, refused = {}, queue.Queue()

        def go(message):
            trace = message.traceparent[3:35]
            counts[trace] = counts.get(trace, 0) + 1
            with host.client() as client:
                try:
                    client.call("communication", "send", {"to": "guest", "operation": "go"},
                                because=message, timeout_s=PATIENCE_S)
                except noa_client.NoaError as error:
                    refused.put((trace, error.text))
            return {}

        with Host([PLUGINS / "communication.so"], config) as host, Outside(host, "guest", go):
            ask = json.dumps({"to": "guest", "operation": "go"})
            host.noactl("call", "communication", "send", ask)
            trace, text = refused.get(timeout=PATIENCE_S)
            self.assertIn("max_hops", text)
            self.assertEqual(counts, {trace: 4})
            self.assertEqual(host.json("traces", "list")["traces"], [])
            traced = self.call_traced(host, "communication", "send", {"to": "guest", "operation": "go"})
            self.assertEqual(refused.get(timeout=PATIENCE_S)[0], traced)
            self.assertEqual(counts, {trace: 4, traced: 128 + 4})

    def test_spans_get_to_a_collector_that_was_away(self):
        with Collector() as collector:
            collector.answers.put(503)
            config = CONFIG + f"""
[agents.monitor.settings]
interval = "1s"
retention = "10min"
[agents.monitor.settings.traces]
otlp = "http://127.0.0.1:{collector.server_address[1]}/v1/traces"
interval = "100ms"
authorization = "Bearer word"
"""
            with Host([FIXTURES / "worker.so", PLUGINS / "monitor.so"], config) as host:
                trace = self.call_traced(host, "near", "relay", {"agent": "far", "operation": "who"})
                refused = collector.requests.get(timeout=PATIENCE_S)
                taken = collector.requests.get(timeout=PATIENCE_S)
                self.assertEqual((refused[0], taken[0]), (503, 200))
                self.assertEqual(refused[3], taken[3], "the same batch")
                self.assertEqual(taken[1], "/v1/traces")
                self.assertEqual(taken[2]["Content-Type"], "application/json")
                self.assertEqual(taken[2]["Authorization"], "Bearer word")
                spans = self.exported(taken[3])
                while len(spans) < 2:
                    spans |= self.exported(collector.requests.get(timeout=PATIENCE_S)[3])
                near, far = spans["near"], spans["far"]
                self.assertEqual({near["traceId"], far["traceId"]}, {trace})
                self.assertEqual(far["parentSpanId"], near["spanId"])
                self.assertEqual(near["name"], "near.relay")
                host.noactl("reload", "--force", "monitor")
                host.noactl_run("call", "--trace", "near", "fly")
                later = self.exported(collector.requests.get(timeout=PATIENCE_S)[3])
                self.assertEqual(later["near"]["status"]["code"], 2, "and nothing twice")

    def exported(self, request):
        """Each agent's last span; every span has what the protocol wants."""
        spans = {}
        for resource in request["resourceSpans"]:
            attributes = {one["key"]: one["value"] for one in resource["resource"]["attributes"]}
            self.assertEqual(attributes["service.namespace"], {"stringValue": "noa"})
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    self.assertRegex(span["traceId"], "^[0-9a-f]{32}$")
                    self.assertRegex(span["spanId"], "^[0-9a-f]{16}$")
                    self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))
                    self.assertIn(span["kind"], (2, 5))
                    spans[attributes["service.name"]["stringValue"]] = span
        return spans

    def test_the_console_takes_a_trace_and_tells_it(self):
        asked = f"00-{TRACE}-{SPAN}-01"
        console = Console("actions = true\n", agents=(), config=CONFIG)
        console.host.install(FIXTURES / "worker.so")
        with console:
            status, headers, _ = console.ask("/api/agents/near/who", {}, traceparent=asked)
            self.assertEqual(status, 200)
            self.assertRegex(headers["traceparent"], f"^00-{TRACE}-[0-9a-f]{{16}}-01$")
            spans = console.json(f"/api/traces/{TRACE}")["spans"]
            self.assertEqual([(span["agent"], span["from"], span["parent"]) for span in spans],
                             [("near", "console", SPAN)])
            self.assertEqual(headers["traceparent"], f"00-{TRACE}-{spans[0]['span']}-01")
            listed = console.json("/api/traces?agent=near&lines=5")["traces"]
            self.assertEqual([one["trace"] for one in listed], [TRACE])
            self.assertEqual(console.json("/api/traces?agent=far")["traces"], [])
            self.assertEqual(console.status("/api/traces/ffff"), 404)
            self.assertEqual(console.status("/api/traces?what=1"), 400)
            for wrong in ("junk", asked.upper(), asked + "-x"):
                status, headers, _ = console.ask("/api/agents/near/who", {}, traceparent=wrong)
                self.assertEqual((status, headers.get("traceparent")), (200, None))
            with self.subTest("over a WebSocket"), WebSocket(console) as talk:
                ask = {"agent": "near", "operation": "who"}
                for id, trace in enumerate((asked.replace("4b", "5c"), asked.replace(SPAN, "0" * 16))):
                    talk.send({"id": id, "request": {**ask, "traceparent": trace}})
                told, untraced = talk.receive(), talk.receive()
                spans = console.json("/api/traces/5cf92f")["spans"]
                self.assertEqual([(span["agent"], span["parent"]) for span in spans], [("near", SPAN)])
                self.assertEqual((told["id"], told["traceparent"]),
                                 (0, f"00-{spans[0]['trace']}-{spans[0]['span']}-01"))
                self.assertEqual(set(untraced), {"id", "reply"})
                talk.send({"id": 2, "request": {**ask, "operation": "fly", "traceparent": asked}})
                failed = talk.receive()
                self.assertEqual(set(failed), {"id", "error", "status", "traceparent"})


if __name__ == "__main__":
    unittest.main()
