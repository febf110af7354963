"""Pays the reward hooks that the task itself names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from agentgym.rewards import Hook, named_hooks
from agentgym.tasks import Task
from agentgym.wrappers.reward_hooks import RewardHooks

__all__ = ["TaskRewardHooks"]


class TaskRewardHooks(RewardHooks):
    """`RewardHooks` with those of the present task, from its key ``reward_hooks``; none where it has none.

    A task may name ``"module:function"``, which is imported and called here, outside any sandbox: put it around
    environments whose task files you trust.

    Args:
        env: an environment whose ``unwrapped.task`` is a `Task`.

    Raises:
        TaskError: from ``reset``, if what the task says of its hooks cannot work; gives the JSON path.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)

    def _hooks_of_episode(self) -> Mapping[str, Hook]:
        task = getattr(self.env.unwrapped, "task", None)
        return named_hooks(task.metadata.get("reward_hooks", {})) if isinstance(task, Task) else {}
