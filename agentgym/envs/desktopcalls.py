"""Calls of the tool `desktop_action` within a step: done as the actions that they mean, and answered after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from agentgym.actions import Action, Batch, ToolCall
from agentgym.actions.desktop_call import DESKTOP_ACTION, definition, read_desktop_call
from agentgym.backends.base import Backend
from agentgym.envs.acting import Acted, parts_of
from agentgym.envs.calling import shown, told_of
from agentgym.envs.onscreen import OnScreen, on_screen
from agentgym.errors import ActionError
from agentgym.tools import ToolResult, read_calls

__all__ = ["DesktopCalls", "Outcome"]

_TOLD = ("settled", "action_error", "failure", "score")


@dataclass(frozen=True)
class Outcome:
    """What came of a step, for who called for it."""

    observation: Any
    reward: float
    done: bool
    info: dict[str, Any]


@dataclass(frozen=True)
class _Asked:
    """A call, and which parts of the step's action it became; none if it could not be read."""

    call: ToolCall
    call_id: str
    parts: range
    fault: str | None = None


class DesktopCalls:
    """The calls of one step after the other.

    Args:
        screen: (width, height) in pixels.
        offered: whether agents are told of the tool where it is none of the environment's or task's; it is understood
            everywhere.
        code: whether shell commands are done.
    """

    def __init__(self, screen: tuple[int, int], *, offered: bool, code: bool) -> None:
        self._offered, self._code = offered, code
        self._definition = definition(screen, code=code)
        self._asked: list[_Asked] = []

    def begin(self) -> None:
        """A step begins."""
        self._asked = []

    def read(self, action: Any, decode: Callable[[Any], Action], *, step: int) -> Action:
        """What is to be done: what ``decode`` reads, of which each call of the tool becomes what it means.

        Raises:
            ActionError: if there is something that cannot be read; nothing is done then.
        """
        read = _calls_or(action, decode)
        parts = parts_of(read)
        if not any(_is_call(part) for part in parts):
            return read
        done: list[Action] = []
        for place, part in enumerate(parts):
            meant = self._meant(part, f"call-{step}-{place}", len(done)) if isinstance(part, ToolCall) else (part,)
            done += meant
        fault = next((one.fault for one in self._asked if one.fault is not None), None)
        if fault is not None:
            raise ActionError(fault)
        return done[0] if len(done) == 1 else Batch(tuple(done))

    def told(self, told: dict[str, Any], *, at_reset: bool = False) -> dict[str, Any]:
        """What ``info`` has of tools, given what it has of the others."""
        others = [one for one in told.get("tools", ()) if one["function"]["name"] != DESKTOP_ACTION]
        is_offered = self._offered or len(others) < len(told.get("tools", ()))
        if not is_offered or not (at_reset or "tools" in told):
            return told
        return {"tool_results": [], **told, "tools": [self._definition, *others]}

    def look(self, machine: Backend, observation: Any) -> OnScreen | None:
        """What is on the screen, for the answer; None if there was no such call in the step.

        Raises:
            BackendError: if the machine broke.
        """
        return on_screen(machine, observation) if self._asked else None

    def answer(self, acted: Acted, outcome: Outcome, screen: OnScreen | None) -> tuple[ToolResult, ...]:
        """What came of all calls of the step. Who called this tool is told a line of JSON, then what is on the screen.

        The outcome's ``info`` and observation are told, too, if there was such a call.

        Args:
            screen: what `look` gave, before the step was scored: a machine that breaks later takes no score away.
        """
        if screen is None:
            return acted.results
        told = {name: outcome.info[name] for name in _TOLD if name in outcome.info}
        first = {"done": outcome.done, "reward": outcome.reward, "info": told, "obs_summary": screen.summary}
        line = msgspec.json.encode(first).decode()
        results = (*acted.results, *(self._answer(one, acted, line, screen.text, outcome) for one in self._asked))
        outcome.info["tool_results"] = told_of(results)
        if isinstance(outcome.observation, dict) and "tool_result" in outcome.observation:
            outcome.observation["tool_result"] = shown(results)
        return results

    def _meant(self, call: ToolCall, call_id: str, begin: int) -> Sequence[Action]:
        if not _is_call(call):
            return (call,)
        identity = call.id or call_id
        try:
            parts = parts_of(read_desktop_call(call.arguments, code=self._code))
        except ActionError as error:
            self._asked.append(_Asked(call, identity, range(0), str(error)))
            return ()
        self._asked.append(_Asked(call, identity, range(begin, begin + len(parts))))
        return parts

    def _answer(self, asked: _Asked, acted: Acted, line: str, screen: str, outcome: Outcome) -> ToolResult:
        fault = self._fault(asked, acted)
        kind = str(asked.call.arguments.get("action_type", "")).upper()
        lines = [line, f"{kind} was done." if fault is None else f"Not done: {fault}"]
        if printed := "".join(acted.printed.get(place, "") for place in asked.parts).strip():
            lines.append(f"It printed:\n{printed}")
        if outcome.done:
            lines.append("The episode is over.")
        return ToolResult(asked.call_id, DESKTOP_ACTION, fault is None, "\n".join([*lines, screen]))

    def _fault(self, asked: _Asked, acted: Acted) -> str | None:
        if asked.fault is not None or acted.error is None:
            return asked.fault
        if acted.failed is None:
            # Nothing was done of any.
            others = any(one.fault is not None for one in self._asked)
            return "another call of the same step cannot be read" if others else acted.error
        if acted.failed in asked.parts:
            return acted.error
        return "a call before it failed" if asked.parts.start > acted.failed else None


def _is_call(part: Action) -> bool:
    return isinstance(part, ToolCall) and part.name == DESKTOP_ACTION


def _calls_or(action: Any, decode: Callable[[Any], Action]) -> Action:
    """The action, also where it is several calls as models' servers give them."""
    try:
        return decode(action)
    except ActionError as refused:
        try:
            calls = read_calls(action)
        except ActionError:
            raise refused from None
        if not calls or not all(isinstance(one, ToolCall) and one.name == DESKTOP_ACTION for one in calls):
            raise
        return Batch(tuple(calls)) if len(calls) > 1 else calls[0]
