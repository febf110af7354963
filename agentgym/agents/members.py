"""An agent among others: what it is made of, what it is told, and what of the stream is its."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeAlias, runtime_checkable

import gymnasium as gym
import msgspec

from agentgym.actions import Action, Batch, ToolCall, parse_action
from agentgym.agents.base import Agent, Closes, DrawsActions, Emit, Finishes, ReadsInfo, agents, make_agent
from agentgym.display.pictures import picture_in
from agentgym.errors import ActionError, UsageError
from agentgym.events import Event, ModelResponse, current_run
from agentgym.spaces import ToolCallText
from agentgym.tasks import Task
from agentgym.tools import read_calls

__all__ = [
    "Given",
    "Member",
    "Nested",
    "action_parts",
    "function",
    "instead",
    "name_of",
    "texts_of",
    "with_text",
]


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a member is named in options.

    Args:
        agent: a name of `agentgym.agents.agents`, ``"module:Class"``, or an agent that is there already.
        options: of the agent.
        id: by which the others and the stream know it; the agent's name if none is given.
        about: what the others are told of it.
        tools: of the environment's tools those that it is offered; None for all, empty if it does not act itself.
    """

    agent: Any
    options: dict[str, Any] = {}
    id: str = ""
    about: str = ""
    tools: tuple[str, ...] | None = None


Given: TypeAlias = Mapping[str, Any] | str | Agent
"""A member in options: the fields of `Spec`, its agent's name alone, or an agent."""


@runtime_checkable
class Nested(Protocol):
    """An agent made of others, known in the stream by the name that it has where it is a member itself."""

    id: str

    def credit(self) -> None:
        """Tells the run which of the others asks for what is done next."""


class Member:
    """One agent of several.

    Args:
        given: what it is made of.
        seed: for an agent that draws.

    Attributes:
        heard: the model's last answer; None if it asked none since it last acted.

    Raises:
        UsageError: if it cannot be made.
    """

    def __init__(self, given: Given, *, seed: int = 0) -> None:
        spec = _spec(given)
        self.id = _name(spec)
        self.about = spec.about
        self.tools = spec.tools
        self.agent: Agent = _made(spec, self.id, seed) if isinstance(spec.agent, str) else spec.agent
        if isinstance(self.agent, Nested):
            self.agent.id = self.id
        self.begun = False
        self.heard: ModelResponse | None = None

    def begin(self, task: Task, emit: Emit, space: gym.Space[Any] | None, *, parent_id: str) -> None:
        """Begins its part of an episode.

        Args:
            task: as this member is to know it.
            emit: publishes.
            space: of the environment's actions.
            parent_id: who it acts for.
        """
        self.begun = True
        self.heard = None

        def stamped(event: Event) -> object:
            if isinstance(event, ModelResponse):
                self.heard = event
            return emit(_signed(event, self.id, parent_id))

        if isinstance(self.agent, DrawsActions) and space is not None:
            # Who has no tool of the environment only says, by calls, what the others shall do.
            self.agent.draw_from(ToolCallText() if self.tools == () else space)
        self.agent.reset(task, stamped)

    def allowed(self, name: str) -> bool:
        """Whether it may call this tool of the environment."""
        return self.tools is None or name in self.tools

    def lacks(self, raw: Any) -> str | None:
        """Why it may not do what it says: it calls a tool that it does not have. None if it may."""
        names = [part.name for part in action_parts(raw) if isinstance(part, ToolCall) and not self.allowed(part.name)]
        return f"{self.id} has no tool {names[0]!r}" if names else None

    def told_of(self, offered: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those of the environment's tools that it may call."""
        return [one for one in offered if self.allowed(str(one.get("function", one).get("name")))]

    def tell(self, info: Mapping[str, Any]) -> None:
        if isinstance(self.agent, ReadsInfo):
            self.agent.read_info(info)

    def act(self, observation: Any) -> Any:
        self.heard = None
        return self.agent.act(observation)

    def credit(self) -> None:
        """Tells the run that what is done next was asked for here, whoever asked a model since."""
        run = current_run()
        if isinstance(self.agent, Nested):
            self.agent.credit()
        elif run is not None:
            run.askers.credit(None if self.heard is None else self.heard.call_id, self.id)

    def finish(self, result: Any) -> None:
        if self.begun and isinstance(self.agent, Finishes):
            self.agent.finish(result)

    def close(self) -> None:
        if isinstance(self.agent, Closes):
            self.agent.close()


def name_of(given: Given) -> str:
    """The id of the member that would be made of this."""
    return _name(_spec(given))


def function(name: str, description: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of a tool, all of whose parameters must be given, as OpenAI's API takes it."""
    parameters = {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def with_text(observation: Any, name: str, text: str) -> Any:
    """The observation and a text; where there is no place for a text, both under names."""
    if isinstance(observation, str):
        return f"{observation}\n\n{name}:\n{text}".lstrip()
    if isinstance(observation, Mapping):
        return {**observation, name: text}
    return {"observation" if picture_in(observation) is None else "screenshot": observation, name: text}


def texts_of(observation: Any) -> str:
    """The texts in an observation, as one."""
    if isinstance(observation, Mapping):
        texts = {name: value for name, value in observation.items() if isinstance(value, str) and value}
        return "\n\n".join(f"{name}:\n{text}" for name, text in texts.items())
    return observation if isinstance(observation, str) else ""


def instead(observation: Any, before: str, now: str) -> Any:
    """The observation with another task in place of its own."""
    if isinstance(observation, str) and observation.startswith(before):
        return (now + observation[len(before) :]).lstrip()
    if isinstance(observation, Mapping) and observation.get("instruction") == before:
        return {**observation, "instruction": now}
    return observation


def action_parts(raw: Any) -> tuple[Action, ...]:
    """The actions in what an agent says, in every form that environments read; none if it is in no such form.

    Values of a space of the environment's own are none.
    """
    if not (isinstance(raw, str | Mapping | list | tuple | Action) or hasattr(raw, "model_dump")):
        return ()
    for read in (parse_action, read_calls):
        with suppress(ActionError):
            found = read(raw)
            return found if isinstance(found, tuple) else found.actions if isinstance(found, Batch) else (found,)
    return ()


def _spec(given: Given) -> Spec:
    if isinstance(given, str):
        return Spec(agent=given)
    if not isinstance(given, Mapping):
        return Spec(agent=given)
    try:
        return msgspec.convert({**given, "agent": None}, Spec).__replace__(agent=given["agent"])
    except KeyError as error:
        raise UsageError('a member needs an agent: {"agent": "openai", "options": {…}, "id": "planner"}') from error
    except msgspec.ValidationError as error:
        raise UsageError(f"a member of a team cannot be made from {dict(given)}: {error}") from error


def _name(spec: Spec) -> str:
    return spec.id or (spec.agent if isinstance(spec.agent, str) else type(spec.agent).__name__.lower())


def _made(spec: Spec, name: str, seed: int) -> Agent:
    """The agent; one that has an option for how it is known in the stream is known by its name here."""
    options = dict(spec.options)
    if spec.agent in agents and "agent_id" not in options:
        takes = inspect.signature(agents[spec.agent]).parameters
        if "agent_id" in takes or spec.agent == "openai":
            options["agent_id"] = name
    return make_agent(spec.agent, seed=seed, options=options)


def _signed(event: Event, agent_id: str, parent_id: str) -> Event:
    """The event with who published it, and for whom; what stands there already stays."""
    if event.agent_id is None:
        return msgspec.structs.replace(event, agent_id=agent_id, parent_id=event.parent_id or parent_id)
    if event.parent_id is not None:
        return event
    return msgspec.structs.replace(event, parent_id=parent_id if event.agent_id == agent_id else agent_id)
