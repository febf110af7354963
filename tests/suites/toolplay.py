"""Plays families of tools in the real sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np

from agentgym.agents import NoopAgent, ScriptedAgent
from agentgym.families import Script, TaskFamily
from agentgym.runner import Episode
from agentgym.tasks import Task


def drawn(family: TaskFamily, seed: int) -> Task:
    return family.make(np.random.default_rng(seed))


def drawn_where(family: TaskFamily, **params: Any) -> Task:
    """The first task with these among its seed_params."""
    tasks = (drawn(family, seed) for seed in range(300))
    return next(task for task in tasks if params.items() <= task.seed_params.items())


def score(env: gym.Env[Any, Any], task: Task, script: Script | None) -> float:
    """What a script scores; without one, what doing nothing does."""
    agent = NoopAgent() if script is None else ScriptedAgent(script)
    result = Episode(env, agent, seed=0, task=task).run()
    assert result.score is not None
    return result.score


def calls(*actions: Any) -> Script:
    """A script that does these one after the other."""

    def script(_: Task) -> Iterator[Any]:
        for action in actions:
            _seen = yield action

    return script  # type: ignore[return-value]  # a generator, as any that is sent something
