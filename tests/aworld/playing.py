"""Small episodes for the checks: sums to do with tools, by a script or by a scripted model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gymnasium as gym

from agentgym.agents import Emit
from agentgym.agents.openai import OpenAIAgent
from agentgym.events import Bus, Call, Event, Record
from agentgym.runner import Episode, EpisodeResult
from agentgym.tasks import Task
from tests.adapters.sums import SUM
from tests.agents.llm import sums
from tests.modelserver import ModelServer, serving

__all__ = ["ADD", "ANSWER", "SUM", "Calling", "Proceed", "asked", "heard", "payloads", "played", "sums"]

Proceed = Callable[[Call], Any]

ADD = {"name": "add", "arguments": {"a": 2, "b": 3}}
ANSWER = {"name": "answer", "arguments": {"text": "5"}}


class Calling:
    """Makes these calls, one a step, and keeps what it was told."""

    def __init__(self, *calls: Any) -> None:
        self._calls = calls
        self.happened: list[str] = []
        self.told: list[Any] = []
        self.tasks: list[Task] = []
        self.results: list[EpisodeResult] = []

    def reset(self, task: Task, emit: Emit) -> None:
        self.happened.append("reset")
        self.tasks.append(task)
        self.emit = emit
        self._left = iter(self._calls)

    def act(self, observation: Any) -> Any:
        self.happened.append("act")
        self.told.append(observation)
        one = next(self._left)
        if isinstance(one, BaseException):
            raise one
        return one

    def finish(self, result: EpisodeResult) -> None:
        self.happened.append("finish")
        self.results.append(result)


def heard(bus: Bus, *kinds: str | type[Event]) -> list[Any]:
    """What is published from now on."""
    seen: list[Any] = []

    def keep(record: Record) -> None:
        seen.append(record.payload)

    bus.subscribe(keep, *kinds)
    return seen


def payloads(records: Iterable[Record]) -> list[Any]:
    return [record.payload for record in records]


def played(
    *calls: Any,
    hooks: Sequence[Any] = (),
    bus: Bus | None = None,
    env: gym.Env[Any, Any] | None = None,
    agent: Calling | None = None,
    **options: Any,
) -> EpisodeResult:
    """How an episode of these calls went; by default it adds and answers."""
    env = env or sums()
    try:
        return Episode(env, agent or Calling(*(calls or (ADD, ANSWER))), seed=0, bus=bus, hooks=hooks, **options).run()
    finally:
        env.close()


@contextmanager
def asked(
    script: Any, *, bus: Bus | None = None, hooks: Sequence[Any] = (), **options: Any
) -> Iterator[tuple[Episode, ModelServer]]:
    """An episode that is to be played by a model that says this, and its server."""
    env = sums()
    try:
        with serving(script) as server:
            agent = OpenAIAgent("scripted", base_url=server.url, **options)
            yield Episode(env, agent, seed=0, bus=bus, hooks=hooks), server
            agent.close()
    finally:
        env.close()
