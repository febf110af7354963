"""The agent that does anything, anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from agentgym.actions import Action, Click, DoubleClick, MoveTo, Press, RightClick, Scroll, TypeText
from agentgym.agents.base import Emit, agents
from agentgym.errors import UsageError
from agentgym.families import Observation
from agentgym.tasks import Task

__all__ = ["RandomAgent"]

_KEYS = ("enter", "tab", "esc", "backspace", "delete", "up", "down", "left", "right", "home", "end", "f10")
_LETTERS = "abcdefghijklmnopqrstuvwxyz "


class RandomAgent:
    """Draws clicks, keys, texts and turns of the wheel on a desktop. It never says that it is done.

    Elsewhere it draws from the environment's action space, such as calls of the tools that are offered.

    Args:
        seed: the same seed draws the same actions.
        screen: (width, height) where the observation has no screenshot to tell it.
    """

    def __init__(self, *, seed: int = 0, screen: tuple[int, int] = (1280, 720)) -> None:
        self._random = np.random.default_rng(seed)
        self._screen = screen
        # Of its own: what is drawn on a desktop does not depend on where else the agent acts.
        self._seeds = np.random.default_rng([seed, 1])
        self._space: gym.Space[Any] | None = None

    def draw_from(self, space: gym.Space[Any]) -> None:
        """Takes the environment's action space, and seeds it."""
        self._space = space
        space.seed(int(self._seeds.integers(2**31)))

    def reset(self, task: Task, emit: Emit) -> None:
        """Goes on drawing: each episode is another one."""

    def act(self, observation: Observation | str) -> Any:
        """An action on the desktop that is seen, or a sample of the action space where there is no desktop.

        Raises:
            UsageError: if there is no desktop and no action space is known.
        """
        if isinstance(observation, Mapping):
            return self._on_screen(observation)
        if self._space is None:
            raise UsageError("the random agent needs to know what can be done here: draw_from(env.action_space)")
        return self._space.sample()

    def _on_screen(self, observation: Observation) -> Action:
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
