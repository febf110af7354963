"""The points of a run at which what happens can be changed, and who stands there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from agentgym.errors import UsageError

__all__ = ["POINTS", "Call", "Interception", "Interceptor", "OnHookError", "interception"]

POINTS = ("reset", "step", "evaluate", "model_call", "tool_call")
"""Where `agentgym.events.Bus.intercept` takes an interceptor."""

OnHookError: TypeAlias = Literal["raise", "note"]


@dataclass(frozen=True, slots=True)
class Call:
    """What is about to happen.

    Attributes:
        point: one of `POINTS`.
        value: at ``reset`` the dict ``{"seed", "options"}``; at ``step`` the action; at ``evaluate`` the `Task`; at
            ``model_call`` a dict, the request's arguments as the API takes them; at ``tool_call`` an
            `agentgym.actions.ToolCall`.
        name: of the tool or the model; empty at other points.
        agent_id: who asked for it, where that is known.
    """

    point: str
    value: Any
    name: str = ""
    agent_id: str | None = None


Interceptor: TypeAlias = Callable[[Call, Callable[[Call], Any]], Any]
"""``fn(call, proceed)``: what it returns is what came of the call; ``proceed(call)`` lets it happen."""


@dataclass(frozen=True, slots=True, eq=False)
class Interception:
    """An interceptor in its place."""

    fn: Interceptor
    name: str
    order: float
    notes_errors: bool


def interception(point: str, fn: Interceptor, *, order: float, on_error: str, name: str) -> Interception:
    """The interceptor, ready for its place.

    Raises:
        UsageError: if there is no such point, or ``on_error`` is none of its words.
    """
    if point not in POINTS:
        raise UsageError(f"no point named {point!r} to intercept; choose from {', '.join(POINTS)}")
    if on_error not in get_args(OnHookError):
        raise UsageError(f"on_error is one of {', '.join(get_args(OnHookError))}, not {on_error!r}")
    return Interception(fn, name or str(getattr(fn, "__qualname__", repr(fn))), order, on_error == "note")
