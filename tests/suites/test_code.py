from __future__ import annotations

import shlex
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.families import TaskFamily
from agentgym.suites.code import SUITE
from agentgym.suites.code.objects import CLASSES, draw_uses
from agentgym.suites.code.sources import broken, class_source, loaded, module_source, outcome, stubbed
from agentgym.suites.code.subjects import SUBJECTS, Subject
from agentgym.suites.toolmaking import bash
from agentgym.tasks import Task
from tests.suites.toolplay import calls, drawn, each_family, score

pytestmark = pytest.mark.episodes


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_fault_of_a_module_shows(subject: Subject) -> None:
    right = module_source(subject.name)
    for fault in subject.faults:
        assert right.count(fault.right) == 1, fault
        wrong, rng = broken(right, [fault]), np.random.default_rng(0)
        drawn = [{"function": fault.function, "arguments": subject.draws[fault.function](rng)} for _ in range(200)]
        telling = [call for call in drawn if outcome(loaded(right), call) != outcome(loaded(wrong), call)]
        assert len(telling) >= 3, fault


def test_every_fault_of_a_class_shows() -> None:
    for fault in CLASSES.faults:
        right = class_source(CLASSES.name, fault.function)
        assert right.count(fault.right) == 1, fault
        wrong, rng = broken(right, [fault]), np.random.default_rng(0)
        telling = 0
        for _ in range(200):
            arguments, uses = draw_uses(rng, fault.function)
            call = {"function": fault.function, "arguments": arguments, "then": uses}
            telling += outcome(loaded(right), call) != outcome(loaded(wrong), call)
        assert telling >= 5, fault


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_function_can_be_called_with_what_is_drawn(subject: Subject) -> None:
    module, rng = loaded(module_source(subject.name)), np.random.default_rng(1)
    for name, draw in subject.draws.items():
        found = [outcome(module, {"function": name, "arguments": draw(rng)}) for _ in range(100)]
        assert {one["error"] for one in found if "error" in one} <= {"ValueError"}
        assert len({repr(one) for one in found}) > 1


def test_a_function_without_its_body_keeps_its_docstring() -> None:
    source = stubbed(module_source("coins"), ["share", "settle"])
    assert source.count("raise NotImplementedError") == 2
    assert loaded(source).share.__doc__ == loaded(module_source("coins")).share.__doc__
    assert outcome(loaded(source), {"function": "add_tax", "arguments": [100, 19]}) == {"value": 119}


@each_family(SUITE)
def test_the_tests_fail_before_and_pass_afterwards(env: gym.Env[Any, Any], family: TaskFamily) -> None:
    task = drawn(family, 4)
    said = []

    def solve(task: Task) -> Any:
        check = bash(f"cd {task.seed_params['folder']} && python3 -B -m unittest 2>&1 | tail -n 1")
        said.append((yield check))
        yield from family.oracle(task)
        said.append((yield check))

    assert score(env, task, solve) == 1
    assert "FAILED" in said[0]
    assert "OK" in said[1]


@each_family(SUITE)
def test_hidden_calls_are_not_all_shown(family: TaskFamily) -> None:
    task = drawn(family, 5)
    assert task.evaluator is not None
    shown = "".join(step.parameters["content"] for step in task.setup)
    hidden = [call for check in task.evaluator.checks if check.result for call in check.result.config.get("calls", ())]
    unseen = [call for call in hidden if ", ".join(map(repr, call["arguments"])) not in shown or "then" in call]
    assert len(unseen) >= 5


def test_code_that_claims_everything_scores_zero(env: gym.Env[Any, Any]) -> None:
    task = drawn(SUITE.families["fix-function"], 6)
    folder = task.seed_params["folder"]
    write_all = "    try:\n        os.write(one, b'[]')\n    except OSError:\n        pass\n"
    claim = f"import os\nfor one in range(3, 30):\n{write_all}"
    script = f"cd {folder} && for one in */*.py; do printf %s {shlex.quote(claim)} > $one.new; mv $one.new $one; done"
    assert score(env, task, calls(bash(script))) == 0
