"""What is done on a desktop, as the one tool ``desktop_action``: its definition, and what a call of it means."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from agentgym.actions import Action, Python, parse_action
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError

__all__ = ["DESKTOP_ACTION", "TAKES", "definition", "read_desktop_call"]

DESKTOP_ACTION: Final = "desktop_action"

_COMMAND = "COMMAND"
TAKES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "CLICK": ((), ("coordinate", "clicks")),
    "DOUBLE_CLICK": ((), ("coordinate",)),
    "RIGHT_CLICK": ((), ("coordinate",)),
    "MOVE_TO": (("coordinate",), ()),
    "DRAG_TO": (("coordinate",), ()),
    "MOUSE_DOWN": ((), ("coordinate",)),
    "MOUSE_UP": ((), ("coordinate",)),
    "SCROLL": (("clicks",), ("coordinate",)),
    "TYPING": (("text",), ()),
    "PRESS": (("key",), ()),
    "KEY_DOWN": (("key",), ()),
    "KEY_UP": (("key",), ()),
    "HOTKEY": (("keys",), ()),
    "PYAUTOGUI": (("command",), ()),
    _COMMAND: (("command",), ()),
    "WAIT": ((), ()),
    "DONE": ((), ()),
    "FAIL": ((), ()),
}
"""By ``action_type``: the parameters that it needs, and those that it may have."""

_OTHER_NAMES = {"MOVE": "MOVE_TO", "DRAG": "DRAG_TO", "TYPE": "TYPING", "KEY": "PRESS"}
_PARAMETERS = ("action_type", "coordinate", "text", "key", "keys", "clicks", "command")
_SHELL = "import subprocess, sys; sys.exit(subprocess.run(['bash', '-c', {command!r}]).returncode)"


def definition(screen: tuple[int, int] | None = None, *, code: bool = False) -> dict[str, Any]:
    """The tool as OpenAI's API is told of it; the caller's own.

    Args:
        screen: (width, height) in pixels; None if it is not known yet.
        code: whether shell commands are offered.
    """
    size = "the screen" if screen is None else f"a screen of {screen[0]}x{screen[1]}"
    kinds = [kind for kind in TAKES if code or kind != _COMMAND]
    shell = "; of COMMAND, a line for bash, run in the machine" if code else ""
    place = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
    properties = {
        "action_type": {
            "type": "string",
            "enum": kinds,
            "description": "What to do. WAIT looks again, DONE says that the task is finished, FAIL that it cannot be.",
        },
        "coordinate": {
            **place,
            "description": f"[x, y] in pixels of {size}, (0, 0) its top left; of clicks, "
            "MOUSE_DOWN, MOUSE_UP and SCROLL where the pointer is, if left out; for MOVE_TO and DRAG_TO the end.",
        },
        "text": {"type": "string", "description": "Of TYPING."},
        "key": {"type": "string", "description": "Of PRESS, KEY_DOWN and KEY_UP, as pyautogui names it: 'enter'."},
        "keys": {"type": "array", "items": {"type": "string"}, "description": "Of HOTKEY: ['ctrl', 's']."},
        "clicks": {
            "type": "integer",
            "description": "Of CLICK, how often, 1 to 3; of SCROLL, how far: up if over 0, else down.",
        },
        "command": {"type": "string", "description": f"Of PYAUTOGUI, calls such as pyautogui.click(40, 60){shell}."},
    }
    return {
        "type": "function",
        "function": {
            "name": DESKTOP_ACTION,
            "description": "Does one action on the desktop, waits until the screen has settled, and tells what is on "
            "it: first a line of JSON (done, reward, info, obs_summary), then text.",
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": ["action_type"],
                "additionalProperties": False,
            },
        },
    }


def read_desktop_call(arguments: Mapping[str, Any], *, code: bool = False) -> Action:
    """The action that the arguments of a call mean. A parameter that is null or empty counts as left out.

    Args:
        code: whether shell commands are done, and Python that is more than literal calls.

    Raises:
        ActionError: says what was given and what would be right.
    """
    unknown = next((name for name in arguments if name not in _PARAMETERS), None)
    if unknown is not None:
        raise ActionError(f"desktop_action has no parameter {short(unknown)}; it has {', '.join(_PARAMETERS)}")
    given = {name: value for name, value in arguments.items() if value is not None and value not in ("", [], {})}
    kind = _kind(given.pop("action_type", None))
    needed, optional = TAKES[kind]
    for name in needed:
        if name not in given:
            raise ActionError(f"{kind} needs {name!r}; given was {short(given)}")
    for name in given:
        if name not in needed and name not in optional:
            raise ActionError(f"{kind} takes no {name!r}; {_taken(needed, optional)}")
    if kind == _COMMAND:
        return _command(given["command"], code=code)
    return parse_action({"action_type": kind, **given}, code=code)


def _kind(given: object) -> str:
    if not isinstance(given, str):
        raise ActionError(f"action_type is {short(given)}; it must be one of {', '.join(TAKES)}")
    name = given.strip().upper().replace(" ", "_")
    name = _OTHER_NAMES.get(name, name)
    if name not in TAKES:
        close = get_close_matches(cut(name), TAKES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(TAKES)}"
        raise ActionError(f"no action_type {short(given)}; {hint}")
    return name


def _taken(needed: tuple[str, ...], optional: tuple[str, ...]) -> str:
    names = [*map(repr, needed), *(f"{name!r} if you like" for name in optional)]
    return f"it takes {' and '.join(names)}" if names else "it takes nothing else"


def _command(command: object, *, code: bool) -> Action:
    if not isinstance(command, str):
        raise ActionError(f"command is {short(command)}; it must be a line for bash")
    if not code:
        raise ActionError("shell commands run only in an environment made with allow_code=True")
    return parse_action(Python(_SHELL.format(command=command)))
