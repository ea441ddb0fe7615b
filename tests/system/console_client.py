"""Clients of the agent console for tests: requests, streams of events, WebSockets."""
import base64
import http.client
import json
import os
import socket
import struct

from noa_host import PATIENCE_S, PLUGINS, Host


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Console:
    """A host with a console; `settings` are lines of TOML."""

    def __init__(self, settings="", agents=("monitor", "heartbeat"), config="", interval="1s",
                 refresh="500ms"):
        self.port, self.probe_port = free_port(), free_port()
        self.host = Host([PLUGINS / f"{name}.so" for name in ("console", *agents)])
        self.host.config_file.write_text(f"""
{config}
[agents.monitor.settings]
interval = "{interval}"
retention = "10min"
[agents.console.settings]
listen = ["tcp:127.0.0.1:{self.port}"]
probe_listen = ["tcp:127.0.0.1:{self.probe_port}"]
control_socket = "{self.host.runtime_dir}/control.sock"
refresh = "{refresh}"
{settings}
""" if "monitor" in agents else f"""
{config}
[agents.console.settings]
listen = ["tcp:127.0.0.1:{self.port}"]
{settings}
""")

    def __enter__(self):
        self.host.start()
        return self

    def __exit__(self, *_):
        self.host.__exit__()

    def ask(self, path, body=None, method=None, port=None, **headers):
        """Status, headers and body of one request; a body that is no text goes as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE_S)
        try:
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
                fields.setdefault("Content-Type", "application/json")
            connection.request(method or ("GET" if body is None else "POST"), path, body, fields)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def json(self, path, body=None, **headers):
        status, _, answer = self.ask(path, body, **headers)
        assert status == 200, (path, status, answer)
        return json.loads(answer)

    def status(self, path, body=None, **options):
        return self.ask(path, body, **options)[0]


class Stream:
    """Server-sent events."""

    def __init__(self, console, path="/api/sse", last_id=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=PATIENCE_S)
        self.connection.request("GET", path,
                                headers={"Last-Event-ID": last_id} if last_id else {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.status
        self.last_id = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def events(self):
        """(name, data) of each; name "" for a message without one."""
        name, data = "", None
        for line in self.response:
            line = line.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif line.startswith("id: "):
                self.last_id = line[4:]
            elif not line and data is not None:
                yield name, data
                name, data = "", None

    def until(self, name, wanted=lambda data: True):
        for event, data in self.events():
            if event == name and wanted(data):
                return data
        raise AssertionError(f"the stream ended without {name!r}")


class WebSocket:
    """As much of RFC 6455 as a test needs."""

    def __init__(self, console, **headers):
        self.socket = socket.create_connection(("127.0.0.1", console.port), timeout=PATIENCE_S)
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {"Host": f"localhost:{console.port}", "Upgrade": "websocket",
                  "Connection": "Upgrade", "Sec-WebSocket-Key": key,
                  "Sec-WebSocket-Version": "13", **headers}
        self.socket.sendall(("GET /api/ws HTTP/1.1\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n").encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.status == 101 and self.file.readline().strip():
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, message):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        mask = os.urandom(4)
        length = (bytes([0x80 | len(body)]) if len(body) < 126 else
                  b"\xfe" + struct.pack(">H", len(body)) if len(body) < 65536 else
                  b"\xff" + struct.pack(">Q", len(body)))
        self.socket.sendall(b"\x81" + length + mask + bytes(
            byte ^ mask[at % 4] for at, byte in enumerate(body)))

    def receive(self):
        """A message; the code of a close as a number; None at the end."""
        while head := self.file.read(2):
            size = head[1] & 0x7F
            if size >= 126:
                size = int.from_bytes(self.file.read(2 if size == 126 else 8), "big")
            body = self.file.read(size)
            if head[0] & 0xF == 1:
                return json.loads(body)
            if head[0] & 0xF == 8:
                return int.from_bytes(body[:2], "big")
        return None
