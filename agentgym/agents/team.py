"""Agents that act together as one: one has the word, and gives it to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import msgspec

from agentgym.actions import Action, Batch, Done, Fail, ToolCall
from agentgym.actions.quoting import short
from agentgym.agents.base import Emit
from agentgym.agents.members import Given, Member, action_parts, function, instead, name_of, with_text
from agentgym.errors import UsageError
from agentgym.events import Note
from agentgym.registry import suggestion
from agentgym.tasks import Task

__all__ = ["HAND_OVER", "Team", "planned"]

HAND_OVER = "hand_over"
"""The tool by which a member gives the word to another; the environment does not see it.

A team that is a member itself, and so has this tool of the team that it is in, calls its own ``hand_over_in_ID``.
"""

_LATE = "Not done: the word was handed over before."


@dataclass
class _Place:
    """What a member of a team is owed.

    Attributes:
        results: of its calls, that it was not told yet.
        error: why its last action was not done.
        said: to it by others, who and what.
        waits: whether it gave the word away, and has not got it back.
        waits_for: the id of the call with which it did, if it has one.
        given_by: who gave it the word last.
        task: of a worker, which it was handed; None for the team's.
    """

    results: list[Any] = field(default_factory=list)
    error: Any = None
    said: list[tuple[str, str]] = field(default_factory=list)
    waits: bool = False
    waits_for: str | None = None
    given_by: str | None = None
    task: str | None = None


class Team:
    """Several agents, of which one at a time has the word. The environment sees one.

    A member gives the word away by calling the tool ``hand_over(to, message)``, which each is offered beside the
    environment's tools. It has the word again when someone gives it back, and is told what was said as the result of
    its call. What a member publishes has its ``agent_id``; ``parent_id`` is the team's.

    Args:
        members: each the fields of `agentgym.agents.members.Spec`: ``{"agent": "openai", "options": {…}, "id":
            "planner", "about": "…", "tools": […]}``.
        first: who has the word at the beginning; the first of the members if None.
        workers: who is told the message alone, as the task, with nothing remembered, and whose ``DONE`` or ``FAIL``
            gives the word back instead of ending the episode.
        patience: how often in one step the word may go round, before what was said goes to the environment as it is,
            which says that it has no such tool.
        seed: for members that draw.
        id: of the team in the stream.

    Raises:
        UsageError: if members cannot be made, or told apart.
    """

    def __init__(
        self,
        members: Sequence[Given],
        *,
        first: str | None = None,
        workers: Sequence[str] = (),
        patience: int = 8,
        seed: int = 0,
        id: str = "team",  # noqa: A002 - as the members' own is called
    ) -> None:
        self.id = id
        self.members = [Member(given, seed=seed + index) for index, given in enumerate(members)]
        self._by_id = {member.id: member for member in self.members}
        self._workers = frozenset(workers)
        if patience < 0:
            raise UsageError(f"patience is {patience}; the word goes round 0 times or more")
        self._patience = patience
        self._first = first or next(iter(self._by_id), "")
        self._check()
        self._space: gym.Space[Any] | None = None
        self._task = Task(id="", instruction="")
        self._emit: Emit = _nobody
        self._info: Mapping[str, Any] = {}
        self._offered: tuple[Mapping[str, Any], ...] = ()
        self._acted: Member | None = None
        self._later: Action | None = None
        self._begin()

    def draw_from(self, space: gym.Space[Any]) -> None:
        """Is told what actions are here."""
        self._space = space

    def reset(self, task: Task, emit: Emit) -> None:
        """Begins an episode; each member begins its own when it first has the word."""
        self._task, self._emit = task, emit
        self._begin()

    def read_info(self, info: Mapping[str, Any]) -> None:
        """Keeps for whoever acted what came of it."""
        self._info = info
        if "tools" in info:
            self._offered = tuple(info["tools"])
        if self._acted is not None:
            place = self._places[self._acted.id]
            place.results += info.get("tool_results") or ()
            place.error = info.get("action_error") or place.error

    def act(self, observation: Any) -> Any:
        """What the member that has the word does, after as many of them as give it away."""
        if self._later is not None:
            self._pass_on(self._by_id[self._who], self._later)
            self._later = None
        for left in range(self._patience, -1, -1):
            member = self._by_id[self._who]
            raw = self._asked(member, observation)
            action, done = self._taken(member, raw)
            if done or not left:
                self._acted = member
                self.credit()
                return action
        raise AssertionError("unreachable")

    def credit(self) -> None:
        """Tells the run who of the members asks for what is done next."""
        if self._acted is not None:
            self._acted.credit()

    def finish(self, result: Any) -> None:
        """Tells all who took part how it went."""
        for member in self.members:
            member.finish(result)

    def close(self) -> None:
        for member in self.members:
            member.close()

    def __repr__(self) -> str:
        return f"Team({', '.join(self._by_id)})"

    def _check(self) -> None:
        if len(self._by_id) < len(self.members):
            names = [member.id for member in self.members]
            raise UsageError(f"two members have one id; give each its own: {names}")
        for name in (self._first, *self._workers):
            if name not in self._by_id:
                raise UsageError(f"the team has no member {name!r}; {suggestion(name, self._by_id)}")

    def _begin(self) -> None:
        self._info, self._offered = {}, ()
        self._places = {name: _Place() for name in self._by_id}
        self._who, self._acted, self._later = self._first, None, None
        for member in self.members:
            member.begun = False

    def _asked(self, member: Member, observation: Any) -> Any:
        """What a member says, once it was told all that it is owed."""
        place = self._places[member.id]
        task = self._task
        if place.task is not None:
            observation = instead(observation, task.instruction, place.task)
            task = msgspec.structs.replace(task, instruction=place.task)
        for who, message in place.said:
            observation = with_text(observation, f"message from {who}", message)
        if not member.begun:
            member.begin(task, self._emit, self._space, parent_id=self.id)
        tools = [*member.told_of(self._offered), self._definition(member)]
        told = {**self._info, "tools": tools, "tool_results": place.results, "action_error": place.error}
        place.results, place.error, place.said = [], None, []
        member.tell(told)
        return member.act(observation)

    def _taken(self, member: Member, raw: Any) -> tuple[Any, bool]:
        """What is for the environment, and whether it is; if not, what would be if there were no end of it."""
        parts = action_parts(raw)
        forbidden = [part.name for part in parts if isinstance(part, ToolCall) and not self._may(member, part)]
        if forbidden:
            why = f"Not done: {member.id} has no tool {forbidden[0]!r}."
            for part in parts:
                self._answer(member, part, why)
            return why, False
        index = next((index for index, part in enumerate(parts) if self._passes(member, part)), None)
        if index is None:
            return raw, True
        for late in parts[index + 1 :]:
            self._answer(member, late, _LATE)
        if index == 0:
            self._pass_on(member, parts[0])
            return raw, False
        self._later = parts[index]
        return (parts[0] if index == 1 else Batch(tuple(parts[:index]))), True

    def _may(self, member: Member, call: ToolCall) -> bool:
        return call.name == self._tool or member.allowed(call.name)

    def _passes(self, member: Member, part: Action) -> bool:
        """Whether an action gives the word to another."""
        if isinstance(part, ToolCall):
            return part.name == self._tool
        ends = isinstance(part, Done | Fail)
        return ends and member.id in self._workers and self._places[member.id].given_by is not None

    def _pass_on(self, member: Member, part: Action) -> None:
        if isinstance(part, ToolCall):
            self._hand_over(member, part)
            return
        giver = self._places[member.id].given_by
        assert giver is not None
        self._give(member, giver, "Done." if isinstance(part, Done) else "It cannot be done.")

    def _hand_over(self, member: Member, call: ToolCall) -> None:
        """Gives the word to whom a member named; to itself, with the reason, if there is no such member."""
        to, message = call.arguments.get("to"), call.arguments.get("message")
        if not isinstance(to, str) or to not in self._by_id or to == member.id:
            others = ", ".join(name for name in self._by_id if name != member.id)
            self._answer(member, call, f"Not done: to must be one of {others}, not {short(to)}.")
        elif not isinstance(message, str):
            self._answer(member, call, f"Not done: message must be a text, not {short(message)}.")
        else:
            place = self._places[member.id]
            place.waits, place.waits_for = True, call.id
            self._give(member, to, message)

    def _give(self, member: Member, to: str, message: str) -> None:
        value = {"from": member.id, "to": to}
        self._emit(Note(kind=HAND_OVER, text=message, value=value, agent_id=member.id, parent_id=self.id))
        self._who = to
        place = self._places[to]
        if place.waits:
            if place.waits_for is not None:
                place.results.append(_result(place.waits_for, f"{member.id} says: {message}"))
            place.said.append((member.id, message))
            place.waits, place.waits_for = False, None
        elif to in self._workers:
            # Remembers nothing of what it did before.
            self._by_id[to].begun = False
            self._places[to] = _Place(given_by=member.id, task=message)
        else:
            place.said.append((member.id, message))

    def _answer(self, member: Member, part: Action, text: str) -> None:
        place = self._places[member.id]
        if isinstance(part, ToolCall) and part.id is not None:
            place.results.append(_result(part.id, text, ok=False))
        place.error = text

    @property
    def _tool(self) -> str:
        taken = any(one.get("function", one).get("name") == HAND_OVER for one in self._offered)
        return f"{HAND_OVER}_in_{self.id}" if taken else HAND_OVER

    def _definition(self, member: Member) -> dict[str, Any]:
        others = [other for other in self.members if other is not member]
        known = "".join(f" {other.id}: {other.about}" for other in others if other.about)
        return function(
            self._tool,
            "Gives the word to another agent, who goes on from here; what it says when it gives the word back is the "
            f"result.{known}",
            {
                "to": {"type": "string", "enum": [other.id for other in others]},
                "message": {"type": "string", "description": "What it must know, or do."},
            },
        )


def planned(
    planner: Given,
    workers: Sequence[Given],
    *,
    patience: int = 8,
    seed: int = 0,
    id: str = "team",  # noqa: A002 - as of `Team`
) -> Team:
    """A team of one who plans and others who do what they are handed, as their whole task.

    Args:
        planner: has the word first; with ``"tools": []`` it does nothing but hand over, and to say ``DONE``.
        workers: know the planner's message and nothing else.
        patience: as of `Team`.
        seed: for members that draw.
        id: of the team in the stream.
    """
    return Team([planner, *workers], workers=list(map(name_of, workers)), patience=patience, seed=seed, id=id)


def _result(call_id: str, content: str, *, ok: bool = True) -> dict[str, Any]:
    return {"call_id": call_id, "name": HAND_OVER, "ok": ok, "content": content}


def _nobody(_event: object) -> None:
    """Who is told before the first episode."""
