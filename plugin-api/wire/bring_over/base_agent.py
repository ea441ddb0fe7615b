"""The BaseAgent of agents that were written for NATS, on noa's bus.

Put this and noa_client.py where the old base_agent was; the classes stay as they are. Their tasks
are operations of the agent, their subjects are events, and their heartbeats are noa's. What NATS,
Consul and the health endpoint were needed for, the host does: there is nothing to connect to but it.
"""
import asyncio
import dataclasses
import logging
import pathlib
import signal
import sys
import time
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import noa_client  # noqa: E402

Priority = type("Priority", (), {"NORMAL": 0, "HIGH": 1, "LOW": 2})


@dataclasses.dataclass
class AgentConfig:
    agent_id: str
    name: str  # what noactl and other agents call it: a-z, 0-9, - and _
    agent_type: str = "custom"
    capabilities: typing.Sequence[str] = ()
    max_concurrent_tasks: int = 16  # deliveries that may wait here
    heartbeat_s: float = 30.0
    runtime_dir: str = "/run/noa"


@dataclasses.dataclass
class TaskRequest:
    task_id: str
    task_type: str  # the operation
    payload: typing.Any
    priority: int = Priority.NORMAL


@dataclasses.dataclass
class Metrics:
    tasks_completed: int = 0
    tasks_failed: int = 0
    avg_processing_time_ms: float = 0.0


class BaseAgent:
    def __init__(self, config):
        self.config = config
        self.logger = logging.getLogger(config.name)
        self.metrics = Metrics()
        self._handlers = {}
        self._noa = None
        self._at_hand = None

    # What a class of its own brings.

    async def _setup_subscriptions(self):
        pass

    async def _handle_task(self, task_request):
        raise NotImplementedError

    # What it may use.

    async def _subscribe(self, subject, handler):
        """`handler(data)` for each event; through the agent's inbox, so that none is lost."""
        self._handlers[subject] = handler
        self._noa.subscribe(subject)

    async def _publish(self, subject, data):
        self._noa.publish(subject, data, because=self._at_hand)

    async def _request(self, agent, operation, data=None, timeout_s=5.0):
        return self._noa.call(agent, operation, data, timeout_s=timeout_s,
                              because=self._at_hand).json()

    # The life.

    def run(self):
        """Serves until SIGTERM or Ctrl-C; the host has the name back then."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        loop = asyncio.new_event_loop()
        with noa_client.Client(self.config.runtime_dir) as self._noa:
            self._noa.begin_serving(self.config.name, self.config.max_concurrent_tasks)
            loop.run_until_complete(self._setup_subscriptions())
            beat_at = time.monotonic()
            while True:
                now = time.monotonic()
                if now >= beat_at:
                    self._noa.publish(f"heartbeat.beat.{self.config.name}",
                                      {"interval_s": self.config.heartbeat_s})
                    beat_at = now + self.config.heartbeat_s
                self._noa.serve(lambda message: loop.run_until_complete(self._take(message)),
                                until=lambda due=beat_at: time.monotonic() >= due,
                                timeout_s=beat_at - now)

    async def _take(self, message):
        began = time.monotonic()
        self._at_hand = message
        try:
            if message.kind == noa_client.EVENT:
                handler = self._handlers.get(message.subject)
                return await handler(message.json()) if handler else None
            reply = await self._handle_task(TaskRequest(
                message.id.hex(), message.subject, message.json() if message.body else None,
                message.priority))
        except Exception:
            self.metrics.tasks_failed += 1
            self.logger.exception("%s failed", message.subject)
            raise
        finally:
            self._at_hand = None
        self.metrics.tasks_completed += 1
        took_ms = (time.monotonic() - began) * 1000
        self.metrics.avg_processing_time_ms += (
            (took_ms - self.metrics.avg_processing_time_ms) / self.metrics.tasks_completed)
        return reply
