"""Tells in every ``info`` what the task's evaluator says of the state."""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from agentgym.errors import UsageError
from agentgym.rewards.evaluated import EVALUATOR_SCORE
from agentgym.tasks import Task

__all__ = ["EvaluatorScore"]


class EvaluatorScore(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Adds ``info["evaluator_score"]``, in [0, 1], of the reset and of every step; the reward stays as it is.

    It is what `agentgym.rewards.evaluator_progress` pays by. Standing in ``info`` it is recorded, so that a relabelled
    recording pays the same. It costs an evaluation a step; None for a last step that could not be judged.

    Args:
        env: an environment that has ``evaluate``, such as a desktop.

    Raises:
        UsageError: if it has none.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        if not callable(getattr(env.unwrapped, "evaluate", None)):
            raise UsageError(f"EvaluatorScore needs an environment with evaluate(), which {env.unwrapped} has not")

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Resets and evaluates.

        Raises:
            UsageError: if the task has no evaluator, or one whose ``postconfig`` changes the machine, as saving does:
                looking at the state would do part of the task.
            EvaluationError: if a getter or metric raised; from ``step`` likewise, before the last one.
        """
        observation, info = self.env.reset(seed=seed, options=options)
        task = getattr(self.env.unwrapped, "task", None)
        if isinstance(task, Task) and task.evaluator is not None and task.evaluator.postconfig:
            raise UsageError(f"the evaluator of {task.id!r} changes the machine (postconfig): score it at the end only")
        return observation, {**info, EVALUATOR_SCORE: self._score()}

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        score = None if info.get("failure") is not None else self._score()
        return observation, reward, terminated, truncated, {**info, EVALUATOR_SCORE: score}

    def _score(self) -> float:
        score = self.env.unwrapped.evaluate()  # type: ignore[attr-defined]  # looked for in __init__
        if score is None:
            raise UsageError("the task has no evaluator, so there is no score to tell")
        return float(score.value)
