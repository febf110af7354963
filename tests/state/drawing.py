"""A picture in which a square walks, and the same with a fault."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from agentgym.spaces import UnicodeText


class Walk(gym.Env[Any, Any]):
    """Starts where its generator says; walks ``stride`` pixels a step; ends after four."""

    observation_space = spaces.Dict({"screenshot": spaces.Box(0, 255, (60, 80, 3), np.uint8), "text": UnicodeText()})
    action_space = spaces.Discrete(2)

    def __init__(self, stride: int = 1) -> None:
        self.stride = stride

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.place, self.count = int(self.np_random.integers(5, 50)), 0
        return self.seen(), {"object": self, "tuple": (1, 2)}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.count += 1
        self.place += self.stride if action else -self.stride
        return self.seen(), float(self.place), self.count == 4, False, {}

    def seen(self) -> dict[str, Any]:
        screen = np.zeros((60, 80, 3), np.uint8)
        screen[10:20, self.place : self.place + 4] = 200
        return {"screenshot": screen, "text": f"steps: {self.count}\nplace: {self.place}"}

    def __repr__(self) -> str:
        return "<Walk>"


class Speck(Walk):
    """Has one wrong pixel in its third step."""

    def seen(self) -> dict[str, Any]:
        seen = super().seen()
        if self.count == 3:
            seen["screenshot"][44, 33] = (1, 2, 3)
        return seen


class Brighter(gym.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """Adds to every pixel."""

    def __init__(self, env: gym.Env[Any, Any], *, by: int) -> None:
        RecordConstructorArgs.__init__(self, by=by)
        super().__init__(env)
        self.by = by

    def observation(self, observation: Any) -> Any:
        return {**observation, "screenshot": observation["screenshot"] + np.uint8(self.by)}


class Unknown(gym.ActionWrapper[Any, Any, Any]):
    """Does not say what it was made with."""

    def __init__(self, env: gym.Env[Any, Any], turn: bool) -> None:
        super().__init__(env)
        self.turn = turn

    def action(self, action: Any) -> Any:
        return 1 - action if self.turn else action


gym.register("tests/Walk-v0", "tests.state.drawing:Walk")
