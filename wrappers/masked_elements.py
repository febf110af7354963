"""Elements to choose from, and in the observation which of them there are."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from agentgym.wrappers.element_choice import ElementChoice

__all__ = ["MaskedElements"]


class MaskedElements(ElementChoice):
    """`ElementChoice` whose observation is a Dict with ``action_mask``, int8 (n,), for who is not shown ``info``.

    Args:
        env: a small task; an observation that is no Dict becomes its ``screenshot``.
        most: elements that can be chosen; further ones cannot.

    Raises:
        UsageError: if it is no small task.
    """

    def __init__(self, env: gym.Env[Any, Any], most: int = 32) -> None:
        super().__init__(env, most)
        RecordConstructorArgs.__init__(self, most=most)
        below = env.observation_space
        parts = dict(below.spaces) if isinstance(below, spaces.Dict) else {"screenshot": below}
        count = int(self.action_space.n)  # type: ignore[attr-defined]  # a Discrete's
        self.observation_space = spaces.Dict({**parts, "action_mask": spaces.Box(0, 1, (count,), np.int8)})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = super().reset(seed=seed, options=options)
        return self._with_mask(observation, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = super().step(action)
        return self._with_mask(observation, info), reward, terminated, truncated, info

    def _with_mask(self, observation: Any, info: dict[str, Any]) -> dict[str, Any]:
        seen = observation if isinstance(observation, dict) else {"screenshot": observation}
        return {**seen, "action_mask": info["action_mask"].copy()}
