"""Actions as the pyautogui code that OSWorld's server is sent."""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.actions import (
    Action,
    Batch,
    Click,
    DoubleClick,
    DragTo,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    TypeText,
)
from agentgym.actions.keys import KEYS, check_key
from agentgym.errors import ActionError

__all__ = ["PREFIX", "check_typed", "pyautogui_code"]

PREFIX = "import pyautogui; import time; pyautogui.FAILSAFE = False; pyautogui.PAUSE = 0; "
"""What goes before the code: OSWorld's words, and none of pyautogui's waiting 0.1 s after each call."""

_DRAG_S = 0.2

# pyautogui 0.9.54 types "<" as ">" on X11 (its issue 198), where it finds it on a key of its own and adds Shift.
_LESS_THAN = ("shift", ",")


def pyautogui_code(action: Action) -> str:
    """The statements that do an input action, on one line."""
    return "; ".join(_statements(action))


def check_typed(character: str) -> None:
    """Returns if pyautogui has a key for the character; others it leaves out without a word.

    Raises:
        ActionError: if it has none.
    """
    if character not in KEYS and character != "\b":
        raise ActionError(f"pyautogui in the guest has no key for {character!r}; nothing was typed")


def _statements(action: Action) -> Sequence[str]:  # noqa: PLR0911 - one return for each kind of action
    match action:
        case Batch(actions):
            return [statement for part in actions for statement in _statements(part)]
        case TypeText(text):
            return _typed(text)
        case Press(key, presses):
            return [f"pyautogui.hotkey{_LESS_THAN}"] * presses if key == "<" else [_call("press", key, presses=presses)]
        case KeyDown(key):
            return [_call("keyDown", part) for part in _parts(key)]
        case KeyUp(key):
            return [_call("keyUp", part) for part in reversed(_parts(key))]
        case Hotkey(keys):
            return [_call("hotkey", *(part for key in keys for part in _parts(key)))]
    return _pointed(action)


def _pointed(action: Action) -> Sequence[str]:  # noqa: PLR0911 - one return for each kind of action
    match action:
        case MoveTo(x, y):
            return [_call("moveTo", x, y)]
        case Click(x, y, button, clicks):
            return [_call("click", x, y, clicks=clicks, button=button)]
        case RightClick(x, y):
            return [_call("rightClick", x, y)]
        case DoubleClick(x, y):
            return [_call("doubleClick", x, y)]
        case DragTo(x, y, button):
            return [_call("dragTo", x, y, duration=_DRAG_S, button=button)]
        case MouseDown(button):
            return [_call("mouseDown", button=button)]
        case MouseUp(button):
            return [_call("mouseUp", button=button)]
        case Scroll(dx, dy, x, y):
            turns = (("scroll", dy), ("hscroll", dx))
            return [_call(name, turn, x, y) for name, turn in turns if turn] or ["pass"]
    raise ActionError(f"{type(action).__name__} is not done with keyboard and pointer")


def _call(name: str, *positional: object, **named: object) -> str:
    arguments = [*map(repr, positional), *(f"{key}={value!r}" for key, value in named.items())]
    return f"pyautogui.{name}({', '.join(arguments)})"


def _typed(text: str) -> Sequence[str]:
    statements: list[str] = []
    for index, part in enumerate(text.replace("\r\n", "\n").split("<")):
        if index:
            statements.append(_call("hotkey", *_LESS_THAN))
        if part:
            statements.append(_call("write", part))
    return statements or ["pass"]


def _parts(key: str) -> Sequence[str]:
    return _LESS_THAN if key == "<" else (check_key(key),)
