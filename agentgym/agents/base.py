"""The protocol of an agent, and the table of those that can be named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Protocol, TypeAlias, runtime_checkable

import gymnasium as gym

from agentgym.errors import UsageError
from agentgym.events import Event
from agentgym.families import Observation
from agentgym.registry import Registry, resolve, suggestion
from agentgym.tasks import Task

__all__ = ["Agent", "Closes", "DrawsActions", "Emit", "Finishes", "ReadsInfo", "agents", "checked", "make_agent"]

Emit: TypeAlias = Callable[[Event], object]
"""Publishes an event (a model call, a note) into the stream of the episode."""


class Agent(Protocol):
    """Chooses actions, one episode at a time."""

    def reset(self, task: Task, emit: Emit) -> None:
        """Begins an episode. The agent publishes what it does through ``emit`` until the next ``reset``."""

    def act(self, observation: Observation) -> Any:
        """The next action, in any form that the environment takes."""


@runtime_checkable
class DrawsActions(Protocol):
    """An agent that must know what can be done where it acts."""

    def draw_from(self, space: gym.Space[Any]) -> None:
        """Tells it the environment's action space, before the first ``reset``."""


@runtime_checkable
class ReadsInfo(Protocol):
    """An agent that is shown ``info``: the tools it may call, what came of its calls, why an action was not done."""

    def read_info(self, info: Mapping[str, Any]) -> None:
        """The info of the reset or of the step that led to the next observation; called before ``act`` is."""


@runtime_checkable
class Finishes(Protocol):
    """An agent that wants to know how its episode went."""

    def finish(self, result: Any) -> None:
        """The episode is over, was left, or broke: an `agentgym.runner.EpisodeResult`."""


@runtime_checkable
class Closes(Protocol):
    """An agent that holds something open."""

    def close(self) -> None:
        """Lets go of it; whoever made the agent calls this once, after its last episode."""


agents: Registry[Callable[..., Agent]] = Registry("agent")
"""By name: what makes an agent from keyword options. One that draws at random has a parameter ``seed``."""

agents.register_lazily("openai", "agentgym.agents.openai:OpenAIAgent")


def make_agent(name: str, *, seed: int = 0, options: Mapping[str, Any] | None = None) -> Agent:
    """An agent by name, for one or more episodes.

    Args:
        name: a name of the table; what stands behind a colon is its first argument: ``"replay:data/"``,
            ``"scripted:package.module:function"``. Or where one's own class, or function that makes an agent, is
            found: ``"package.module:Class"``.
        seed: for agents that draw at random; others are not given it.
        options: keyword arguments of the agent.

    Raises:
        UnknownNameError: if the table has no such name.
        UsageError: if there is no such class, the agent does not take these options, or what is made is no agent.
    """
    factory, argument = _factory(name)
    signature = inspect.signature(factory)
    seeded = {"seed": seed} if "seed" in signature.parameters else {}
    try:
        bound = signature.bind(*([argument] if argument else []), **{**seeded, **(options or {})})
    except TypeError as error:
        raise UsageError(f"the agent {name!r} {_misfit(signature, options or {}, error)}") from error
    return checked(factory(*bound.args, **bound.kwargs), f"the agent {name!r}")


def _misfit(signature: inspect.Signature, options: Mapping[str, Any], error: TypeError) -> str:
    """What an agent lacks, or has no place for."""
    taken = signature.parameters.values()
    names = [one.name for one in taken if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    unknown = next((option for option in options if option not in names), None)
    if unknown is not None and not any(one.kind is one.VAR_KEYWORD for one in taken):
        return f"has no option {unknown!r}; {suggestion(unknown, names)}"
    if str(error).endswith("'model'"):
        return "needs a model: --model NAME, or model= among its options"
    return f"cannot be made from these options: {error}"


def checked(made: Any, what: str) -> Agent:
    """What was made, or given, if it is an agent.

    Args:
        what: it is called in the error.

    Raises:
        UsageError: if it is none.
    """
    protocol = "an agent has the methods reset(task, emit) and act(observation)"
    if isinstance(made, type):
        raise UsageError(f"{what} is the class {made.__name__} itself; make one, {made.__name__}(…): {protocol}")
    lacking = [method for method in ("reset", "act") if not callable(getattr(made, method, None))]
    if lacking:
        raise UsageError(f"{what} is a {type(made).__name__} without {' and '.join(lacking)}; {protocol}")
    agent: Agent = made
    return agent


def _factory(name: str) -> tuple[Callable[..., Agent], str]:
    """What makes the agent, and its first argument."""
    kind, colon, argument = name.partition(":")
    if kind in agents or not colon or get_close_matches(kind, agents, n=1):
        return agents[kind], argument
    return resolve(name, "agent"), ""
