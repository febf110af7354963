"""Other spaces for the actions of a small task: one number, a pointer, a Dict, text."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from agentgym.actions import Action
from agentgym.envs.microactions import MicroActions, pointed_verbs
from agentgym.errors import UsageError
from agentgym.spaces import PyAutoGUIText

__all__ = ["ContinuousPointer", "DiscreteGrid", "StructuredActions", "TextActions"]


class _Translated(gym.ActionWrapper[Any, Any, Any], RecordConstructorArgs):
    """Actions of one space, done as those of another."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        gym.ActionWrapper.__init__(self, env)
        if not env.has_wrapper_attr("actions"):
            raise UsageError(
                f"{type(self).__name__} wraps small tasks, such as agentgym/ClickButton-v0, whose actions are "
                f"[verb, column, row, key], not {env}"
            )
        self._grid: MicroActions = env.get_wrapper_attr("actions")
        self.action_space = self._space(self._grid)

    def _space(self, grid: MicroActions) -> spaces.Space[Any]:
        raise NotImplementedError


class DiscreteGrid(_Translated):
    """One number: first every place of the first verb row by row, then of the next; then every key; then waiting.

    Args:
        env: a small task. What its verbs need is there, and nothing else.
    """

    def _space(self, grid: MicroActions) -> spaces.Space[Any]:
        columns, rows = grid.bins
        self._rows: npt.NDArray[np.int64] = np.array(
            [
                *(
                    [grid.verbs.index(verb), column, row, 0]
                    for verb in pointed_verbs(grid.verbs)
                    for row in range(rows)
                    for column in range(columns)
                ),
                *([grid.verbs.index("key"), 0, 0, key] for key in range(len(grid.keys)) if "key" in grid.verbs),
                *([grid.verbs.index("wait"), 0, 0, 0] for _ in range("wait" in grid.verbs)),
            ],
            np.int64,
        )
        return spaces.Discrete(len(self._rows))

    def action(self, action: Any) -> npt.NDArray[np.int64]:
        if not self.action_space.contains(action):
            raise UsageError(f"the action {action!r} is not in {self.action_space}")
        row: npt.NDArray[np.int64] = self._rows[int(action)]
        return row

    def encode(self, action: Action) -> int:
        """The number that means an action, such as one of an oracle, or the nearest place to it.

        Raises:
            ActionError: if there is none.
        """
        numbers = self._grid.encode(action, self.env.get_wrapper_attr("words"))
        return int((self._rows == numbers).all(axis=1).argmax())


class ContinuousPointer(_Translated):
    """A place to the pixel, and what is done there: float32 in [-1, 1], of shape (2 + verbs + keys,).

    The first two numbers are x and y, from the left and upper edge to the other; then one for each verb and one for
    each key, of which the largest is chosen.

    Args:
        env: a small task.
    """

    def _space(self, grid: MicroActions) -> spaces.Space[Any]:
        return spaces.Box(-1.0, 1.0, (2 + len(grid.verbs) + len(grid.keys),), np.float32)

    def action(self, action: Any) -> Action:
        numbers = np.asarray(action, np.float64)
        if numbers.shape != self.action_space.shape or not np.isfinite(numbers).all():
            raise UsageError(f"the action {action!r} is not in {self.action_space}")
        verb = self._grid.verbs[int(numbers[2 : 2 + len(self._grid.verbs)].argmax())]
        keys = numbers[2 + len(self._grid.verbs) :]
        width, height = self._grid.screen
        share = (np.clip(numbers[:2], -1, 1) + 1) / 2
        x, y = (int(part * (extent - 1) + 0.5) for part, extent in zip(share, (width, height), strict=True))
        words = self.env.get_wrapper_attr("words")
        return self._grid.action(verb, x, y, int(keys.argmax()) if keys.size else 0, words)


class StructuredActions(_Translated):
    """A Dict of ``verb`` and ``key``, both Discrete, and ``place``, float32 (2,) in [0, 1] from the upper left.

    Args:
        env: a small task.
    """

    def _space(self, grid: MicroActions) -> spaces.Space[Any]:
        return spaces.Dict(
            verb=spaces.Discrete(len(grid.verbs)),
            place=spaces.Box(0.0, 1.0, (2,), np.float32),
            key=spaces.Discrete(max(1, len(grid.keys))),
        )

    def action(self, action: Any) -> Action:
        if not self.action_space.contains(action):
            raise UsageError(f"the action {action!r} is not in {self.action_space}")
        width, height = self._grid.screen
        x, y = (int(part * (extent - 1) + 0.5) for part, extent in zip(action["place"], (width, height), strict=True))
        words = self.env.get_wrapper_attr("words")
        return self._grid.action(self._grid.verbs[int(action["verb"])], x, y, int(action["key"]), words)


class TextActions(_Translated):
    """Text of pyautogui calls, as a language model writes them; what cannot be read is a step in which nothing happens.

    Args:
        env: a small task.
    """

    def _space(self, grid: MicroActions) -> spaces.Space[Any]:
        return PyAutoGUIText(grid.screen)

    def action(self, action: Any) -> Any:
        return action
