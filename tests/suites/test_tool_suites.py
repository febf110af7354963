from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
import pytest

from agentgym.evaluators import faults_of_spec
from agentgym.families import TOOLS, TaskFamily, of_split, suites
from agentgym.setup import check_step
from agentgym.tasks import parse_task, task_to_dict
from tests.suites.toolplay import drawn, score

pytestmark = pytest.mark.episodes

ROOT = Path(__file__).parents[2]
SUITES = ("code", "data", "shell")
FAMILIES = [(f"{suite}/{family.name}", family) for suite in SUITES for family in suites[suite].families.values()]

each_family = pytest.mark.parametrize("family", [one for _, one in FAMILIES], ids=[name for name, _ in FAMILIES])


each_near_miss = pytest.mark.parametrize(
    ("family", "near_miss"),
    [(one, near_miss) for _, one in FAMILIES for near_miss in one.near_misses],
    ids=[f"{name}: {near_miss}" for name, one in FAMILIES for near_miss in one.near_misses],
)


@each_family
def test_the_oracle_scores_one(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    assert [score(env, drawn(family, seed), family.oracle) for seed in range(2)] == [1, 1]


@each_family
def test_doing_nothing_scores_zero(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    assert score(env, drawn(family, 0), None) == 0


@each_near_miss
def test_a_near_miss_scores_less_than_one(env: gym.Env[Any, Any], family: TaskFamily, near_miss: str) -> None:
    assert score(env, drawn(family, 1), family.near_misses[near_miss]) < 1


def test_the_suites_are_played_with_tools_alone() -> None:
    assert {suites[suite].env for suite in SUITES} == {TOOLS}


@each_family
def test_every_seed_makes_a_task_that_survives_json(family: TaskFamily) -> None:
    for seed in range(6):
        task = drawn(family, seed)
        assert parse_task(msgspec.json.decode(msgspec.json.encode(task_to_dict(task)))) == task


@each_family
def test_every_task_can_be_set_up_and_judged(family: TaskFamily) -> None:
    for seed in range(6):
        task = drawn(family, seed)
        assert task.evaluator is not None
        assert list(faults_of_spec(task.evaluator)) == []
        for step in task.setup:
            check_step(step, "$")


@each_family
@pytest.mark.parametrize("split", ["train", "test"])
def test_there_is_variety_in_both_halves(family: TaskFamily, split: str) -> None:
    half = of_split(family, split)  # type: ignore[arg-type]  # one of the two
    tasks = [half.make(np.random.default_rng(seed)) for seed in range(30)]
    described = {(task.instruction, msgspec.json.encode(task.setup)) for task in tasks}
    assert len(described) >= 25


@each_family
def test_the_seed_decides_the_task(family: TaskFamily) -> None:
    assert drawn(family, 3) == drawn(family, 3)
    assert drawn(family, 3) != drawn(family, 4)


@each_family
def test_tasks_are_of_several_levels(family: TaskFamily) -> None:
    assert {drawn(family, seed).seed_params["level"] for seed in range(30)} == {1, 2, 3}


@each_family
def test_there_are_two_near_misses(family: TaskFamily) -> None:
    assert len(family.near_misses) >= 2


def test_the_page_of_these_suites_is_up_to_date() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "suites_page.py"))
    page = (ROOT / "docs" / "tool-suites.md").read_text()
    assert script["renewed"](page) == page, "type: python scripts/suites_page.py"
