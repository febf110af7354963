"""The actions of models that were trained to use computers: OpenAI's and Anthropic's, as actions of ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentgym.actions import (
    Action,
    Batch,
    Button,
    Click,
    Done,
    DoubleClick,
    DragTo,
    Fail,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    Scroll,
    TypeText,
    Wait,
    parse_action,
)
from agentgym.actions.quoting import cut, short
from agentgym.agents.computer_keys import chord, chords
from agentgym.agents.computer_tools import ANTHROPIC_ACTIONS, OPENAI_ACTIONS, OWN_ACTIONS, definition
from agentgym.errors import ActionError

__all__ = ["LOOKS", "definition", "pointer_after", "to_action", "zoom_region"]

Size: TypeAlias = tuple[int, int]

LOOKS = frozenset({"screenshot", "cursor_position", "zoom"})
"""Actions that only look. Here they wait, as each step shows the screen; whoever answers the model may do better."""

_PIXELS_A_CLICK = 100
_OPENAI_WAIT_S = 2.0
_LONGEST_S = 100.0
_MOST_REPEATS = 100
_BUTTONS: Mapping[object, Button] = {
    "left": "left",
    "right": "right",
    "wheel": "middle",
    "middle": "middle",
    1: "left",
    2: "middle",
    3: "right",
}
_SIDE_BUTTONS: Mapping[object, str] = {"back": "browserback", "forward": "browserforward"}
_WAYS = {"up": (0, 1), "down": (0, -1), "left": (-1, 0), "right": (1, 0)}


@dataclass(frozen=True)
class _Given:
    """What the model wrote, read with respect to the screens."""

    raw: Mapping[str, Any]
    screen: Size
    display: Size

    def place(self, value: object, name: str) -> tuple[int, int]:
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
            raise ActionError(f"{name} must be [x, y], not {short(value)}")
        x, y = (self._scaled(part, axis) for axis, part in enumerate(value))
        return x, y

    def coordinate(self) -> tuple[int, int]:
        if self.raw.get("coordinate") is None:
            raise ActionError(f"{self.raw['action']} needs a coordinate, [x, y]")
        return self.place(self.raw["coordinate"], "coordinate")

    def somewhere(self) -> tuple[int, int] | tuple[None, None]:
        return (None, None) if self.raw.get("coordinate") is None else self.coordinate()

    def point(self) -> tuple[int, int]:
        return self.place([self.raw.get("x"), self.raw.get("y")], "the place")

    def number(self, name: str, default: float | None = None, *, least: float = 0, most: float) -> float:
        value = self.raw.get(name)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ActionError(f"{name} must be a number from {least:g} to {most:g}, not {short(value)}")
        return value

    def whole(self, name: str, default: int | None = None, *, least: int = 0, most: int) -> int:
        value = self.number(name, default, least=least, most=most)
        if value != int(value):
            raise ActionError(f"{name} must be a whole number, not {value}")
        return int(value)

    def text(self) -> str:
        value = self.raw.get("text")
        if not isinstance(value, str):
            raise ActionError(f"text must be what is to be typed, not {short(value)}")
        return value

    def _scaled(self, value: object, axis: int) -> int:
        here, there = self.screen[axis], self.display[axis]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= there:
            width, height = self.display
            raise ActionError(f"{'xy'[axis]} is {short(value)}; the display is {width}x{height} pixels")
        return min(int((value + 0.5) * here / there), here - 1)


def to_action(raw: Mapping[str, Any], *, screen: Size, display: Size | None = None) -> Action:
    """The action that a model asks for.

    Args:
        raw: one of OpenAI's actions, ``{"type": "click", …}``, a whole ``computer_call`` with one or several; or the
            input of Anthropic's tool, ``{"action": "left_click", …}``. Of the definition that `definition` gives for
            function tools also ``{"action": "done"}`` and ``{"action": "fail"}``.
        screen: (width, height) of the machine's screen.
        display: that which the model was told, or the pictures that it is shown have; the screen's if None.

    Raises:
        ActionError: says what was given and what would be right.
    """
    if raw.get("type") == "computer_call":
        raw = {"actions": [raw["action"]]} if raw.get("action") is not None else {"actions": raw.get("actions")}
    if "actions" in raw:
        return _several(raw["actions"], screen=screen, display=display)
    given = _Given({key: value for key, value in raw.items() if value is not None}, screen, display or screen)
    read, known = _table(given.raw)
    unknown = sorted(map(str, given.raw.keys() - known))
    if unknown:
        raise ActionError(f"unknown: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    return parse_action(read(given))


def zoom_region(raw: Mapping[str, Any], *, screen: Size, display: Size | None = None) -> tuple[int, int, int, int]:
    """The part of the screen that Anthropic's ``zoom`` wants to see: left, top, and beyond it right, bottom.

    Raises:
        ActionError: if it is none.
    """
    region = raw.get("region")
    if not isinstance(region, Sequence) or isinstance(region, str) or len(region) != 4:
        raise ActionError(f"region must be [x0, y0, x1, y1], not {short(region)}")
    given = _Given(raw, screen, display or screen)
    (left, top), (right, bottom) = given.place(region[:2], "region"), given.place(region[2:], "region")
    if right <= left or bottom <= top:
        raise ActionError(f"region must go from its top left to its bottom right, not {short(region)}")
    return left, top, right, bottom


def pointer_after(action: Action, before: tuple[int, int]) -> tuple[int, int]:
    """Where the pointer is once an action was done, for who is asked for ``cursor_position``."""
    if isinstance(action, Batch):
        for part in action.actions:
            before = pointer_after(part, before)
        return before
    x, y = getattr(action, "x", None), getattr(action, "y", None)
    return before if x is None or y is None else (x, y)


def _several(actions: object, *, screen: Size, display: Size | None) -> Action:
    if not isinstance(actions, Sequence) or isinstance(actions, str) or not actions:
        raise ActionError(f"actions must be a list of actions, not {short(actions)}")
    for one in actions:
        if not isinstance(one, Mapping):
            raise ActionError(f"an action is an object with a type, not {short(one)}")
    done = tuple(to_action(one, screen=screen, display=display) for one in actions)
    return done[0] if len(done) == 1 else parse_action(Batch(done))


def _table(raw: Mapping[str, Any]) -> tuple[Callable[[_Given], Action], frozenset[str]]:
    """What reads an action, and the keys that it may have."""
    for key, table, fields in (
        ("type", _OPENAI, OPENAI_ACTIONS),
        ("action", _ANTHROPIC, ANTHROPIC_ACTIONS | OWN_ACTIONS),
    ):
        if key not in raw:
            continue
        name = raw[key]
        if not isinstance(name, str) or name not in table:
            raise ActionError(f"no action {short(name)}; there are {', '.join(table)}")
        return table[name], frozenset(fields[name]) | {key}
    raise ActionError(
        f"an action of a computer has a type (OpenAI's) or an action (Anthropic's), not {cut(str(dict(raw)))}"
    )


def _holding(names: object, action: Action) -> Action:
    """The action while keys are held."""
    if not names:
        return action
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, Sequence):
        raise ActionError(f"the keys that are held must be names, not {short(names)}")
    keys = chord(names)
    return Batch((*map(KeyDown, keys), action, *map(KeyUp, reversed(keys))))


def _pressed(keys: tuple[str, ...], times: int = 1) -> Action:
    if len(keys) == 1:
        return Press(keys[0], times)
    return Hotkey(keys) if times == 1 else Batch((Hotkey(keys),) * times)


# OpenAI's.


def _openai_click(given: _Given) -> Action:
    button = given.raw.get("button", "left")
    x, y = given.point()
    if not isinstance(button, str | int):
        raise ActionError(f"button must be a name such as 'left', not {short(button)}")
    if button in _SIDE_BUTTONS:
        # No backend has a mouse with five buttons; the keys do what these do.
        return _holding(given.raw.get("keys"), Batch((MoveTo(x, y), Press(_SIDE_BUTTONS[button]))))
    if button not in _BUTTONS:
        raise ActionError(f"no button {short(button)}; there are left, right, wheel, back and forward")
    return _holding(given.raw.get("keys"), Click(x, y, _BUTTONS[button]))


def _openai_double_click(given: _Given) -> Action:
    return _holding(given.raw.get("keys"), DoubleClick(*given.point()))


def _openai_drag(given: _Given) -> Action:
    path = given.raw.get("path")
    if not isinstance(path, Sequence) or isinstance(path, str) or len(path) < 2:
        raise ActionError(f"path must be two or more places, not {short(path)}")
    points = [part if not isinstance(part, Mapping) else [part.get("x"), part.get("y")] for part in path]
    start, *more = (given.place(point, "a place of path") for point in points)
    if len(more) == 1:
        return _holding(given.raw.get("keys"), Batch((MoveTo(*start), DragTo(*more[0]))))
    way: tuple[Action, ...] = (MoveTo(*start), MouseDown(), *(MoveTo(*place) for place in more), MouseUp())
    return _holding(given.raw.get("keys"), Batch(way))


def _openai_keypress(given: _Given) -> Action:
    keys = given.raw.get("keys")
    if not isinstance(keys, Sequence) or not keys:
        raise ActionError(f"keys must be a list of keys that are pressed together, not {short(keys)}")
    return _pressed(chord([keys] if isinstance(keys, str) else keys))


def _openai_scroll(given: _Given) -> Action:
    far = float(_PIXELS_A_CLICK * 1000)
    across, down = (_wheel(given.number(name, 0, least=-far, most=far)) for name in ("scroll_x", "scroll_y"))
    x, y = given.point()
    return _holding(given.raw.get("keys"), Scroll(dx=across, dy=-down, x=x, y=y))


def _wheel(pixels: float) -> int:
    """Turns of the wheel for a distance: at least one if there is any."""
    return int(math.copysign(max(1, round(abs(pixels) / _PIXELS_A_CLICK)), pixels)) if pixels else 0


_OPENAI: Mapping[str, Callable[[_Given], Action]] = {
    "click": _openai_click,
    "double_click": _openai_double_click,
    "drag": _openai_drag,
    "keypress": _openai_keypress,
    "move": lambda given: _holding(given.raw.get("keys"), MoveTo(*given.point())),
    "screenshot": lambda _: Wait(),
    "scroll": _openai_scroll,
    "type": lambda given: TypeText(given.text()),
    "wait": lambda _: Wait(_OPENAI_WAIT_S),
}


# Anthropic's.


def _held(given: _Given, action: Action) -> Action:
    # Its tool of January 2025 names the keys of a click `key`, later ones `text`.
    return _holding(given.raw.get("key") or given.raw.get("text"), action)


def _clicking(button: Button, clicks: int = 1) -> Callable[[_Given], Action]:
    def read(given: _Given) -> Action:
        x, y = given.somewhere()
        double = clicks == 2
        return _held(given, DoubleClick(x, y) if double else Click(x, y, button, clicks))

    return read


def _anthropic_drag(given: _Given) -> Action:
    end = DragTo(*given.coordinate())
    start = given.raw.get("start_coordinate")
    return _held(given, end if start is None else Batch((MoveTo(*given.place(start, "start_coordinate")), end)))


def _anthropic_key(given: _Given) -> Action:
    times = given.whole("repeat", 1, least=1, most=_MOST_REPEATS)
    pressed = [_pressed(keys, times) for keys in chords(given.raw.get("text"))]
    return pressed[0] if len(pressed) == 1 else Batch(tuple(pressed))


def _hold_key(given: _Given) -> Action:
    keys = [key for keys in chords(given.raw.get("text")) for key in keys]
    held = Wait(float(given.number("duration", most=_LONGEST_S)))
    return Batch((*map(KeyDown, keys), held, *map(KeyUp, reversed(keys))))


def _anthropic_scroll(given: _Given) -> Action:
    way = given.raw.get("scroll_direction")
    if not isinstance(way, str) or way not in _WAYS:
        raise ActionError(f"scroll_direction must be up, down, left or right, not {short(way)}")
    amount = given.whole("scroll_amount", most=1000)
    across, up = _WAYS[way]
    x, y = given.somewhere()
    return _held(given, Scroll(dx=across * amount, dy=up * amount, x=x, y=y))


def _anthropic_zoom(given: _Given) -> Action:
    zoom_region(given.raw, screen=given.screen, display=given.display)
    return Wait()


_ANTHROPIC: Mapping[str, Callable[[_Given], Action]] = {
    "key": _anthropic_key,
    "hold_key": _hold_key,
    "type": lambda given: TypeText(given.text()),
    "cursor_position": lambda _: Wait(),
    "mouse_move": lambda given: MoveTo(*given.coordinate()),
    "left_mouse_down": lambda _: MouseDown(),
    "left_mouse_up": lambda _: MouseUp(),
    "left_click": _clicking("left"),
    "left_click_drag": _anthropic_drag,
    "right_click": _clicking("right"),
    "middle_click": _clicking("middle"),
    "double_click": _clicking("left", 2),
    "triple_click": _clicking("left", 3),
    "scroll": _anthropic_scroll,
    "wait": lambda given: Wait(float(given.number("duration", most=_LONGEST_S))),
    "screenshot": lambda _: Wait(),
    "zoom": _anthropic_zoom,
    "done": lambda _: Done(),
    "fail": lambda _: Fail(),
}
