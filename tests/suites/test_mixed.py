"""The suite `mixed`: neither the desktop nor the tools alone do its tasks."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.actions import Done, RawAction, ToolCall
from agentgym.cli.requirements import what_is_lacking
from agentgym.evaluators import faults_of_spec
from agentgym.families import Script, TaskFamily, of_split, suites
from agentgym.suites.mixed import SUITE
from agentgym.tasks import Task, parse_task, task_to_dict

FAMILIES = tuple(SUITE.families.values())
NEAR_MISSES = [
    pytest.param(family, script, id=f"{family.name}: {name}")
    for family in FAMILIES
    for name, script in family.near_misses.items()
]
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def drawn(family: TaskFamily, seed: int) -> Task:
    return family.make(np.random.default_rng(seed))


def idle(_task: Task) -> Generator[RawAction, Any, None]:
    yield Done()


def without(script: Script, half: type[Any], *, but: bool) -> Script:
    """A script less its calls of tools, or (``but``) less all that is none."""

    def left(task: Task) -> Generator[RawAction, Any, None]:
        moves = script(task)
        observation: Any = None
        while True:
            try:
                action = next(moves) if observation is None else moves.send(observation)
            except StopIteration:
                return
            if isinstance(action, half) is but:
                observation = yield action
            else:
                # What the other half would have been told.
                observation = {"tool_result": '[call-1-0] sql\n{"rows":[[0]]}\n| 2011 | 0 |'}

    return left


def test_the_suite_is_found_and_played_on_a_desktop() -> None:
    assert suites["mixed"] is SUITE
    assert SUITE.env == "agentgym/Desktop-v0"
    assert len(FAMILIES) >= 4


@each_family
def test_every_seed_makes_a_good_task_that_survives_json(family: TaskFamily) -> None:
    for seed in range(20):
        task = drawn(family, seed)
        assert task.id == f"mixed/{family.name}"
        assert task.tools
        assert task.related_apps
        assert task.evaluator is not None
        assert list(faults_of_spec(task.evaluator)) == []
        assert parse_task(json.loads(json.dumps(task_to_dict(task)))) == task
        assert drawn(family, seed) == task


@each_family
def test_both_halves_have_many_tasks_and_share_none(family: TaskFamily) -> None:
    halves = []
    for split in ("train", "test"):
        half = of_split(family, split)
        tasks = [half.make(np.random.default_rng(seed)) for seed in range(30)]
        halves.append({json.dumps(task_to_dict(task)["evaluator"]) for task in tasks})
    assert min(len(half) for half in halves) >= 25
    assert not halves[0] & halves[1]


@pytest.fixture(scope="module")
def env() -> Iterator[gym.Env[Any, Any]]:
    made: gym.Env[Any, Any] = gym.make(
        "agentgym/Desktop-v0",
        task="mixed/door",
        observation=("screenshot", "tool_result"),
        settle_timeout=10.0,
        disable_env_checker=True,
    )
    yield made
    made.close()


def played(env: gym.Env[Any, Any], family: TaskFamily, script: Script) -> float:
    """The score of a script on the task of seed 1; skips where the application is lacking."""
    task = drawn(family, 1)
    lacking = what_is_lacking(task.related_apps)
    if lacking is not None:
        pytest.skip(lacking)
    env.reset(seed=1, options={"task": task})
    moves = script(task)
    action: RawAction = next(moves)
    while True:
        observation, reward, terminated, truncated, info = env.step(action)
        assert info["action_error"] is None
        if terminated or truncated:
            return float(reward)
        try:
            action = moves.send(observation)
        except StopIteration:
            action = Done()


@pytest.mark.desktop
@each_family
def test_the_oracle_scores_one_and_doing_nothing_zero(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    assert played(env, family, family.oracle) == 1
    assert played(env, family, idle) == 0


@pytest.mark.desktop
@each_family
@pytest.mark.parametrize("tools_alone", [True, False], ids=["tools alone", "desktop alone"])
def test_half_of_the_oracle_is_not_enough(env: gym.Env[Any, Any], family: TaskFamily, tools_alone: bool) -> None:
    assert played(env, family, without(family.oracle, ToolCall, but=tools_alone)) < 1


@pytest.mark.desktop
@pytest.mark.slow
@pytest.mark.parametrize(("family", "script"), NEAR_MISSES)
def test_a_near_miss_scores_less_than_one(env: gym.Env[Any, Any], family: TaskFamily, script: Script) -> None:
    assert played(env, family, script) < 1
