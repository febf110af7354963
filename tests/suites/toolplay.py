"""Plays families of tools in a real sandbox."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.agents import NoopAgent, ScriptedAgent
from agentgym.families import Script, Suite, TaskFamily
from agentgym.runner import Episode
from agentgym.tasks import Task

__all__ = ["calls", "drawn", "drawn_where", "each_family", "score"]


def drawn(family: TaskFamily, seed: int) -> Task:
    return family.make(np.random.default_rng(seed))


def drawn_where(family: TaskFamily, **params: Any) -> Task:
    """The first task with these among what was drawn for it."""
    tasks = (drawn(family, seed) for seed in range(300))
    return next(task for task in tasks if params.items() <= task.seed_params.items())


def score(env: gym.Env[Any, Any], task: Task, script: Script | None) -> float:
    """What a script scores; None does nothing."""
    agent = NoopAgent() if script is None else ScriptedAgent(script)
    result = Episode(env, agent, seed=0, task=task).run()
    assert result.score is not None
    return result.score


def calls(*actions: Any) -> Script:
    """A script of these."""

    def script(_: Task) -> Any:
        for action in actions:
            _seen = yield action

    return script


def each_family(suite: Suite) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("family", list(suite.families.values()), ids=list(suite.families))
