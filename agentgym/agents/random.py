"""The agent that does anything, anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from agentgym.actions import Action, Click, DoubleClick, MoveTo, Press, RightClick, Scroll, TypeText
from agentgym.agents.base import Emit, agents
from agentgym.families import Observation
from agentgym.tasks import Task

__all__ = ["RandomAgent"]

_KEYS = ("enter", "tab", "esc", "backspace", "delete", "up", "down", "left", "right", "home", "end", "f10")
_LETTERS = "abcdefghijklmnopqrstuvwxyz "


class RandomAgent:
    """Draws clicks, keys, texts and turns of the wheel. It never says that it is done.

    Args:
        seed: the same seed draws the same actions.
        screen: (width, height) where the observation has no screenshot to tell it.
    """

    def __init__(self, *, seed: int = 0, screen: tuple[int, int] = (1280, 720)) -> None:
        self._random = np.random.default_rng(seed)
        self._screen = screen

    def reset(self, task: Task, emit: Emit) -> None:
        """Goes on drawing: each episode is another one."""

    def act(self, observation: Observation) -> Action:
        kinds: Sequence[Callable[[int, int], Action]] = (
            MoveTo,
            Click,
            DoubleClick,
            RightClick,
            self._scroll,
            self._type,
            self._press,
        )
        x, y = (int(self._random.integers(size)) for size in self._size(observation))
        kind = kinds[int(self._random.integers(len(kinds)))]
        return kind(x, y)

    def _size(self, observation: Observation) -> tuple[int, int]:
        screenshot = observation.get("screenshot")
        return self._screen if screenshot is None else (screenshot.shape[1], screenshot.shape[0])

    def _scroll(self, x: int, y: int) -> Action:
        return Scroll(dy=int(self._random.integers(-5, 6)), x=x, y=y)

    def _type(self, _x: int, _y: int) -> Action:
        return TypeText("".join(self._random.choice(list(_LETTERS), size=self._random.integers(1, 9))))

    def _press(self, _x: int, _y: int) -> Action:
        return Press(str(self._random.choice(_KEYS)))


agents.register("random", RandomAgent)
