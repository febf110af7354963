"""A person in the loop, who looks at what is about to happen, or answers in a tool's place.

What the person said, or that the time was up, is a `Note` of kind ``"person"`` in the record: ``point``, ``name``,
``said`` (``"approve"``, ``"edit"``, ``"refuse"`` or ``"answer"``), ``by`` (``"person"`` or ``"default"``), ``took_ms``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from agentgym.actions import Action, ToolCall, parse_action
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError, Refused, UsageError
from agentgym.events import Call, Interceptor, Note, trace
from agentgym.hooks.asking import Ask, ask
from agentgym.tools import ToolResult

__all__ = ["answer", "approve"]

Default: TypeAlias = Literal["approve", "refuse"]

_SHOWN = 2000
# Keys of what a model is asked, or a reset is told, which no action has.
_REQUESTS = frozenset({"input", "messages", "seed"})
_CHOICES = "a approves, e edits, r REASON refuses"


def approve(
    *, patience_s: float | None = None, default: Default = "refuse", names: Sequence[str] = ("*",), ask: Ask = ask
) -> Interceptor:
    """Asks before each call whether it may be made as it is.

    Args:
        patience_s: how long the person may take; None for any time.
        default: what holds when the time is up, or nobody can answer.
        names: of the tools or models that are asked about, with ``*`` for anything.
        ask: how a line is asked for.

    Raises:
        UsageError: if an argument cannot work.
    """
    if default not in get_args(Default):
        raise UsageError(f"default is {default!r}; it can be {' or '.join(map(repr, get_args(Default)))}")
    _check_patience(patience_s)

    def approving(call: Call, proceed: Callable[[Call], Any]) -> Any:
        if not _is_among(call.name, names):
            return proceed(call)
        began = time.perf_counter()
        edited = call
        question = f"\n{_told(call)}\n{_CHOICES}{_left(patience_s, default)} > "
        try:
            said, reason = _choice(ask, question, patience_s)
            if said == "edit":
                edited = _edited(ask, call, patience_s)
            by = "person"
        except (TimeoutError, EOFError) as error:
            said, reason, by = default, str(error), "default"
        _note(call, said, by, began, reason=reason)
        if said == "refuse":
            raise Refused(reason or "a person refused it")
        return proceed(edited)

    return approving


def answer(
    *,
    patience_s: float | None = None,
    default: str | None = None,
    names: Sequence[str] = ("ask_user",),
    ask: Ask = ask,
) -> Interceptor:
    """Lets a person answer in the place of tools: of `ask_user`, if no others are named.

    Args:
        patience_s: how long the person may take; None for any time.
        default: the answer when the time is up, or nobody can answer; None lets the tool itself answer.
        names: of the tools, with ``*`` for anything.
        ask: how a line is asked for.

    Raises:
        UsageError: if ``patience_s`` is no time.
    """
    _check_patience(patience_s)

    def answering(call: Call, proceed: Callable[[Call], Any]) -> Any:
        if call.point != "tool_call" or not _is_among(call.name, names):
            return proceed(call)
        began = time.perf_counter()
        try:
            said, by = ask(f"\n{_told(call)}\nyour answer > ", patience_s), "person"
        except (TimeoutError, EOFError) as error:
            _note(call, "answer", "default", began, reason=str(error))
            if default is None:
                return proceed(call)
            said, by = default, "default"
        else:
            _note(call, "answer", by, began)
        return ToolResult(call.value.id or "", call.name, True, said)

    return answering


def _choice(ask: Ask, question: str, patience_s: float | None) -> tuple[str, str]:
    """What the person wants done, and why."""
    while True:
        word, _, reason = ask(question, patience_s).strip().partition(" ")
        match word.lower():
            case "a" | "approve" | "y" | "yes":
                return "approve", reason
            case "e" | "edit":
                return "edit", reason
            case "r" | "refuse" | "n" | "no":
                return "refuse", reason.strip()
        question = f"{short(word)} is none of these: {_CHOICES} > "


def _edited(ask: Ask, call: Call, patience_s: float | None) -> Call:
    """The call with what the person writes in the place of its value."""
    question = f"{_written(call.value)}\ninstead > "
    while True:
        line = ask(question, patience_s).strip()
        try:
            return replace(call, value=_read(line, call.value))
        except (ActionError, ValueError) as error:
            question = f"{error}\ninstead > "


def _read(line: str, instead_of: Any) -> Any:
    """What is written, as the same kind of thing as it stands for."""
    if isinstance(instead_of, ToolCall):
        said = json.loads(line)
        if not isinstance(said, dict):
            raise ActionError(f"write the arguments, or name and arguments, as a JSON object, not {short(said)}")
        if said.keys() <= {"name", "arguments", "id"} and "name" in said:
            return msgspec.convert({"id": instead_of.id, **said}, ToolCall)
        return msgspec.structs.replace(instead_of, arguments=said)
    if isinstance(instead_of, dict) and not instead_of.keys().isdisjoint(_REQUESTS):
        said = json.loads(line)
        if not isinstance(said, dict):
            raise ActionError(f"write the keys that are to be others as a JSON object, not {short(said)}")
        return {**instead_of, **said}
    return parse_action(line) if isinstance(instead_of, str | dict | Action) else json.loads(line)


def _told(call: Call) -> str:
    return f"{call.point} {call.name}".strip() + f": {_written(call.value)}"


def _written(value: Any) -> str:
    if isinstance(value, ToolCall):
        return cut(json.dumps(value.arguments, ensure_ascii=False), _SHOWN)
    if isinstance(value, str):
        return cut(value, _SHOWN)
    return cut(msgspec.json.encode(value, enc_hook=repr).decode(), _SHOWN)


def _left(patience_s: float | None, default: Default) -> str:
    return "" if patience_s is None else f"; in {patience_s:g} s: {default}"


def _is_among(name: str, names: Sequence[str]) -> bool:
    return any(fnmatchcase(name, one) for one in names)


def _check_patience(patience_s: float | None) -> None:
    if patience_s is not None and patience_s <= 0:
        raise UsageError(f"patience_s is {patience_s}; it must be above 0, or None")


def _note(call: Call, said: str, by: str, began: float, *, reason: str = "") -> None:
    took_ms = round((time.perf_counter() - began) * 1000, 3)
    value = {"point": call.point, "name": call.name, "said": said, "by": by, "took_ms": took_ms}
    trace(Note(kind="person", text=reason or None, value=value, agent_id=call.agent_id))
