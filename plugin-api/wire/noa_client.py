#!/usr/bin/python3
"""A client of noa's outside gateway; the wire format is README.md beside this file.

    with Client("/run/noa") as noa:
        print(noa.call("cache", "get", {"key": "greeting"}).json())

One Client belongs to one thread. Bodies are bytes, text, or anything that json.dumps takes.
"""
import collections
import json
import os
import struct
import time

import zmq

REQUEST, REPLY, ERROR, EVENT = 1, 2, 3, 4
SUBSCRIBE, UNSUBSCRIBE, PUBLISH, SERVE, LEAVE, PING, PONG = 16, 17, 18, 19, 20, 21, 22
ACK, RETRY, CREDIT, ACCEPTED, GAP = 23, 24, 25, 26, 27
NO_REPLY, REDELIVERED, WANT_RECEIPT = 1, 2, 4
NORMAL, HIGH, LOW = 0, 1, 2
E_INTERNAL, E_UNSUPPORTED, E_EXPIRED, E_NOT_FOUND = -1, -3, -8, -16

HEADER = struct.Struct("<4sBBBB16s16siIIBBBBB7x")
MAGIC = b"NOA1"
NOTHING = bytes(16)
OWN_FRAME_BYTES = 16384
GRACE_S = 1.0  # beyond a call's own time, for the answer to travel
JSON = "application/json"


class NoaError(Exception):
    """What an agent or the gateway answered instead of a reply."""

    def __init__(self, status, text, depth=0, retry_after_ms=0):
        super().__init__(f"error {status}: {text}")
        self.status, self.text, self.depth = status, text, depth
        self.retry_after_ms = retry_after_ms


class Retry(Exception):
    """Raised by a handler: deliver the message again, after `delay_s`."""

    def __init__(self, delay_s=0.0):
        super().__init__(f"again in {delay_s} s")
        self.delay_s = delay_s


class Message:
    """One message as it came in; `number` and `timeout_ms` mean what the kind says."""

    def __init__(self, frames):
        (magic, self.kind, self.flags, self.priority, self.hops, self.id, self.correlation,
         self.status, self.timeout_ms, self.number, *sizes) = HEADER.unpack_from(frames[0])
        at = HEADER.size
        if magic != MAGIC or len(frames) > 2 or at + sum(sizes) > len(frames[0]):
            raise ValueError("not a message of noa's gateway, version 1")
        strings = []
        for size in sizes:
            strings.append(frames[0][at:at + size].decode())
            at += size
        self.to, self.sender, self.subject, self.content_type, self.traceparent = strings
        self.body = frames[1] if len(frames) == 2 else frames[0][at:]

    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def error(self):
        return NoaError(self.status, self.body.decode(errors="replace"), self.number,
                        self.timeout_ms)


def new_id():
    """A UUID of version 7."""
    stamp = int(time.time() * 1000).to_bytes(6, "big")
    rest = bytearray(os.urandom(10))
    rest[0], rest[2] = 0x70 | rest[0] & 0x0f, 0x80 | rest[2] & 0x3f
    return stamp + bytes(rest)


def encode(kind, *, flags=0, priority=NORMAL, hops=0, message_id=None, correlation=NOTHING,
           status=0, timeout_ms=0, number=0, to="", subject="", content_type="", traceparent="",
           body=b""):
    """The frames of one message."""
    strings = [text.encode() for text in (to, "", subject, content_type, traceparent)]
    head = HEADER.pack(MAGIC, kind, flags, priority, hops, message_id or new_id(), correlation,
                       status, timeout_ms, number, *map(len, strings)) + b"".join(strings)
    return [head, body] if len(body) >= OWN_FRAME_BYTES else [head + body]


def to_body(value):
    """Bytes and their content type."""
    if value is None:
        return b"", ""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value), "application/octet-stream"
    if isinstance(value, str):
        return value.encode(), "text/plain; charset=utf-8"
    return json.dumps(value).encode(), JSON


class Client:
    def __init__(self, runtime_dir="/run/noa", *, endpoint=None, lease_s=30.0):
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 1000)
        self._socket.connect(endpoint or f"ipc://{runtime_dir}/bus.sock")
        self._waiting = collections.deque()  # deliveries and events not looked at yet
        self._patterns = []
        self._serving = None
        self._lease_s = lease_s
        self._spoke_at = time.monotonic()
        self._forgotten = False
        self.dropped = 0  # events that never came, by the gateway's own count
        self.late = 0  # answers that came after their time

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._patterns or self._serving:
            self._send(LEAVE)
        self._socket.close()

    def call(self, agent, operation, body=None, *, timeout_s=5.0, priority=NORMAL, because=None):
        """The reply. `because`: the delivery being handled; its trace and hops go on."""
        data, content_type = to_body(body)
        sent = self._send(REQUEST, to=agent, subject=operation, body=data, priority=priority,
                          content_type=content_type, timeout_ms=int(timeout_s * 1000),
                          **self._inherited(because))
        return self._answer_to(sent, timeout_s + GRACE_S)

    def send(self, agent, operation, body=None, *, priority=NORMAL, because=None):
        """Fire and forget; returns the inbox's depth once the message is accepted."""
        data, content_type = to_body(body)
        sent = self._send(REQUEST, flags=NO_REPLY | WANT_RECEIPT, to=agent, subject=operation,
                          body=data, content_type=content_type, priority=priority,
                          **self._inherited(because))
        return self._answer_to(sent).number

    def publish(self, subject, body=None, *, priority=NORMAL, because=None):
        """The number of subscribers that took the event."""
        data, content_type = to_body(body)
        sent = self._send(PUBLISH, flags=WANT_RECEIPT, subject=subject, body=data,
                          content_type=content_type, priority=priority,
                          **self._inherited(because))
        return self._answer_to(sent).number

    def subscribe(self, pattern):
        """Events on subjects that match come from `events`, or to the handler of `serve`."""
        to = self._serving[0] if self._serving else ""
        self._answer_to(self._send(SUBSCRIBE, flags=WANT_RECEIPT, subject=pattern, to=to))
        self._patterns.append((pattern, to))

    def unsubscribe(self, pattern):
        for entry in [entry for entry in self._patterns if entry[0] == pattern]:
            self._answer_to(self._send(UNSUBSCRIBE, flags=WANT_RECEIPT, subject=pattern,
                                       to=entry[1]))
            self._patterns.remove(entry)

    def events(self, timeout_s=None):
        """Yields events; ends when none came for `timeout_s`."""
        while (message := self._next(timeout_s)) is not None:
            if message.kind == EVENT:
                yield message

    def begin_serving(self, name, credit=16):
        sent = self._send(SERVE, to=name, number=credit, timeout_ms=int(self._lease_s * 1000))
        self._answer_to(sent)
        self._serving = (name, credit)

    def serve(self, handler, *, until=lambda: False, timeout_s=None):
        """Gives each delivery to `handler(message)`; what it returns is the reply. Retry and
        NoaError are settled as such, any other exception as an internal error. Ends when
        `until()` holds after a message, or nothing came for `timeout_s`. A handler that takes
        longer than the lease calls `ping` meanwhile."""
        while (message := self._next(timeout_s)) is not None:
            self._settle(message, handler)
            if until():
                return

    def ping(self):
        """Keeps the lease; subscribes and serves again when the gateway has forgotten."""
        self._keep(self._answer_to(self._send(PING)))
        if self._forgotten:
            self._renew()

    def _renew(self):
        """After a restart of the host, or a lease that ran out. Tried again at the next ping
        when the name is still taken."""
        try:
            if self._serving:
                self.begin_serving(*self._serving)
            for pattern, to in self._patterns:
                self._answer_to(self._send(SUBSCRIBE, flags=WANT_RECEIPT, subject=pattern, to=to))
            self._forgotten = False
        except NoaError:
            pass

    def _settle(self, message, handler):
        try:
            data, content_type = to_body(handler(message))
        except Retry as again:
            self._send(RETRY, correlation=message.id, timeout_ms=int(again.delay_s * 1000))
        except NoaError as error:
            self._send(ERROR, correlation=message.id, status=error.status,
                       body=error.text.encode())
        except Exception as error:  # the wall: a handler's defect is the asker's error
            self._send(ERROR, correlation=message.id, status=E_INTERNAL,
                       body=type(error).__name__.encode())
        else:
            if message.kind == EVENT and not message.to:
                return
            kind = ACK if message.kind == EVENT or message.flags & NO_REPLY else REPLY
            self._send(kind, correlation=message.id, body=data if kind == REPLY else b"",
                       content_type=content_type if kind == REPLY else "")

    @staticmethod
    def _inherited(because):
        if because is None:
            return {}
        return {"correlation": because.id, "traceparent": because.traceparent}

    def _send(self, kind, **fields):
        sent = new_id()
        self._socket.send_multipart(encode(kind, message_id=sent, **fields))
        self._spoke_at = time.monotonic()
        return sent

    def _receive(self, wait_s):
        """One message, or None after `wait_s`."""
        if not self._socket.poll(max(0, int(wait_s * 1000))):
            return None
        return Message(self._socket.recv_multipart())

    def _answer_to(self, sent, wait_s=5.0):
        """What came with that correlation; everything else is kept for `_next`."""
        ends_at = time.monotonic() + wait_s
        while (message := self._receive(ends_at - time.monotonic())) is not None:
            if message.correlation == sent:
                if message.kind == ERROR:
                    raise message.error()
                return message
            self._keep(message)
        raise NoaError(E_EXPIRED, "no answer from the gateway")

    def _keep(self, message):
        if message.kind in (REQUEST, EVENT):
            self._waiting.append(message)
        elif message.kind == GAP:
            self.dropped += message.number
        elif message.kind == PONG:
            self._forgotten = message.status == E_NOT_FOUND and bool(
                self._patterns or self._serving)
        elif message.kind != ACCEPTED:
            self.late += 1

    def _next(self, timeout_s):
        """The next delivery or event, or None after `timeout_s`; keeps the lease meanwhile."""
        ends_at = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if time.monotonic() - self._spoke_at >= self._lease_s / 3:
                self._send(PING)
                if self._forgotten:
                    self._renew()
            if self._waiting:
                return self._waiting.popleft()
            now = time.monotonic()
            if ends_at is not None and now >= ends_at:
                return None
            wait_s = self._spoke_at + self._lease_s / 3 - now
            was_forgotten = self._forgotten
            message = self._receive(wait_s if ends_at is None else min(wait_s, ends_at - now))
            if message is not None:
                self._keep(message)
            if self._forgotten and not was_forgotten:
                self._renew()
