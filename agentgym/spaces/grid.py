"""Actions as a few whole numbers, for libraries that train policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from agentgym.actions import (
    Action,
    Batch,
    Click,
    DoubleClick,
    Hotkey,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    TypeText,
    Wait,
    parse_action,
)
from agentgym.actions.quoting import short
from agentgym.errors import ActionError, UsageError

__all__ = ["KEYS", "VERBS", "ActionGrid", "pointed_verbs", "quoted"]

_WORDS = 8
_SCROLL = 3

KEYS = (
    *(f"word{number}" for number in range(_WORDS)),
    *("enter", "tab", "esc", "space", "backspace", "delete", "up", "down", "left", "right"),
    *("home", "end", "pageup", "pagedown", "ctrl+a", "ctrl+c", "ctrl+v", "ctrl+x", "ctrl+z"),
    *"0123456789abcdefghijklmnopqrstuvwxyz.,-+*/=:@",
)
"""What ``"key"`` can press. ``word0`` types the first text that stands in quotes in the instruction."""

_At: TypeAlias = Callable[[int, int], Action]

_POINTED: Mapping[str, _At] = {
    "click": Click,
    "double_click": DoubleClick,
    "right_click": RightClick,
    "move": MoveTo,
    "grab": lambda x, y: Batch((MoveTo(x, y), MouseDown())),
    "drop": lambda x, y: Batch((MoveTo(x, y), MouseUp())),
    "scroll_up": lambda x, y: Scroll(0, _SCROLL, x, y),
    "scroll_down": lambda x, y: Scroll(0, -_SCROLL, x, y),
}

_SIMPLE: Mapping[type[Action], str] = {
    Click: "click",
    DoubleClick: "double_click",
    RightClick: "right_click",
    MoveTo: "move",
    Wait: "wait",
    Press: "key",
    Hotkey: "key",
    TypeText: "key",
}

VERBS = ("wait", *_POINTED, "key")
"""What can be done: most of it at a place, ``grab`` and ``drop`` being the two halves of a drag."""


def pointed_verbs(verbs: Sequence[str]) -> list[str]:
    """Those of the verbs that are done at a place."""
    return [verb for verb in verbs if verb in _POINTED]


def quoted(instruction: str) -> list[str]:
    """The texts that stand in double quotes in an instruction."""
    return re.findall(r'"([^"]*)"', instruction)


@dataclass(frozen=True)
class ActionGrid:
    """Actions as [verb, column, row, key] in a `MultiDiscrete`, and back.

    What a verb has no use for is read over.

    Args:
        verbs: of `VERBS`.
        keys: of `KEYS`; one that does nothing if there is none.
        bins: columns and rows; a place is the middle of its cell.
        screen: (width, height) in pixels.

    Raises:
        UsageError: if a verb or key is unknown, or there are no bins.
    """

    verbs: tuple[str, ...]
    keys: tuple[str, ...]
    bins: tuple[int, int]
    screen: tuple[int, int]
    sizes: tuple[int, int, int, int] = field(init=False)
    space: spaces.MultiDiscrete = field(init=False)

    def __post_init__(self) -> None:
        _check_known("verb", self.verbs, VERBS)
        _check_known("key", self.keys, KEYS)
        if not self.verbs:
            raise UsageError(f"verbs is empty; choose from {', '.join(VERBS)}")
        if not _are_bins(self.bins):
            raise UsageError(f"bins is {self.bins!r}; it must be (columns, rows), one at least")
        sizes = (len(self.verbs), *self.bins, max(1, len(self.keys)))
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "space", spaces.MultiDiscrete(list(sizes)))

    def decode(self, raw: Any, words: Sequence[str]) -> Action:
        """What [verb, column, row, key] means; whatever else `parse_action` takes is taken, too.

        Args:
            words: that ``word0`` and the following keys type.

        Raises:
            ActionError: if it is none of these.
        """
        if isinstance(raw, str | Mapping | Action):
            return parse_action(raw)
        verb, column, row, key = self._numbers(raw)
        return self.action(self.verbs[verb], *self._middle(column, row), key, words)

    def action(self, verb: str, x: int, y: int, key: int, words: Sequence[str]) -> Action:
        """What a verb does at a pixel, or with the key of that number."""
        if verb == "wait":
            return Wait()
        if verb == "key":
            return _pressed(self.keys[key], words) if self.keys else Wait()
        return _POINTED[verb](x, y)

    def encode(self, action: Action, words: Sequence[str]) -> npt.NDArray[np.int64]:
        """The numbers, int64 (4,), that mean the action, or the nearest place to it.

        Raises:
            ActionError: if there are none.
        """
        name = _verb_of(action)
        if name not in self.verbs:
            raise ActionError(f"{action} is none of {', '.join(self.verbs)}")
        column = row = key = 0
        if name == "key":
            wanted = _key_of(action, words)
            if wanted not in self.keys:
                raise ActionError(f"{action} is no key of {', '.join(self.keys)}")
            key = self.keys.index(wanted)
        elif name != "wait":
            first = action.actions[0] if isinstance(action, Batch) else action
            column, row = self._cell(getattr(first, "x", None), getattr(first, "y", None))
        return np.array([self.verbs.index(name), column, row, key], np.int64)

    def _numbers(self, raw: Any) -> list[int]:
        try:
            given = np.asarray(raw)
        except (ValueError, TypeError, OverflowError) as error:
            raise self._no_action(raw) from error
        if given.shape == (4,) and given.dtype.kind in "iu":
            numbers: list[int] = given.tolist()
            verb, column, row, key = self.sizes
            if 0 <= numbers[0] < verb and 0 <= numbers[1] < column and 0 <= numbers[2] < row and 0 <= numbers[3] < key:
                return numbers
        raise self._no_action(raw)

    def _no_action(self, raw: Any) -> ActionError:
        limits = ", ".join(map(str, self.sizes))
        return ActionError(
            f"a discrete action is [verb, column, row, key], whole numbers below [{limits}], not {short(raw)}"
        )

    def _middle(self, column: int, row: int) -> tuple[int, int]:
        (width, height), (columns, rows) = self.screen, self.bins
        return (2 * column + 1) * width // (2 * columns), (2 * row + 1) * height // (2 * rows)

    def _cell(self, x: int | None, y: int | None) -> tuple[int, int]:
        if x is None or y is None:
            raise ActionError("an action without a place has no cell")
        (width, height), (columns, rows) = self.screen, self.bins
        return x * columns // width, y * rows // height


def _are_bins(given: Sequence[int]) -> bool:
    return len(given) == 2 and min(given) >= 1


def _check_known(kind: str, given: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(f"no {kind} {unknown[0]!r}; choose from {', '.join(known)}")


def _pressed(key: str, words: Sequence[str]) -> Action:
    if key.startswith("word"):
        number = int(key.removeprefix("word"))
        return TypeText(words[number]) if number < len(words) else Wait()
    return Hotkey(tuple(key.split("+"))) if key.startswith("ctrl+") else Press(key)


def _key_of(action: Action, words: Sequence[str]) -> str | None:
    match action:
        case Press(key, 1):
            return key
        case Hotkey(keys):
            return "+".join(keys)
        case TypeText(text) if text in words:
            return f"word{list(words).index(text)}"
        case TypeText(text) if len(text) == 1:
            return text
    return None


def _verb_of(action: Action) -> str | None:
    match action:
        case Scroll(dx=0, dy=dy):
            return {_SCROLL: "scroll_up", -_SCROLL: "scroll_down"}.get(dy)
        case Batch((MoveTo(), (MouseDown(button="left") | MouseUp(button="left")) as half)):
            return "grab" if isinstance(half, MouseDown) else "drop"
        case Click(button="left", clicks=1) | DoubleClick() | RightClick() | MoveTo():
            return _SIMPLE[type(action)]
    return _SIMPLE.get(type(action)) if isinstance(action, Wait | Press | Hotkey | TypeText) else None
