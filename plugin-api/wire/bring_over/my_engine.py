#!/usr/bin/python3
"""An agent as it was, but for AgentConfig's addresses: there is no NATS or PostgreSQL to name.

usage: my_engine.py [RUNTIME_DIR]
"""
import sys

from base_agent import AgentConfig, BaseAgent


class MyEngine(BaseAgent):
    async def _setup_subscriptions(self):
        await self._subscribe("my.topic", self._handle_message)

    async def _handle_message(self, data):
        await self._publish("my.topic_seen", {"seen": data})

    async def _handle_task(self, task_request):
        if task_request.task_type == "metrics_of_mine":
            return dict(vars(self.metrics))
        return {"status": "success", "doubled": task_request.payload["value"] * 2}


if __name__ == "__main__":
    config = AgentConfig(agent_id="my-engine-001", name="my-engine",
                         capabilities=["processing", "analysis"])
    if len(sys.argv) > 1:
        config.runtime_dir = sys.argv[1]
    MyEngine(config).run()
