"""What every action that was read holds to, however it was written."""

from __future__ import annotations

import msgspec

from agentgym.actions._text import to_pyautogui
from agentgym.actions._types import (
    Action,
    Batch,
    Click,
    DoubleClick,
    DragTo,
    Hotkey,
    KeyDown,
    KeyUp,
    MoveTo,
    Press,
    Python,
    RightClick,
    Scroll,
    ToolCall,
    TypeText,
    Wait,
)
from agentgym.actions.keys import check_key
from agentgym.actions.limits import MAX_CLICKS, MAX_KEYS, MAX_PIXEL, MAX_REPEATS, MAX_TEXT, MAX_WRITTEN
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError

__all__ = ["legal"]


def legal(action: Action) -> Action:
    """The action, its keys by their names, if it can be written down and read back as the same.

    Args:
        action: its fields are of the types that they are declared with.

    Raises:
        ActionError: says what is wrong with it.
    """
    found = Batch(tuple(map(_legal, action.actions))) if isinstance(action, Batch) else _legal(action)
    length = len(to_pyautogui(found))
    if length > MAX_WRITTEN:
        raise ActionError(f"written out, the action has {length} characters; at most {MAX_WRITTEN} are read")
    return found


def _legal(action: Action) -> Action:
    match action:
        case Press(key, presses):
            _check_range("presses", presses, 1, MAX_REPEATS)
            return Press(check_key(key), presses)
        case KeyDown(key):
            return KeyDown(check_key(key))
        case KeyUp(key):
            return KeyUp(check_key(key))
        case Hotkey(keys):
            _check_range("the number of keys", len(keys), 1, MAX_KEYS)
            return Hotkey(tuple(map(check_key, keys)))
        case TypeText(text) | Python(text):
            _check_text(text)
        case ToolCall():
            _check_json(action)
        case Wait(seconds=float(seconds)):
            if not 0 <= seconds < 1e6:
                raise ActionError(f"seconds is {seconds!r}; it must be a number from 0")
        case MoveTo() | DragTo() | Click() | RightClick() | DoubleClick() | Scroll():
            _check_numbers(action)
    return action


def _check_numbers(action: MoveTo | DragTo | Click | RightClick | DoubleClick | Scroll) -> None:
    x, y = action.x, action.y
    if x is None or y is None:
        if x is not y:
            raise ActionError(f"a place needs both x and y; given were x={short(x)}, y={short(y)}")
    else:
        _check_range("x", x, -MAX_PIXEL, MAX_PIXEL)
        _check_range("y", y, -MAX_PIXEL, MAX_PIXEL)
    match action:
        case Click(clicks=clicks):
            _check_range("clicks", clicks, 1, MAX_CLICKS)
        case Scroll(dx, dy):
            _check_range("dx", dx, -MAX_REPEATS, MAX_REPEATS)
            _check_range("dy", dy, -MAX_REPEATS, MAX_REPEATS)


def _check_range(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ActionError(f"{name} is {short(value)}; it must be a whole number from {least} to {most}")


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise ActionError(f"the text has {len(text)} characters; at most {MAX_TEXT} are taken in one action")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ActionError(f"the text has half a character in it: U+{ord(text[error.start]):04X}") from error


def _check_json(call: ToolCall) -> None:
    try:
        again = msgspec.json.decode(msgspec.json.encode(call), type=ToolCall)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise ActionError(f"a tool call must be plain JSON: {cut(str(error))}") from error
    if again != call:
        raise ActionError(f"a tool call must be plain JSON, which {short(call.arguments)} is not")
