"""The pyautogui API as a table: what each call means as an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentgym.actions._types import (
    Action,
    Batch,
    Button,
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
    Wait,
)
from agentgym.actions.keys import check_key
from agentgym.actions.limits import MAX_CLICKS, MAX_PIXEL, MAX_REPEATS
from agentgym.actions.quoting import short
from agentgym.errors import ActionError

__all__ = ["CALLS", "button", "in_order", "pixel", "place"]

_UNUSED = ("duration", "interval", "tween", "pause", "logScreenshot", "_pause", "mouseDownUp")
_BUTTONS: Mapping[object, Button] = {
    "left": "left",
    "middle": "middle",
    "right": "right",
    "primary": "left",
    "secondary": "right",
    1: "left",
    2: "middle",
    3: "right",
}

Arguments = dict[str, Any]


def pixel(value: object, what: str) -> int:
    """A coordinate; fractions are rounded.

    Raises:
        ActionError: if it is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not -MAX_PIXEL <= value <= MAX_PIXEL:
        raise ActionError(f"{what} is {short(value)}; it must be a number of pixels")
    return round(value)


def button(value: object) -> Button:
    if isinstance(value, str):
        value = value.lower()
    if isinstance(value, str | int) and not isinstance(value, bool) and value in _BUTTONS:
        return _BUTTONS[value]
    raise ActionError(f"no mouse button {short(value)}; there are 'left', 'middle' and 'right'")


def place(x: object, y: object) -> tuple[int | None, int | None]:
    """A place that may be left out, or be given as one pair."""
    if isinstance(x, list | tuple) and y is None:
        if len(x) != 2:
            raise ActionError(f"a place is a pair (x, y), not {short(x)}")
        x, y = x
    if (x is None) != (y is None):
        raise ActionError(f"a place needs both x and y; given were x={short(x)}, y={short(y)}")
    return (None, None) if x is None else (pixel(x, "x"), pixel(y, "y"))


def count(value: object, what: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ActionError(f"{what} is {short(value)}; it must be a whole number from 1 to {most}")
    return value


def in_order(actions: Sequence[Action]) -> Action:
    """One action that does these one after the other."""
    return actions[0] if len(actions) == 1 else Batch(tuple(actions))


def _bound(name: str, parameters: Sequence[str], positional: Sequence[Any], named: Arguments) -> Arguments:
    """The arguments by name, as Python would bind them."""
    if len(positional) > len(parameters):
        raise ActionError(f"{name} takes at most {len(parameters)} arguments, {len(positional)} were given")
    bound = dict(zip(parameters, positional, strict=False))
    for key, value in named.items():
        if key in bound:
            raise ActionError(f"{name} got {short(key)} twice")
        if key not in parameters and key not in _UNUSED:
            raise ActionError(f"{name} has no argument {short(key)}; it has {', '.join(parameters)}")
        bound[key] = value
    return bound


def _at(arguments: Arguments) -> tuple[int | None, int | None]:
    return place(arguments.get("x"), arguments.get("y"))


def _there(name: str, arguments: Arguments) -> tuple[int, int]:
    x, y = _at(arguments)
    if x is None or y is None:
        raise ActionError(f"{name} needs a place: {name}(x, y)")
    return x, y


def _click(arguments: Arguments, *, clicks: int | None = None, which: Button | None = None) -> Action:
    x, y = _at(arguments)
    number = clicks or count(arguments.get("clicks", 1), "clicks", MAX_CLICKS)
    return Click(x, y, which or button(arguments.get("button", "left")), number)


def _at_place(arguments: Arguments, action: Action) -> Action:
    """An action that pyautogui does at a place, which ours does where the pointer is."""
    x, y = _at(arguments)
    return action if x is None or y is None else Batch((MoveTo(x, y), action))


def _turns(arguments: Arguments) -> int:
    clicks = arguments.get("clicks", 0)
    if isinstance(clicks, bool) or not isinstance(clicks, int | float) or not -MAX_REPEATS <= clicks <= MAX_REPEATS:
        raise ActionError(f"clicks is {short(clicks)}; it must be a number from -{MAX_REPEATS} to {MAX_REPEATS}")
    return int(clicks)


def _scroll(arguments: Arguments) -> Action:
    x, y = _at(arguments)
    return Scroll(0, _turns(arguments), x, y)


def _hscroll(arguments: Arguments) -> Action:
    x, y = _at(arguments)
    return Scroll(_turns(arguments), 0, x, y)


def _write(arguments: Arguments) -> Action:
    message = arguments.get("message")
    if isinstance(message, str):
        return TypeText(message)
    if isinstance(message, list | tuple) and message:
        # pyautogui.write(["a", "enter"]) presses keys by name.
        return in_order([Press(check_key(key)) for key in message])
    raise ActionError(f"write needs text or a list of keys, not {short(message)}")


def _press(arguments: Arguments) -> Action:
    keys = arguments.get("keys")
    presses = count(arguments.get("presses", 1), "presses", MAX_REPEATS)
    if isinstance(keys, list | tuple) and keys:
        count(len(keys) * presses, "the number of presses", MAX_REPEATS)
        return in_order([Press(check_key(key)) for key in keys] * presses)
    return Press(check_key(keys), presses)


def _hotkey(positional: Sequence[Any], named: Arguments) -> Action:
    _bound("hotkey", (), (), named)
    keys = positional[0] if len(positional) == 1 and isinstance(positional[0], list | tuple) else positional
    if not keys:
        raise ActionError("hotkey needs at least one key: hotkey('ctrl', 's')")
    return Hotkey(tuple(check_key(key) for key in keys))


def _sleep(arguments: Arguments) -> Action:
    seconds = arguments.get("seconds", arguments.get("secs"))
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e6:
        raise ActionError(f"sleep needs a number of seconds, not {short(seconds)}")
    return Wait(float(seconds))


def _relative(_: Arguments) -> Action:
    raise ActionError(
        "moves relative to the pointer are not taken: an action says where, as moveTo(x, y) and dragTo(x, y)"
    )


_Meaning = Callable[[Arguments], Action]
_TABLE: Mapping[str, tuple[tuple[str, ...], _Meaning]] = {
    "click": (("x", "y", "clicks", "interval", "button", "duration", "tween"), _click),
    "leftClick": (("x", "y", "interval", "duration", "tween"), lambda a: _click(a, clicks=1, which="left")),
    "rightClick": (("x", "y", "interval", "duration", "tween"), lambda a: RightClick(*_at(a))),
    "middleClick": (("x", "y", "interval", "duration", "tween"), lambda a: _click(a, clicks=1, which="middle")),
    "doubleClick": (
        ("x", "y", "interval", "button", "duration", "tween"),
        lambda a: DoubleClick(*_at(a)) if button(a.get("button", "left")) == "left" else _click({**a, "clicks": 2}),
    ),
    "tripleClick": (("x", "y", "interval", "button", "duration", "tween"), lambda a: _click(a, clicks=3)),
    "moveTo": (("x", "y", "duration", "tween"), lambda a: MoveTo(*_there("moveTo", a))),
    "dragTo": (
        ("x", "y", "duration", "tween", "button"),
        lambda a: DragTo(*_there("dragTo", a), button(a.get("button", "left"))),
    ),
    "move": (("xOffset", "yOffset", "duration", "tween"), _relative),
    "moveRel": (("xOffset", "yOffset", "duration", "tween"), _relative),
    "drag": (("xOffset", "yOffset", "duration", "tween", "button"), _relative),
    "dragRel": (("xOffset", "yOffset", "duration", "tween", "button"), _relative),
    "mouseDown": (
        ("x", "y", "button", "duration", "tween"),
        lambda a: _at_place(a, MouseDown(button(a.get("button", "left")))),
    ),
    "mouseUp": (
        ("x", "y", "button", "duration", "tween"),
        lambda a: _at_place(a, MouseUp(button(a.get("button", "left")))),
    ),
    "scroll": (("clicks", "x", "y"), _scroll),
    "vscroll": (("clicks", "x", "y"), _scroll),
    "hscroll": (("clicks", "x", "y"), _hscroll),
    "write": (("message", "interval"), _write),
    "typewrite": (("message", "interval"), _write),
    "press": (("keys", "presses", "interval"), _press),
    "keyDown": (("key",), lambda a: KeyDown(check_key(a.get("key")))),
    "keyUp": (("key",), lambda a: KeyUp(check_key(a.get("key")))),
    "sleep": (("seconds",), _sleep),
}


def _by_name(name: str) -> Callable[[Sequence[Any], Arguments], Action]:
    parameters, meaning = _TABLE[name]
    return lambda positional, named: meaning(_bound(name, parameters, positional, named))


CALLS: Mapping[str, Callable[[Sequence[Any], Arguments], Action]] = {
    **{name: _by_name(name) for name in _TABLE},
    "hotkey": _hotkey,
}
"""From the name of a pyautogui function to what a call of it with literal arguments means."""
