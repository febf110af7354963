"""What the recording benchmark records: real desktop frames, stepped once and kept in a temporary folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, SupportsFloat

import cv2
import gymnasium as gym
import numpy as np
import numpy.typing as npt
from sessions import mixed_session, typing_session

__all__ = ["Frames", "Replay", "Silent", "small", "streams"]

Frames = npt.NDArray[np.uint8]

_FOLDER = Path(tempfile.gettempdir()) / "agentgym-benchmark-frames"


def streams() -> dict[str, Frames]:
    """By name, uint8 (steps + 1, 720, 1280, 3): somebody types; somebody uses two programs and their dialogues."""
    return {
        "typing": _cached("typing", partial(typing_session, 200)),
        "mixed": _cached("mixed", partial(mixed_session, 150)),
    }


def small(frames: Frames) -> Frames:
    """The same at 84x84."""
    return np.array([cv2.resize(frame, (84, 84), interpolation=cv2.INTER_AREA) for frame in frames])


class Replay(gym.Env[Any, Any]):
    """Shows recorded frames one after the other, from the first again after the last; costs nothing itself.

    Args:
        frames: at least one.
        episode: steps after which it is truncated; None for never.
        in_place: whether it is always the same array, as in an environment that draws.
    """

    def __init__(self, frames: Frames, *, episode: int | None = None, in_place: bool = False) -> None:
        self.observation_space = gym.spaces.Box(0, 255, frames.shape[1:], np.uint8)
        self.action_space = gym.spaces.Discrete(2)
        self._frames = frames
        self._episode = episode
        self._screen = np.empty(frames.shape[1:], np.uint8) if in_place else None
        self._at = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._steps = 0
        return self._show(), {}

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        self._steps += 1
        self._at = (self._at + 1) % len(self._frames)
        return self._show(), 0.0, False, self._steps == self._episode, {}

    def _show(self) -> Frames:
        frame: Frames = self._frames[self._at]
        if self._screen is None:
            return frame
        np.copyto(self._screen, frame)
        return self._screen


class Silent(gym.Env[Any, Any]):
    """Has nothing to show."""

    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return 0, {}

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        return 0, 0.0, False, False, {}


def _cached(name: str, record: Callable[[], Sequence[Frames]]) -> Frames:
    path = _FOLDER / f"{name}.npy"
    if not path.exists():
        frames = np.array(record())
        _FOLDER.mkdir(exist_ok=True)
        np.save(path, frames)
    found: Frames = np.load(path)
    return found
