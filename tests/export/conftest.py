"""Recordings of the kinds that exporters meet: real environments, a real desktop, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from agentgym.errors import BackendError
from agentgym.runner import RolloutSpec, rollout
from agentgym.trajectory import Dataset
from agentgym.wrappers import RewardHooks, TrajectoryRecorder

Recordings = Callable[[str], Dataset]
Record = Callable[..., Dataset]

_CHOICES = ("pyautogui.press('a')", "pyautogui.hotkey('ctrl', 'a')", "WAIT")


class Pictures(gym.Env[Any, Any]):
    """A square that moves over a picture, higher than wide; the way right terminates, the fifth step truncates."""

    def __init__(self, observation_space: spaces.Space[Any] | None = None) -> None:
        self.observation_space = observation_space or spaces.Box(0, 255, (48, 40, 3), np.uint8)
        self.action_space: spaces.Space[Any] = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._steps = self._right = 0
        return self._observation(), self._info()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        self._right += int(action)
        return self._observation(), 0.1 * self._steps, self._right == 3, self._steps == 5, self._info()

    def _observation(self) -> Any:
        picture = np.full((48, 40, 3), 30, np.uint8)
        picture[4:9, 4 + 5 * self._right : 8 + 5 * self._right] = (200, 90, self._steps)
        return picture

    def _info(self) -> dict[str, Any]:
        return {
            "right": self._right,
            "where": np.array([self._steps, self._right], np.int16),
            "why": None,
            "odd": (1.5, float("nan")),
        }


class Keyed(Pictures):
    """The same, seen in several ways at once."""

    def __init__(self, **others: spaces.Space[Any]) -> None:
        picture = spaces.Box(0, 255, (48, 40, 3), np.uint8)
        parts: dict[str, spaces.Space[Any]] = {
            "picture": picture,
            "vector": spaces.Box(-np.inf, np.inf, (3,), np.float32),
            "count": spaces.Discrete(9),
            "flags": spaces.MultiBinary(4),
        }
        super().__init__(spaces.Dict(parts | others))

    def _observation(self) -> Any:
        return {
            "picture": super()._observation(),
            "vector": np.array([self._steps, self._right, -0.1], np.float32),
            "count": np.int64(self._steps),
            "flags": np.array([self._right & 1, 0, 1, 0], np.int8),
        }


class Speaking(Keyed):
    """The same with text, parts within parts, and actions of two parts."""

    def __init__(self) -> None:
        inner = spaces.Dict({"deep": spaces.Box(0, 1, (2, 2), np.float64), "pair": spaces.Tuple([spaces.Discrete(3)])})
        super().__init__(text=spaces.Text(40, charset="Füße 0123456789"), inner=inner)
        self.action_space = spaces.Dict({"right": spaces.Discrete(2), "force": spaces.Box(-1, 1, (2,), np.float32)})

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        return super().step(action["right"])

    def _observation(self) -> Any:
        inner = {"deep": np.full((2, 2), self._steps / 7), "pair": (np.int64(self._right % 3),)}
        return {**super()._observation(), "text": f"Füße {self._steps}", "inner": inner}


class Breaking(Pictures):
    """Its machine breaks in the third step of every second episode."""

    _episodes = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        self._episodes += 1
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self._episodes % 2 == 0 and self._steps == 2:
            raise BackendError("the display is gone", kind="display")
        return super().step(action)


def one(transition: Any) -> float:
    return 1.0


def play(env: gym.Env[Any, Any], path: Path, *, episodes: int = 4, steps: int = 100, levels: bool = True) -> Dataset:
    """Records random episodes; one that breaks is left as it is. ``levels``: reset with an option of that name."""
    recorder = TrajectoryRecorder(env, path)
    recorder.action_space.seed(3)
    for seed in range(episodes):
        recorder.reset(seed=seed, options={"level": (1, seed)} if levels else None)
        for _ in range(steps):
            try:
                _, _, terminated, truncated, _ = recorder.step(recorder.action_space.sample())
            except BackendError:
                break
            if terminated or truncated:
                break
    recorder.close()
    return Dataset(path)


def _desktop(path: Path) -> Dataset:
    patient = {"settle_timeout": 10.0}
    rollout(RolloutSpec(agent="oracle", task="apps/note-save", seed=0, env_kwargs=patient, record=str(path)))
    return Dataset(path)


def _desktop_choices(path: Path) -> Dataset:
    made = gym.make("agentgym/Desktop-v0", task="apps/note-save", screen=(640, 480), max_steps=4, settle_timeout=10.0)
    choices: gym.Env[Any, Any] = gym.wrappers.TransformAction(
        made, lambda choice: _CHOICES[choice], spaces.Discrete(len(_CHOICES))
    )
    return play(choices, path, episodes=2, levels=False)


RECORDINGS: dict[str, Callable[[Path], Dataset]] = {
    # Some fall within 15 steps, the others are truncated.
    "cartpole": lambda path: play(gym.make("CartPole-v1", max_episode_steps=15), path, episodes=8),
    "hooked": lambda path: play(RewardHooks(gym.make("CartPole-v1", max_episode_steps=15), bonus=one), path),
    "pendulum": lambda path: play(gym.make("Pendulum-v1", max_episode_steps=6), path),
    "pictures": lambda path: play(Pictures(), path, episodes=6),
    "keyed": lambda path: play(Keyed(), path, episodes=6),
    "speaking": lambda path: play(Speaking(), path, episodes=6),
    "breaking": lambda path: play(Breaking(), path, episodes=4),
    "unfinished": lambda path: play(Pictures(), path, episodes=3, steps=2),
    "nothing": lambda path: play(Pictures(), path, episodes=2, steps=0),
    "desktop": _desktop,
    "desktop_choices": _desktop_choices,
}


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    """The recording of a name, made when it is first asked for."""
    made: dict[str, Dataset] = {}

    def get(name: str) -> Dataset:
        if name not in made:
            made[name] = RECORDINGS[name](tmp_path_factory.mktemp("recordings") / name)
        return made[name]

    return get


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Records a few episodes of an environment."""
    return lambda env, name="data", **options: play(env, tmp_path / name, **options)
