"""Small environments of the kinds that a recorder meets."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from agentgym.tasks import Task


class Images(gym.Env[Any, Any]):
    """An 84x84 picture in which a square moves, as in an Atari game."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, 255, (84, 84, 3), np.uint8)
        self.action_space = spaces.Discrete(4)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._place = self.np_random.integers(10, 70, 2)
        self._steps = 0
        return self._picture(), {"place": self._place.copy()}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        self._place = np.clip(self._place + [(0, 1), (0, -1), (1, 0), (-1, 0)][int(action)], 0, 74)
        return self._picture(), float(self._place[0]), False, self._steps == 30, {"place": self._place.copy()}

    def _picture(self) -> Any:
        picture = np.full((84, 84, 3), 30, np.uint8)
        picture[self._place[0] : self._place[0] + 9, self._place[1] : self._place[1] + 9] = (200, 30, 90)
        return picture


class Mixed(gym.Env[Any, Any]):
    """Dict and Tuple spaces in one another, with texts, vectors and a picture."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Dict(
            {
                "screenshot": spaces.Box(0, 255, (30, 40, 3), np.uint8),
                "text": spaces.Text(5000),
                "inner": spaces.Dict({"vector": spaces.Box(-np.inf, np.inf, (3,), np.float32)}),
                "pair": spaces.Tuple([spaces.Discrete(9), spaces.MultiBinary(4)]),
            }
        )
        self.action_space = spaces.Tuple([spaces.Discrete(2), spaces.Box(-1, 1, (2,), np.float32)])

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.observation_space.seed(int(self.np_random.integers(2**31)))
        self._steps = 0
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        return self.observation_space.sample(), 0.25, self._steps == 4, False, {"deep": {"tuple": (1, np.float32(0.1))}}


class Typing(gym.Env[Any, Any]):
    """A 1280x720 screen on which one character a step appears; always the same array."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Dict({"screenshot": spaces.Box(0, 255, (720, 1280, 3), np.uint8)})
        self.action_space = spaces.Discrete(95)
        self._screen = np.zeros((720, 1280, 3), np.uint8)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._screen[:] = 240
        self._steps = 0
        return {"screenshot": self._screen}, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        left = 20 + 9 * self._steps
        self._steps += 1
        glyph = np.unpackbits(np.frombuffer(int(action * 7919 + 104729).to_bytes(12, "little"), np.uint8)).reshape(
            12, 8
        )
        self._screen[100:112, left : left + 8] = 240 * glyph[:, :, None]
        return {"screenshot": self._screen}, 0.0, False, self._steps == 40, {}


class Desktop(Images):
    """Names its task and timing, pays and scores at the end, can break, as an AgentGym environment does."""

    task = Task(id="tests/square", instruction="Move it.", max_steps=3)

    def __init__(
        self, render_mode: str | None = None, error: BaseException | None = None, score: float | None = 1.0
    ) -> None:
        super().__init__(render_mode)
        self.timing = {"perform": 0.5}
        self._error = error
        self._score = score

    def evaluate(self) -> SimpleNamespace | None:
        return None if self._score is None else SimpleNamespace(value=self._score, terms={"square": self._score})

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        observation, _, _, _, info = super().step(action)
        if self._error is not None and self._steps == 2:
            raise self._error
        last = self._steps == 3
        self.timing = {"perform": float(self._steps)}
        outcome = {"score": self._score} if last else {}
        return observation, float(last), last, False, {**info, **outcome, "reward_terms": {}}


class Memory(gym.Wrapper[Any, Any, Any, Any]):
    """Remembers copies of all that passed."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.episodes: list[tuple[list[Any], list[Any], list[Any]]] = []

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(**kwargs)
        self.episodes.append(([copy.deepcopy(observation)], [], []))
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        returned = self.env.step(action)
        observations, actions, outcomes = self.episodes[-1]
        observations.append(copy.deepcopy(returned[0]))
        actions.append(copy.deepcopy(action))
        outcomes.append(copy.deepcopy(returned[1:]))
        return returned


ENVIRONMENTS: dict[str, Callable[..., gym.Env[Any, Any]]] = {
    "cartpole": lambda **kwargs: gym.make("CartPole-v1", **kwargs),
    "images": Images,
    "mixed": Mixed,
    "typing": Typing,
    "desktop": Desktop,
}


@pytest.fixture
def make() -> Callable[..., gym.Env[Any, Any]]:
    """Makes an environment of `ENVIRONMENTS` by name."""
    return lambda name, **kwargs: ENVIRONMENTS[name](**kwargs)


@pytest.fixture
def remember() -> type[Memory]:
    return Memory
