"""What a machine may be asked for, looked at before anything is done."""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable
from typing import Any

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
from agentgym.actions.limits import MAX_REPEATS, MAX_TEXT
from agentgym.actions.quoting import short
from agentgym.errors import ActionError, UsageError

__all__ = ["check_character", "check_input", "screen_size"]


def screen_size(value: Any) -> tuple[int, int]:
    """The screen as (width, height) in pixels.

    Raises:
        UsageError: if it is no pair of whole numbers from 1.
    """
    try:
        width, height = map(operator.index, value)
    except (TypeError, ValueError):
        width = height = 0
    if min(width, height) < 1:
        raise UsageError(f"screen is {short(value)}; it must be (width, height) in pixels, such as (1280, 720)")
    return width, height


def check_character(character: str) -> None:
    """Returns if a keyboard could have a key for the character.

    Raises:
        ActionError: if it is a control character, other than those that keys type, or half of a character.
    """
    if unicodedata.category(character) in ("Cc", "Cs") and character not in "\b\t\n\r":
        raise ActionError(f"no key can type the character U+{ord(character):04X}")


def check_input(
    action: Action,
    *,
    screen: tuple[int, int],
    key: Callable[[str], object],
    character: Callable[[str], object],
) -> None:
    """Returns if the action, and every part of it if it is a `Batch`, can be done.

    Args:
        action: what the agent wants.
        screen: (width, height) in pixels.
        key: raises ActionError for a key that there is not.
        character: raises ActionError for a character that cannot be typed.

    Raises:
        ActionError: if it cannot be done, or is not an input action.
    """
    match action:
        case Batch(actions):
            for part in actions:
                check_input(part, screen=screen, key=key, character=character)
        case TypeText(text):
            _check_text(text, character)
        case Press() | KeyDown() | KeyUp() | Hotkey():
            _check_keys(action, key)
        case MoveTo(x, y) | DragTo(x, y) | Click(x, y) | RightClick(x, y) | DoubleClick(x, y) | Scroll(x=x, y=y):
            _check_place(x, y, screen)
            _check_counts(action)
        case MouseDown() | MouseUp():
            return
        case _:
            raise ActionError(f"{type(action).__name__} is not done with keyboard and pointer")


def _check_keys(action: Press | KeyDown | KeyUp | Hotkey, key: Callable[[str], object]) -> None:
    for name in action.keys if isinstance(action, Hotkey) else [action.key]:
        key(name)
    if isinstance(action, Press):
        _check_count("presses", action.presses)


def _check_counts(action: Action) -> None:
    match action:
        case Click(clicks=clicks):
            _check_count("clicks", clicks)
        case Scroll(dx, dy):
            _check_count("dx", abs(dx))
            _check_count("dy", abs(dy))


def _check_place(x: int | None, y: int | None, screen: tuple[int, int]) -> None:
    width, height = screen
    if not (0 <= (x or 0) < width and 0 <= (y or 0) < height):
        raise ActionError(f"({x}, {y}) is off the screen, which is {width} wide and {height} high")


def _check_count(name: str, count: int) -> None:
    if not 0 <= count <= MAX_REPEATS:
        raise ActionError(f"{name} is {count}; at most {MAX_REPEATS} can be done in one action")


def _check_text(text: str, character: Callable[[str], object]) -> None:
    if len(text) > MAX_TEXT:
        raise ActionError(f"the text has {len(text)} characters; at most {MAX_TEXT} can be typed in one action")
    for each in set(text):
        character(each)
