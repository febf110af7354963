"""AWorld's swarms, and agents that are made of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentgym.agents import Emit
from agentgym.agents.openai import OpenAIAgent
from agentgym.events import Bus, ModelResponse, ToolCalled
from agentgym.runner import Episode
from agentgym.tasks import Task
from tests.aworld.playing import heard, sums
from tests.modelserver import call, serving


class InTurn:
    """Lets its agents act one after the other, each in its own conversation; the last goes on to the end."""

    def __init__(self, *agents: OpenAIAgent) -> None:
        self._agents = agents
        self._step = 0

    def draw_from(self, space: Any) -> None:
        for agent in self._agents:
            agent.draw_from(space)

    def reset(self, task: Task, emit: Emit) -> None:
        for agent in self._agents:
            agent.reset(task, emit)

    def read_info(self, info: Mapping[str, Any]) -> None:
        for agent in self._agents:
            agent.read_info(info)

    def act(self, observation: Any) -> Any:
        agent = self._agents[min(self._step, len(self._agents) - 1)]
        self._step += 1
        return agent.act(observation)


def check_agents_in_turn() -> None:
    bus, env = Bus(), sums()
    seen = heard(bus, ModelResponse, ToolCalled)
    with serving([call("add", a=2, b=3), call("answer", text="5")]) as server:
        agents = [OpenAIAgent("scripted", base_url=server.url, agent_id=name) for name in ("planner", "worker")]
        result = Episode(env, InTurn(*agents), seed=0, bus=bus).run()
        for agent in agents:
            agent.close()
    env.close()
    assert result.score == 1.0
    assert [event.agent_id for event in seen if isinstance(event, ModelResponse)] == ["planner", "worker"]
    assert [event.parent_id for event in seen if isinstance(event, ToolCalled)] == ["planner", "worker"]


def check_one_agent() -> None:
    bus, env = Bus(), sums()
    seen = heard(bus, ModelResponse)
    with serving([call("answer", text="5")]) as server:
        agent = OpenAIAgent("scripted", base_url=server.url)
        assert Episode(env, agent, seed=0, bus=bus).run().score == 1.0
        agent.close()
    env.close()
    assert len(seen) == 1
