"""What an input action may ask for, looked at before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

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
from agentgym.errors import ActionError

__all__ = ["MAX_REPEATS", "MAX_TEXT", "check_input"]

MAX_TEXT: Final = 100_000
"""The most characters that one action may type."""
MAX_REPEATS: Final = 1_000
"""The most clicks, presses of a key or turns of the wheel that one action may ask for."""


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
