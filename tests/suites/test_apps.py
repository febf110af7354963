"""The suite `apps`: its tasks can be solved, but not by doing nothing, nor by what is nearly right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.actions import Done
from agentgym.cli.requirements import what_is_lacking
from agentgym.families import Script, TaskFamily, load_tasks, suites
from agentgym.suites.apps import SUITE
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


def test_the_suite_is_found_by_its_name() -> None:
    assert suites["apps"] is SUITE
    assert [task.id for task in load_tasks("apps")] == [f"apps/{name}" for name in SUITE.families]


def test_there_are_enough_families_for_six_applications() -> None:
    applications = {name for family in FAMILIES for name in drawn(family, 0).related_apps}
    assert len(FAMILIES) >= 16
    assert len(applications) >= 6


def test_names_of_families_are_unique() -> None:
    # The suite is a dict: a name given twice would have vanished from it.
    from agentgym.suites.apps import browser, calc, editor, files, mixed, terminal, writer

    modules = (browser, calc, editor, files, mixed, terminal, writer)
    assert sum(len(module.FAMILIES) for module in modules) == len(FAMILIES)


def test_one_family_is_infeasible_and_one_needs_two_applications() -> None:
    tasks = [drawn(family, 0) for family in FAMILIES]
    assert any(task.evaluator is not None and task.evaluator.infeasible for task in tasks)
    assert any(len(task.related_apps) == 2 for task in tasks)


@each_family
def test_every_seed_makes_a_task_that_survives_json(family: TaskFamily) -> None:
    for seed in range(20):
        task = drawn(family, seed)
        assert task.id == f"apps/{family.name}"
        assert task.instruction
        assert task.evaluator is not None
        assert task.max_steps is not None
        assert parse_task(json.loads(json.dumps(task_to_dict(task)))) == task


@each_family
def test_the_seed_decides_the_task(family: TaskFamily) -> None:
    assert all(drawn(family, seed) == drawn(family, seed) for seed in range(5))
    assert len({json.dumps(task_to_dict(drawn(family, seed))) for seed in range(20)}) > 1


@each_family
def test_the_oracle_has_steps_to_spare(family: TaskFamily) -> None:
    for seed in range(20):
        task = drawn(family, seed)
        assert sum(1 for _ in family.oracle(task)) < (task.max_steps or 0)


@each_family
def test_there_is_a_near_miss(family: TaskFamily) -> None:
    assert family.near_misses


@pytest.fixture(scope="module")
def env() -> Iterator[gym.Env[Any, Any]]:
    made: gym.Env[Any, Any] = gym.make(
        "agentgym/Desktop-v0", task="apps/note-save", settle_timeout=10.0, disable_env_checker=True
    )
    yield made
    made.close()


def begun(env: gym.Env[Any, Any], family: TaskFamily) -> Task:
    """The task of seed 1, in which nothing has been done; skips where an application is lacking."""
    task = drawn(family, 1)
    lacking = what_is_lacking(task.related_apps)
    if lacking is not None:
        pytest.skip(lacking)
    env.reset(seed=1, options={"task": task})
    return task


def score(env: gym.Env[Any, Any], task: Task, script: Script) -> float:
    """The score of a script that needs no observation, on the task that has begun."""
    for action in script(task):
        _, reward, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            return float(reward)
    return float(env.step(Done())[1])


def test_a_task_whose_application_is_lacking_is_skipped_with_what_to_type(
    env: gym.Env[Any, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="mousepad is not installed: sudo apt-get install mousepad"):
        begun(env, SUITE.families["note-save"])


@pytest.mark.desktop
@pytest.mark.slow
@each_family
def test_the_oracle_scores_one_and_doing_nothing_zero(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    base: Any = env.unwrapped
    task = begun(env, family)
    assert base.evaluate().value == 0
    assert score(env, task, family.oracle) == 1


@pytest.mark.desktop
@pytest.mark.slow
@pytest.mark.parametrize(("family", "script"), NEAR_MISSES)
def test_a_near_miss_scores_less_than_one(env: gym.Env[Any, Any], family: TaskFamily, script: Script) -> None:
    assert score(env, begun(env, family), script) < 1
