"""An episode that a scripted model plays, and what was recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym

from agentgym.agents.openai import OpenAIAgent
from agentgym.events import Bus, Event, ModelRequest, ModelResponse
from agentgym.runner import Episode, EpisodeResult
from tests.adapters.sums import SUM
from tests.modelserver import ModelServer, serving

__all__ = ["Played", "desktop", "model", "play", "sums"]


@dataclass
class Played:
    """What came of it."""

    server: ModelServer
    result: EpisodeResult
    events: list[Event] = field(default_factory=list)
    actions: list[Any] = field(default_factory=list)
    infos: list[Any] = field(default_factory=list)

    @property
    def asked(self) -> list[ModelRequest]:
        return [event for event in self.events if isinstance(event, ModelRequest)]

    @property
    def answered(self) -> list[ModelResponse]:
        return [event for event in self.events if isinstance(event, ModelResponse)]

    def last(self, role: str = "user") -> Any:
        """The last message of this role that the model was sent."""
        said = self.server.requests[-1]
        return next(one for one in reversed(said.get("messages") or said["input"]) if one.get("role") == role)[
            "content"
        ]


def sums(**options: Any) -> gym.Env[Any, Any]:
    """An environment of tools that needs no machine."""
    return gym.make("agentgym/Tools-v0", task=SUM, disable_env_checker=True, **options)


def desktop(**options: Any) -> gym.Env[Any, Any]:
    """A screen that exists in memory."""
    task = {"id": "type-hello", "instruction": "Type hello."}
    made = {"task": task, "backend": "memory", "screen": (64, 48), **options}
    return gym.make("agentgym/Desktop-v0", disable_env_checker=True, **made)


@contextmanager
def model(server: ModelServer, name: str = "scripted", **options: Any) -> Iterator[OpenAIAgent]:
    """The agent, until the block ends."""
    agent = OpenAIAgent(name, base_url=server.url, **options)
    try:
        yield agent
    finally:
        agent.close()


def play(env: gym.Env[Any, Any], script: Any, *, bus: Bus | None = None, seed: int = 0, **options: Any) -> Played:
    """Plays an episode to its end, and closes the environment; no request was one that OpenAI would refuse."""
    bus = bus or Bus()
    events: list[Event] = []
    bus.subscribe(lambda record: events.append(record.payload))
    extra: Sequence[str] = options.pop("extra_keys", ())
    with serving(script, extra=extra) as server, model(server, **options) as agent:
        episode = Episode(env, agent, seed=seed, bus=bus)
        actions, infos = [], []
        try:
            for _ in episode:
                actions.append(episode.action)
                episode.step()
                infos.append(dict(episode.info))
            result = episode.result()
        finally:
            env.close()
    assert server.refused == []
    return Played(server, result, events, actions, infos)
