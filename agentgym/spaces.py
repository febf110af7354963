"""Spaces of Unicode text and of actions, beside Gymnasium's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from gymnasium import spaces
from gymnasium.spaces.utils import flatten_space

from agentgym.actions import (
    Action,
    Batch,
    Click,
    DoubleClick,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    Wait,
    parse_action,
)
from agentgym.actions.limits import MAX_WRITTEN
from agentgym.actions.quoting import short
from agentgym.errors import ActionError, UsageError
from agentgym.registry import suggestion

__all__ = [
    "ActionForm",
    "ActionFormName",
    "Computer13",
    "PyAutoGUIText",
    "UnicodeText",
    "action_form",
    "observation_space",
]

ActionFormName: TypeAlias = Literal["pyautogui", "computer_13", "discrete"]

_LONGEST_OBSERVATION = 1 << 24
_ALPHABET = "abcdefghijklmnopqrstuvwxyz ABC,.;:-_<>/\n\tÀéßñ中文😀"


class UnicodeText(spaces.Space[str]):
    """Any text up to a length. Unlike `gymnasium.spaces.Text`, it has no alphabet and looks at the length alone.

    Args:
        max_length: in code points.
    """

    def __init__(
        self, max_length: int = _LONGEST_OBSERVATION, *, seed: int | np.random.Generator | None = None
    ) -> None:
        self.max_length = max_length
        super().__init__(None, str, seed)

    @property
    def is_np_flattenable(self) -> bool:
        return False

    @property
    def arguments(self) -> dict[str, Any]:
        """What the constructor makes an equal space from; plain JSON."""
        return {"max_length": self.max_length}

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A short text of mixed alphabets."""
        length = int(self.np_random.integers(0, min(self.max_length, 20) + 1))
        return "".join(self.np_random.choice(list(_ALPHABET), size=length))

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and len(x) <= self.max_length

    def to_jsonable(self, sample_n: Iterable[str]) -> list[str]:
        return list(sample_n)

    def from_jsonable(self, sample_n: list[Any]) -> list[str]:
        return [str(sample) for sample in sample_n]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.max_length == self.max_length

    def __hash__(self) -> int:
        return hash((type(self), self.max_length))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.max_length})"


class PyAutoGUIText(UnicodeText):
    """Actions as pyautogui code. Any text is in it; what cannot be read is a step in which nothing happens.

    Args:
        screen: (width, height) in pixels, where samples click.
    """

    def __init__(self, screen: tuple[int, int] = (1280, 720), *, seed: int | np.random.Generator | None = None) -> None:
        self.screen = (int(screen[0]), int(screen[1]))
        super().__init__(MAX_WRITTEN, seed=seed)

    @property
    def arguments(self) -> dict[str, Any]:
        return {"screen": list(self.screen)}

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A click, a move, a key or some letters."""
        x, y = (int(self.np_random.integers(limit)) for limit in self.screen)
        letters = "".join(self.np_random.choice(list("abcdefgh "), size=4))
        samples = (
            f"pyautogui.click({x}, {y})",
            f"pyautogui.moveTo({x}, {y})",
            "pyautogui.press('tab')",
            f"pyautogui.write({letters!r})",
        )
        return samples[int(self.np_random.integers(len(samples)))]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PyAutoGUIText) and other.screen == self.screen

    def __hash__(self) -> int:
        return hash((type(self), self.screen))

    def __repr__(self) -> str:
        return f"PyAutoGUIText({self.screen})"


class Computer13(spaces.Space[dict[str, Any]]):
    """OSWorld's ``computer_13`` actions: ``{"action_type": "CLICK", "parameters": {"x": 1, "y": 2}}``.

    Args:
        screen: (width, height) in pixels; coordinates lie on it.
    """

    def __init__(self, screen: tuple[int, int] = (1280, 720), *, seed: int | np.random.Generator | None = None) -> None:
        self.screen = (int(screen[0]), int(screen[1]))
        super().__init__(None, None, seed)

    @property
    def is_np_flattenable(self) -> bool:
        return False

    @property
    def arguments(self) -> dict[str, Any]:
        return {"screen": list(self.screen)}

    def sample(self, mask: Any = None, probability: Any = None) -> dict[str, Any]:
        """One of the kinds that need no state: clicks, moves, scrolls, keys, text, waiting."""
        x, y = (int(self.np_random.integers(limit)) for limit in self.screen)
        place = {"x": x, "y": y}
        samples: tuple[dict[str, Any], ...] = (
            {"action_type": "CLICK", "parameters": place},
            {"action_type": "MOVE_TO", "parameters": place},
            {"action_type": "SCROLL", "parameters": {"dx": 0, "dy": int(self.np_random.integers(-5, 6))}},
            {"action_type": "PRESS", "parameters": {"key": "tab"}},
            {"action_type": "TYPING", "parameters": {"text": "abc"}},
            {"action_type": "WAIT"},
        )
        return samples[int(self.np_random.integers(len(samples)))]

    def contains(self, x: Any) -> bool:
        if not isinstance(x, Mapping) or "action_type" not in x:
            return False
        try:
            action = parse_action(x)
        except ActionError:
            return False
        return _on_screen(action, self.screen)

    def to_jsonable(self, sample_n: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(sample_n)

    def from_jsonable(self, sample_n: list[Any]) -> list[dict[str, Any]]:
        return [dict(sample) for sample in sample_n]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Computer13) and other.screen == self.screen

    def __hash__(self) -> int:
        return hash((type(self), self.screen))

    def __repr__(self) -> str:
        return f"Computer13({self.screen})"


@dataclass(frozen=True)
class ActionForm:
    """How an environment's actions are written: the space that holds them, and what one of them means.

    ``decode`` takes whatever `parse_action` takes besides, and raises `ActionError`.
    """

    space: spaces.Space[Any]
    decode: Callable[[Any], Action]


def action_form(name: ActionFormName, screen: tuple[int, int]) -> ActionForm:
    """The form of that name for a screen of (width, height) pixels.

    Raises:
        UsageError: if there is none of that name.
    """
    match name:
        case "pyautogui":
            return ActionForm(PyAutoGUIText(screen), parse_action)
        case "computer_13":
            return ActionForm(Computer13(screen), parse_action)
        case "discrete":
            return _discrete(screen)
    raise UsageError(f"action is {short(name)}; {suggestion(str(name), get_args(ActionFormName))}")


def observation_space(kinds: Sequence[str], screen: tuple[int, int]) -> spaces.Dict:
    """The space of observations of these kinds.

    Raises:
        UsageError: if a kind is unknown or none is given.
    """
    known: dict[str, Callable[[], spaces.Space[Any]]] = {
        "screenshot": lambda: spaces.Box(0, 255, (screen[1], screen[0], 3), np.uint8),
        "accessibility_tree": UnicodeText,
        "terminal": UnicodeText,
        "instruction": UnicodeText,
    }
    unknown = [kind for kind in kinds if kind not in known]
    if not kinds:
        raise UsageError(f"nothing is observed; choose from {', '.join(known)}")
    if unknown:
        raise UsageError(f"no observation named {short(unknown[0])}; {suggestion(str(unknown[0]), known)}")
    return spaces.Dict({kind: known[kind]() for kind in kinds})


_COLUMNS, _ROWS = 32, 18
_DISCRETE_KEYS = (
    *"abcdefghijklmnopqrstuvwxyz0123456789",
    "space",
    "enter",
    "tab",
    "esc",
    "backspace",
    "delete",
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
)
_VERBS: tuple[Callable[[int, int, str], Action], ...] = (
    lambda _x, _y, _key: Wait(),
    lambda x, y, _key: Click(x, y),
    lambda x, y, _key: DoubleClick(x, y),
    lambda x, y, _key: RightClick(x, y),
    lambda x, y, _key: MoveTo(x, y),
    lambda x, y, _key: Scroll(0, 3, x, y),
    lambda x, y, _key: Scroll(0, -3, x, y),
    lambda _x, _y, key: Press(key),
)


def _discrete(screen: tuple[int, int]) -> ActionForm:
    """[verb, x of 32 columns, y of 18 rows, key]; verbs wait, click, double, right, move, scroll up and down, press."""
    space = spaces.MultiDiscrete([len(_VERBS), _COLUMNS, _ROWS, len(_DISCRETE_KEYS)])

    def decode(raw: Any) -> Action:
        if isinstance(raw, str | Mapping | Action):
            return parse_action(raw)
        verb, column, row, key = _choice(raw, space)
        x, y = (2 * column + 1) * screen[0] // (2 * _COLUMNS), (2 * row + 1) * screen[1] // (2 * _ROWS)
        return _VERBS[verb](x, y, _DISCRETE_KEYS[key])

    return ActionForm(space, decode)


def _choice(raw: Any, space: spaces.MultiDiscrete) -> list[int]:
    try:
        given = np.asarray(raw)
    except (ValueError, TypeError, OverflowError) as error:
        raise _no_choice(raw, space) from error
    whole = given.dtype.kind in "iu" and given.shape == space.shape
    if not whole or (given < 0).any() or (given >= space.nvec).any():
        raise _no_choice(raw, space)
    return [int(value) for value in given]


def _no_choice(raw: Any, space: spaces.MultiDiscrete) -> ActionError:
    shape = ", ".join(map(str, space.nvec))
    return ActionError(
        f"a discrete action is [verb, column, row, key], whole numbers below [{shape}], not {short(raw)}"
    )


def _on_screen(action: Action, screen: tuple[int, int]) -> bool:
    if isinstance(action, Batch):
        return all(_on_screen(part, screen) for part in action.actions)
    x, y = getattr(action, "x", None), getattr(action, "y", None)
    return (x is None or 0 <= x < screen[0]) and (y is None or 0 <= y < screen[1])


@flatten_space.register(UnicodeText)
@flatten_space.register(Computer13)
def _flatten(space: spaces.Space[Any]) -> spaces.Space[Any]:
    # Text has no array form; a flattened Dict keeps it as it is.
    return space
