"""Actions as dicts: OSWorld's ``computer_13``, the structured form of tool calls, and our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from agentgym.actions._calls import CALLS, pixel, place
from agentgym.actions._text import WORDS, read_calls
from agentgym.actions._types import Action, ToolCall
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError

__all__ = ["read_dict"]

Fields = Mapping[str, Any]

_COMMAND = "PYAUTOGUI"


def read_dict(raw: Fields, *, code: bool = False) -> Action:
    """The action that a dict means.

    Args:
        raw: plain JSON.
        code: whether a command of ``PYAUTOGUI`` may be any Python.

    Raises:
        ActionError: says what was given and what would be right.
    """
    if "action_type" in raw:
        return _typed(raw, code=code)
    if "kind" in raw:
        return _own(raw)
    if "name" in raw:
        return _tool_call(raw)
    raise ActionError(f"an action has an 'action_type', a 'kind' or a tool's 'name'; given was {short(raw)}")


def _own(raw: Fields) -> Action:
    try:
        action: Action = msgspec.convert(raw, Action)
    except msgspec.ValidationError as error:
        raise ActionError(f"{short(raw)}: {cut(str(error))}") from error
    return action


def _tool_call(raw: Fields) -> Action:
    try:
        return msgspec.convert(dict(raw), ToolCall, strict=True)
    except msgspec.ValidationError as error:
        raise ActionError(f"a tool call is {{'name': …, 'arguments': {{…}}}}: {cut(str(error))}") from error


def _typed(raw: Fields, *, code: bool) -> Action:
    given = raw["action_type"]
    if not isinstance(given, str):
        raise ActionError(f"action_type is {short(given)}; it must be a name such as 'CLICK'")
    nested = raw.get("parameters")
    rest = {key: value for key, value in raw.items() if key not in ("action_type", "parameters") and value is not None}
    if nested is not None and not isinstance(nested, Mapping):
        raise ActionError(f"parameters is {short(nested)}; it must be a dict")
    fields = {**rest, **(nested or {})}
    name = given.upper()
    if name not in _KINDS:
        close = get_close_matches(cut(name), _KINDS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(_KINDS)}"
        raise ActionError(f"no action_type {short(given)}; {hint}")
    try:
        return _command(fields, code=code) if name == _COMMAND else _FORMS[name](fields)
    except KeyError as error:
        raise ActionError(f"{given} needs {error.args[0]!r}; given was {short(fields)}") from error


def _where(fields: Fields) -> dict[str, int]:
    """Where: ``x`` and ``y``, or ``coordinate: [x, y]``; nothing if it is left out."""
    coordinate = fields.get("coordinate")
    if coordinate is not None and not isinstance(coordinate, list):
        raise ActionError(f"coordinate is {short(coordinate)}; it must be [x, y]")
    x, y = place(coordinate, None) if coordinate is not None else place(fields.get("x"), fields.get("y"))
    return {} if x is None or y is None else {"x": x, "y": y}


def _must_where(fields: Fields) -> dict[str, int]:
    found = _where(fields)
    if not found:
        raise KeyError("coordinate")
    return found


def _call(name: str, **arguments: Any) -> Action:
    return CALLS[name]([], arguments)


def _click(fields: Fields) -> Action:
    clicks = fields.get("num_clicks", fields.get("clicks", 1))
    return _call("click", **_where(fields), clicks=clicks, button=fields.get("button", "left"))


def _scroll(fields: Fields) -> Action:
    dx, dy = fields.get("dx", 0), fields.get("dy", fields.get("clicks", 0))
    if "dx" not in fields and "dy" not in fields and "clicks" not in fields:
        raise KeyError("clicks")
    where = _where(fields)
    return _own({"kind": "Scroll", "dx": pixel(dx, "dx"), "dy": pixel(dy, "dy"), **where})


def _hotkey(fields: Fields) -> Action:
    keys = fields.get("keys", fields.get("key"))
    if keys is None:
        raise KeyError("keys")
    if isinstance(keys, str):
        keys = keys.split("+") if len(keys) > 1 else [keys]
    if not isinstance(keys, list):
        raise ActionError(f"keys is {short(keys)}; it must be a list of key names")
    return CALLS["hotkey"](keys, {})


def _key(fields: Fields) -> Action:
    key = fields["key"] if "key" in fields else fields["keys"]
    return _hotkey({"keys": key}) if isinstance(key, str) and "+" in key[1:-1] else _call("press", keys=key)


def _command(fields: Fields, *, code: bool) -> Action:
    command = fields["command"] if "command" in fields else fields["text"]
    if not isinstance(command, str):
        raise ActionError(f"command is {short(command)}; it must be pyautogui code")
    return read_calls(command, code=code)


def _always(action: Action) -> Callable[[Fields], Action]:
    return lambda _: action


_FORMS: Mapping[str, Callable[[Fields], Action]] = {
    "MOVE_TO": lambda f: _call("moveTo", **_must_where(f)),
    "MOVE": lambda f: _call("moveTo", **_must_where(f)),
    "CLICK": _click,
    "MOUSE_DOWN": lambda f: _call("mouseDown", **_where(f), button=f.get("button", "left")),
    "MOUSE_UP": lambda f: _call("mouseUp", **_where(f), button=f.get("button", "left")),
    "RIGHT_CLICK": lambda f: _call("rightClick", **_where(f)),
    "DOUBLE_CLICK": lambda f: _call("doubleClick", **_where(f)),
    "DRAG_TO": lambda f: _call("dragTo", **_must_where(f), button=f.get("button", "left")),
    "DRAG": lambda f: _call("dragTo", **_must_where(f), button=f.get("button", "left")),
    "SCROLL": _scroll,
    "TYPING": lambda f: _call("write", message=f["text"]),
    "TYPE": lambda f: _call("write", message=f["text"]),
    "PRESS": lambda f: _call("press", keys=f["key"]),
    "KEY": _key,
    "KEY_DOWN": lambda f: _call("keyDown", key=f["key"]),
    "KEY_UP": lambda f: _call("keyUp", key=f["key"]),
    "HOTKEY": _hotkey,
    **{word: _always(action) for word, action in WORDS.items()},
}
_KINDS = (*_FORMS, _COMMAND)
