"""A small environment that says what goes on in it, and what a model and its tools said in it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
from gymnasium import spaces

from agentgym.events import Bus, ModelRequest, ModelResponse, ToolCalled, ToolReturned


class Counting(gym.Env[Any, Any]):
    """Counts to ``length``; each step pays 1."""

    observation_space = spaces.Discrete(1000)
    action_space = spaces.Discrete(2)

    def __init__(self, length: int = 3) -> None:
        self.length = length

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self.count = 0
        return 0, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.count += 1
        return self.count, 1.0, self.count == self.length, False, {"action_error": None}


USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}


def ask(bus: Bus, call_id: str, *wanted: str, agent_id: str | None = None, parent_id: str | None = None) -> None:
    """A model is asked and answers with calls of these ids."""
    who: dict[str, Any] = {"agent_id": agent_id, "parent_id": parent_id}
    calls = [{"id": one, "function": {"name": "bash", "arguments": '{"command": "ls"}'}} for one in wanted]
    bus.publish(ModelRequest(call_id=call_id, model="small", **who))
    bus.publish(ModelResponse(call_id=call_id, model="small", tool_calls=calls, usage=USAGE, cost_usd=0.25, **who))


def use(bus: Bus, call_id: str, *, agent_id: str | None = None, error: str | None = None) -> None:
    """A tool is called and returns."""
    bus.publish(ToolCalled(call_id=call_id, name="bash", arguments={"command": "ls"}, agent_id=agent_id))
    bus.publish(ToolReturned(call_id=call_id, ok=error is None, error=error, result="a b", latency_ms=2.5))
