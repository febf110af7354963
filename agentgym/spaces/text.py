"""Spaces of Unicode text and of written actions, beside Gymnasium's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.spaces.utils import flatten_space

from agentgym.actions import Action, Batch, parse_action
from agentgym.actions.limits import MAX_WRITTEN
from agentgym.errors import ActionError

__all__ = ["Computer13", "PyAutoGUIText", "UnicodeText"]

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
        tags: whether ``tag_1``, ``tag_2`` and so on are places: those of numbered marks on the screen.
        code: whether it may be any Python, which runs inside the machine; no sample is more than a literal call.
    """

    def __init__(
        self,
        screen: tuple[int, int] = (1280, 720),
        *,
        tags: bool = False,
        code: bool = False,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        self.screen = (int(screen[0]), int(screen[1]))
        self.tags, self.code = tags, code
        super().__init__(MAX_WRITTEN, seed=seed)

    @property
    def arguments(self) -> dict[str, Any]:
        return {"screen": list(self.screen), **{name: True for name in ("tags", "code") if getattr(self, name)}}

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A click, a move, a key or some letters."""
        x, y = (int(self.np_random.integers(limit)) for limit in self.screen)
        letters = "".join(self.np_random.choice(list("abcdefgh "), size=4))
        samples = (
            f"pyautogui.click({x}, {y})",
            f"pyautogui.moveTo({x}, {y})",
            "pyautogui.press('tab')",
            f"pyautogui.write({letters!r})",
            *([f"pyautogui.click(tag_{1 + x % 20})"] if self.tags else []),
        )
        return samples[int(self.np_random.integers(len(samples)))]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PyAutoGUIText) and other.arguments == self.arguments

    def __hash__(self) -> int:
        return hash((type(self), self.screen, self.tags, self.code))

    def __repr__(self) -> str:
        more = "".join(f", {name}=True" for name in ("tags", "code") if getattr(self, name))
        return f"PyAutoGUIText({self.screen}{more})"


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
