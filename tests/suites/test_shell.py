from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.suites.shell import SUITE
from agentgym.suites.shell.programs import PROGRAMS, Program
from agentgym.suites.toolmaking import bash
from agentgym.tasks import Task
from tests.suites.toolplay import calls, drawn, drawn_where, score

pytestmark = pytest.mark.episodes


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_every_fault_of_a_script_shows_in_every_input(program: Program, tmp_path: Path) -> None:
    script, input_file = tmp_path / "script", tmp_path / "input"

    def output(text: str) -> str:
        script.write_text(text)
        return subprocess.run(["bash", script, input_file], capture_output=True, text=True, check=False).stdout

    for seed in range(3):
        text = program.draw(np.random.default_rng(seed))
        input_file.write_text(text)
        assert output(program.text) == program.reference(text)
        for right, wrong in program.faults:
            assert program.text.count(right) == 1
            assert output(program.text.replace(right, wrong)) != program.reference(text), right


def test_files_may_be_listed_with_or_without_a_last_end_of_line(env: gym.Env[Any, Any]) -> None:
    family = SUITE.families["find-files"]
    task = drawn(family, 2)

    def solve(task: Task) -> Any:
        yield from family.oracle(task)
        yield bash('printf %s "$(cat ~/found.txt)" > /tmp/bare && cp /tmp/bare ~/found.txt')

    assert score(env, task, solve) == 1


def test_another_way_to_solve_a_merge_scores_one_too(env: gym.Env[Any, Any]) -> None:
    family = SUITE.families["git-merge"]
    task = drawn(family, 3)
    drawn_ = task.seed_params
    merged = "\n".join(
        (
            f"cd ~/{drawn_['name']} && git merge --no-commit {drawn_['branch']}",
            f"cat > limits.ini <<'END'\n{drawn_['merged']}END",
            f"git commit -qam '{drawn_['message']}'",
        )
    )
    assert score(env, task, calls(bash(merged))) == 1


def test_a_squashed_merge_is_none(env: gym.Env[Any, Any]) -> None:
    task = drawn(SUITE.families["git-merge"], 3)
    drawn_ = task.seed_params
    squashed = "\n".join(
        (
            f"cd ~/{drawn_['name']} && git merge --squash {drawn_['branch']}",
            f"cat > limits.ini <<'END'\n{drawn_['merged']}END",
            f"git add . && git commit -qm '{drawn_['message']}'",
        )
    )
    assert score(env, task, calls(bash(squashed))) == 0


def test_a_commit_that_was_made_in_another_way_scores_one_too(env: gym.Env[Any, Any]) -> None:
    task = drawn_where(SUITE.families["git-commit"], level=2)
    drawn_ = task.seed_params
    files = " ".join(drawn_["wanted"])
    script = (
        f"cd ~/{drawn_['name']} && git add . && git reset -q && git checkout -q -b {drawn_['on']} && "
        f"git add new.txt && git commit -q -m '{drawn_['subject']}' {files} && git log --oneline && git status --short"
    )
    assert score(env, task, calls(bash(script))) == 1


def test_compressed_logs_count(env: gym.Env[Any, Any]) -> None:
    family = SUITE.families["log-report"]
    task = drawn_where(family, level=3)
    last: Any = [*family.oracle(task)][-1]
    command = last.arguments["command"]
    assert score(env, task, calls(bash(command.replace("~/logs/*", "~/logs/*.log ~/logs/*.1")))) == 0
