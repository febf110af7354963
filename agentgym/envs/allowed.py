"""What a desktop environment lets an action ask for, looked at before anything is done."""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.actions import Action, Batch, Done, Fail, Python, ToolCall, TypeText, Wait
from agentgym.errors import ActionError

__all__ = ["allowed", "last_of", "parts_of"]

_LONGEST_WAIT_S = 60.0
_LONGEST_TEXT = 20_000
_LONGEST_BATCH = 100


def allowed(action: Action, screen: tuple[int, int], *, code: bool) -> Action:
    """The action, if it and every part of it can be done.

    Args:
        screen: (width, height) in pixels.
        code: whether Python code may run.

    Raises:
        ActionError: says what cannot be done.
    """
    parts = parts_of(action)
    if len(parts) > _LONGEST_BATCH:
        raise ActionError(f"{len(parts)} actions in one step; at most {_LONGEST_BATCH} are done")
    for part in parts:
        _check(part, code=code)
        _check_place(part, screen)
    return action


def parts_of(action: Action) -> Sequence[Action]:
    """What an action consists of, in order."""
    return action.actions if isinstance(action, Batch) else (action,)


def last_of(action: Action) -> Action:
    """The part that was done last: the one that ends the episode, or the end of the sequence."""
    parts = parts_of(action)
    ending = [part for part in parts if isinstance(part, Done | Fail)]
    return ending[0] if ending else (parts[-1] if parts else action)


def _check(action: Action, *, code: bool) -> None:
    match action:
        case Python() if not code:
            raise ActionError("Python code runs only in an environment made with allow_code=True")
        case ToolCall(name=name):
            raise ActionError(f"there is no tool {name!r} here: this environment has a screen, a mouse and a keyboard")
        case TypeText(text=text) if len(text) > _LONGEST_TEXT:
            raise ActionError(f"{len(text)} characters to type; at most {_LONGEST_TEXT} are typed in one action")
        case Wait(seconds=float(seconds)) if not 0 <= seconds <= _LONGEST_WAIT_S:
            raise ActionError(f"cannot wait {seconds:g} s; 0 to {_LONGEST_WAIT_S:g} s can be waited")


def _check_place(action: Action, screen: tuple[int, int]) -> None:
    width, height = screen
    x, y = getattr(action, "x", None), getattr(action, "y", None)
    if (x is not None and not 0 <= x < width) or (y is not None and not 0 <= y < height):
        raise ActionError(f"({x}, {y}) is off the screen, which is {width} x {height} pixels")
