"""Refuses calls by their name and arguments: a list of what may be called, or of what may not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from agentgym.actions import ToolCall
from agentgym.errors import Refused, UsageError
from agentgym.events import Call
from agentgym.hooks.base import hooks

__all__ = ["Refuse"]


class Refuse:
    """Refuses a call whose name fits a pattern and of which an argument fits, and all that are not allowed.

    ::

        {"point": "tool_call", "hook": "refuse", "names": "delete_*,drop_*"}
        {"point": "tool_call", "hook": "refuse", "names": "bash", "arguments": {"command": "\\\\brm\\\\b"}}
        {"point": "tool_call", "hook": "refuse", "allow": ["read_*", "submit"]}
        {"point": "step", "hook": "refuse", "arguments": {"action": "hotkey"}}

    Args:
        names: patterns (``*``, ``?``, ``[...]``) of tools, at ``model_call`` of models; a list, or a text with commas.
        arguments: by the argument's name a regular expression that is searched for in its text; a call is refused if
            one is found. At ``step`` there is one argument, ``action``; at ``model_call`` they are the request's.
        allow: patterns of what may be called; all else is refused.
        reason: for who asked; what was found, if not given.

    Raises:
        UsageError: if nothing is refused so, or an expression cannot be read.
    """

    points = ("tool_call", "model_call", "step")

    def __init__(
        self,
        names: str | Sequence[str] = (),
        *,
        arguments: Mapping[str, str] | None = None,
        allow: str | Sequence[str] | None = None,
        reason: str = "",
    ) -> None:
        self._names = _patterns(names)
        self._allow = None if allow is None else _patterns(allow)
        self._arguments = {name: _compiled(name, text) for name, text in (arguments or {}).items()}
        self._reason = reason
        if not self._names and not self._arguments and self._allow is None:
            raise UsageError("refuse needs names=, arguments= or allow=: without one it refuses nothing")

    def fault_at(self, point: str) -> str | None:
        """Steps have no names."""
        if point != "step" or not (self._names or self._allow is not None):
            return None
        return (
            "at 'step' an action has no name that names= and allow= could fit: refuse it by arguments=, such as "
            '{"action": "hotkey"}, or a tool at \'tool_call\''
        )

    def __call__(self, call: Call, proceed: Callable[[Call], Any]) -> Any:
        fault = self._fault(_name(call), _arguments(call))
        if fault is not None:
            raise Refused(self._reason or fault)
        return proceed(call)

    def _fault(self, name: str, arguments: Mapping[str, Any]) -> str | None:
        if self._allow is not None and not _fits(name, self._allow):
            return f"{name} is not among what may be called: {', '.join(self._allow) or 'nothing'}"
        if (self._names and not _fits(name, self._names)) or not (self._names or self._arguments):
            return None
        if not self._arguments:
            return f"{name} may not be called"
        for key, pattern in self._arguments.items():
            if key in arguments and pattern.search(str(arguments[key])):
                return f"{key} may not contain {pattern.pattern}"
        return None


def _patterns(said: str | Sequence[str]) -> tuple[str, ...]:
    parts = said.split(",") if isinstance(said, str) else said
    return tuple(part.strip() for part in parts if part.strip())


def _compiled(name: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"the pattern {text!r} of the argument {name!r} cannot be read: {error}") from error


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _name(call: Call) -> str:
    # A hook further out may have put another call in this one's place.
    return call.value.name if isinstance(call.value, ToolCall) else call.name


def _arguments(call: Call) -> Mapping[str, Any]:
    if isinstance(call.value, ToolCall):
        return call.value.arguments
    return {"action": call.value} if call.point == "step" else call.value


hooks.register("refuse", Refuse)
