"""How a metric is told to judge rightly where OSWorld's does not: by an option, by a task, for a whole run."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

from agentgym.backends.memory import MemoryBackend
from agentgym.evaluators import evaluate
from agentgym.tasks import parse_task, task_to_dict


def _task(**evaluator: Any) -> dict[str, Any]:
    """One that OSWorld takes for done, because the name is a part of another's."""
    return {
        "id": "a",
        "instruction": "Install lisp.",
        "evaluator": {
            "func": "is_extension_installed",
            "result": {"type": "rule", "rules": "lisp-more\n"},
            "expected": {"type": "rule", "rules": {"type": "contain", "expected": "lisp"}},
            **evaluator,
        },
    }


def _score(**evaluator: Any) -> float:
    spec = parse_task(_task(**evaluator)).evaluator
    assert spec is not None
    return evaluate(spec, MemoryBackend(), None).value


def test_task_is_judged_as_osworld_does_unless_it_is_strict() -> None:
    assert _score() == 1
    assert _score(strict=True) == 0
    assert _score(options={"strict": True}) == 0
    assert _score(options={"strict": False}, strict=True) == 1, "what a check says of itself goes before"


def test_metric_that_knows_no_strictness_is_not_told_of_it() -> None:
    rule = {"type": "rule", "rules": {"expected": "a"}}
    assert _score(func="exact_match", result={"type": "rule", "rules": "a"}, expected=rule, strict=True) == 1
    # Its own `strict` is about blanks, and OSWorld's.
    path = {"type": "rule", "rules": __file__}
    assert _score(func="compare_csv", result=path, expected=path, options={"strict": False}, strict=True) == 1


def test_strictness_of_a_task_survives_json() -> None:
    task = parse_task(_task(strict=True))
    assert parse_task(task_to_dict(task)) == task
    assert "strict" not in task_to_dict(parse_task(_task()))["evaluator"]


@pytest.mark.parametrize("strict", [False, True])
def test_whole_run_can_be_strict(strict: bool) -> None:
    env = gym.make("agentgym/Tools-v0", tasks=[_task()], tools=["submit"], strict=strict)
    env.reset(seed=0)
    assert env.unwrapped.task.evaluator.strict is strict  # type: ignore[attr-defined]  # what this environment has
    _, reward, terminated, _, _ = env.step({"name": "submit", "arguments": {"answer": "done"}})
    env.close()
    assert (reward, terminated) == (float(not strict), True)
