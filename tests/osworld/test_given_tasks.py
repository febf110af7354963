from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentgym import load_tasks
from agentgym.cli.taskcheck import Verdict, check_tasks
from agentgym.evaluators import getters, metrics
from agentgym.results.planning import domains_of
from agentgym.setup import steps
from tests.osworld.counted import GETTERS, METRICS, OPTIONS, STEPS

TASKS = Path(__file__).parent / "tasks"

_TOLD = ("id", "instruction", "config", "related_apps", "evaluator", "snapshot")


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    return check_tasks(str(TASKS))


def test_every_given_task_is_read() -> None:
    tasks = load_tasks(TASKS)
    assert len(tasks) == 245
    assert {task.id for task in tasks} == {path.stem for path in TASKS.glob("*/*.json")}


def test_the_tree_by_its_index_is_read_as_the_folder_is(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(TASKS)
    index: dict[str, list[str]] = {}
    for path in sorted(TASKS.glob("*/*.json")):
        index.setdefault(path.parent.name, []).append(path.stem)
    (tmp_path / "test_all.json").write_text(json.dumps(index))
    assert load_tasks(tmp_path) == load_tasks(TASKS)
    assert domains_of(str(tmp_path)) == domains_of(str(TASKS))


def test_lines_with_the_keys_that_are_told_are_read_as_the_files_are(tmp_path: Path) -> None:
    lines = []
    for path in sorted(TASKS.glob("*/*.json")):
        raw = json.loads(path.read_text())
        lines.append(json.dumps({**{key: raw[key] for key in _TOLD if key in raw}, "max_steps": 15}))
    (tmp_path / "osworld_examples.jsonl").write_text("\n".join(lines))
    read = load_tasks(tmp_path / "osworld_examples.jsonl")
    whole = load_tasks(TASKS)
    assert [(task.id, task.setup, task.evaluator, task.related_apps, task.snapshot) for task in read] == [
        (task.id, task.setup, task.evaluator, task.related_apps, task.snapshot) for task in whole
    ]
    assert {task.max_steps for task in read} == {15}


def test_nothing_is_wrong_with_any(verdict: Verdict) -> None:
    assert [one.message for one in verdict.problems] == []


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_of_the_369_is_known(name: str) -> None:
    assert name == "infeasible" or name in metrics


@pytest.mark.parametrize("name", sorted({*GETTERS, *STEPS}))
def test_every_getter_and_step_of_the_369_is_known(name: str) -> None:
    assert name in getters or name in steps


def test_the_given_tasks_use_nothing_that_is_not_counted(verdict: Verdict) -> None:
    needs = [told.needs for told in verdict.needs]
    assert {name for one in needs for name in one.getters} <= set(GETTERS)
    assert {name for one in needs for name in one.metrics} <= set(METRICS)
    assert {name for one in needs for name in one.steps} <= set(STEPS)


def test_the_options_that_are_given_are_those_that_are_counted() -> None:
    found: set[str] = set()
    for path in TASKS.glob("*/*.json"):
        told = json.loads(path.read_text())["evaluator"].get("options", {})
        found.update(key for one in (told if isinstance(told, list) else [told]) for key in one or {})
    assert found <= set(OPTIONS)
