"""Environments that a command is told to make, by an id or by the tasks that are played in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from agentgym.envs.making import made_by_id
from agentgym.errors import UsageError
from agentgym.families import env_of, load_tasks, suites

__all__ = ["made_env"]


def made_env(target: str, options: Mapping[str, Any]) -> gym.Env[Any, Any]:
    """The environment of an id, or of a suite, ``"suite/name"``, a file or a folder.

    Args:
        options: for ``gymnasium.make``.

    Raises:
        UsageError: if there is nothing of that name, its tasks are for two kinds of environment, or the options do not
            fit.
        TaskError: if a file is malformed.
    """
    env_id, told = _named(target)
    return made_by_id(env_id, {**told, **options})


def _named(target: str) -> tuple[str, dict[str, Any]]:
    """The id of an environment, and what it is told of its tasks."""
    if target in gym.registry:
        return target, {}
    if target.partition("/")[0] in suites:
        return env_of(target), {"task" if "/" in target else "tasks": target}
    tasks = load_tasks(target)
    kinds = {env_of(task) for task in tasks}
    if len(kinds) != 1:
        raise UsageError(f"{target} has tasks for {' and '.join(sorted(kinds)) or 'nothing'}; choose one of them")
    return kinds.pop(), {"task": tasks[0]} if len(tasks) == 1 else {"tasks": tasks}
