from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agentgym.envs.choice import TaskChoice
from agentgym.errors import UsageError
from agentgym.families import DESKTOP, TOOLS, Suite, TaskFamily, env_of, load_tasks, of_split, suites
from agentgym.results import plan
from agentgym.runner import RolloutSpec
from agentgym.tasks import Task


def make(rng: np.random.Generator) -> Task:
    return Task(id="halves/one", instruction="count", seed_params={"drawn": int(rng.integers(10**9))})


def script(_: Task) -> Any:
    yield "DONE"


FAMILY = TaskFamily("one", make, script)

if "halves" not in suites:
    suites.register("halves", Suite("halves", {"one": FAMILY}, "for the tests of splits", env=TOOLS))


def instances(split: Any, count: int = 50) -> list[int]:
    half = of_split(FAMILY, split)
    return [half.make(np.random.default_rng(seed)).seed_params["instance"] for seed in range(count)]


def test_no_instance_is_in_both_halves() -> None:
    assert max(instances("train")) < 2**31 <= min(instances("test"))


def test_what_is_drawn_depends_on_the_instance_alone() -> None:
    task = of_split(FAMILY, "test").make(np.random.default_rng(5))
    again = make(np.random.default_rng(task.seed_params["instance"]))
    assert task.seed_params == {**again.seed_params, "instance": task.seed_params["instance"], "split": "test"}


def test_a_split_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="split is 'dev'; it can be 'train' or 'test'"):
        load_tasks("halves", split="dev")  # type: ignore[arg-type]  # what a user may type


def test_tasks_are_loaded_from_a_half() -> None:
    (task,) = load_tasks("halves/one", split="test")
    assert task.seed_params["split"] == "test"
    assert "split" not in load_tasks("halves")[0].seed_params


def test_an_environment_draws_from_a_half_also_what_reset_names() -> None:
    choice = TaskChoice(None, "halves", split="test")
    drawn = choice.draw(np.random.default_rng(0), {})
    named = choice.draw(np.random.default_rng(0), {"task": "halves/one"})
    assert drawn.seed_params["split"] == named.seed_params["split"] == "test"


@pytest.mark.parametrize(
    ("task", "env"),
    [
        ("halves/one", TOOLS),
        ("apps/note-save", DESKTOP),
        (Task(id="halves/one", instruction=""), TOOLS),
        (Task(id="mine", instruction="", tools=("bash",)), TOOLS),
        (Task(id="mine", instruction="", tools=("bash",), related_apps=("mousepad",)), DESKTOP),
        (Task(id="mine", instruction=""), DESKTOP),
    ],
)
def test_a_task_is_played_where_its_suite_says(task: Task | str, env: str) -> None:
    assert env_of(task) == env


def test_a_plan_takes_the_environment_of_the_suite() -> None:
    (spec,) = plan("halves", RolloutSpec("oracle"))
    assert (spec.env, spec.env_kwargs) == (TOOLS, {})


def test_a_plan_keeps_another_environment_that_was_asked_for() -> None:
    (spec,) = plan("halves", RolloutSpec("noop", env="mine/Tools-v0"))
    assert spec.env == "mine/Tools-v0"


_WITHOUT_WIDGETS = """
import sys
sys.modules["PySide6"] = None
import gymnasium as gym
import agentgym
from agentgym.cli.app import main
from agentgym.errors import UsageError
try:
    gym.make("agentgym/Desktop-v0", task="nothere.json")
except UsageError as error:
    print(error, file=sys.stderr)
for call in (["validate", "nothere/"], ["run", "nothere/"], ["fetch", "nothere/"], ["validate", "given/on.json"]):
    try:
        main(call)
    except SystemExit as ended:
        assert ended.code == 2, ended.code
"""


@pytest.mark.episodes
def test_a_path_that_is_not_there_is_the_fault_though_a_suite_wants_a_library(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "one.json").write_text("{}")
    command = [sys.executable, "-c", _WITHOUT_WIDGETS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(said) == 5
    assert all("it is no file, no folder and no suite's name; suites are apps" in line for line in said[:4]), said
    assert said[4].endswith("did you mean 'given/one.json'?")
