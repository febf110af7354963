"""A small environment whose machine breaks to order, and agents for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from agentgym.agents import Emit
from agentgym.errors import BackendError, EvaluationError
from agentgym.evaluators import Score
from agentgym.events import Note
from agentgym.families import Observation
from agentgym.tasks import Task

__all__ = ["COUNTDOWN", "Countdown", "Counting"]

COUNTDOWN = "tests/Countdown-v0"


class Countdown(gym.Env[dict[str, Any], Any]):
    """Ends after so many steps, each paid 1; its machine breaks in the first ``faults`` episodes of the process."""

    observation_space = gym.spaces.Dict({"left": gym.spaces.Box(0, 1_000_000, (1,), np.int64)})
    action_space = gym.spaces.Discrete(2)
    broken = 0

    def __init__(self, *, faults: int = 0, unscorable: bool = False, hooks: Sequence[Any] = (), steps: int = 3) -> None:
        self._faults = faults
        self._length = steps
        self._unscorable = unscorable
        self.task = Task(id="countdown", instruction="count down", metadata={"hooks": hooks} if hooks else {})
        self.left = self._length

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        super().reset(seed=seed)
        self.left = self._length
        return self._seen(), {}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        if Countdown.broken < self._faults:
            Countdown.broken += 1
            raise BackendError("the display died", kind="display")
        self.left -= 1
        return self._seen(), 1.0, self.left == 0, False, {"left": self.left}

    def evaluate(self) -> Score:
        if self._unscorable:
            raise EvaluationError("the metric 'm' raised")
        return Score(0.5, {})

    def _seen(self) -> dict[str, Any]:
        return {"left": np.array([self.left])}


class Counting:
    """Does 1, and notes each action in the stream."""

    def reset(self, task: Task, emit: Emit) -> None:
        self.task = task
        self._emit = emit

    def act(self, observation: Observation) -> int:
        self._emit(Note(kind="seen", value=int(observation["left"][0])))
        return 1
