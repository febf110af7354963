from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym import Dataset
from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import EvaluationError, UsageError
from agentgym.rewards import evaluator_progress, relabel
from agentgym.tasks import parse_task
from agentgym.wrappers import EvaluatorScore, RewardHooks, TrajectoryRecorder


def _typed(backend: MemoryBackend, argv: Sequence[str]) -> Completed:
    return Completed(0, backend.typed.encode())


def _check(expected: str) -> dict[str, Any]:
    return {"type": "rule", "rules": {"include": [expected], "exclude": []}}


def desktop(**keys: Any) -> gym.Env[Any, Any]:
    typed = {"type": "vm_command_line", "command": ["typed"]}
    evaluator = {
        "func": ["check_include_exclude", "check_include_exclude"],
        "conj": "or",
        "result": [typed, typed],
        "expected": [_check("ab"), _check("abc")],
        **keys,
    }
    task = parse_task({"id": "a", "instruction": "Type abc.", "evaluator": evaluator, "max_steps": 3})
    return gym.make(
        "agentgym/Desktop-v0", task=task, backend=MemoryBackend(commands={"typed": _typed}), screen=(64, 48)
    )


def test_the_score_of_each_state_is_told_and_its_gain_paid(tmp_path: Path) -> None:
    hooks = {"gained": evaluator_progress()}
    env = TrajectoryRecorder(RewardHooks(EvaluatorScore(desktop()), **hooks), tmp_path)
    _, info = env.reset(seed=0)
    steps = [env.step({"action_type": "TYPING", "parameters": {"text": letter}}) for letter in "abx"]
    env.close()
    assert [info["evaluator_score"], *(step[4]["evaluator_score"] for step in steps)] == [0.0, 0.0, 1.0, 1.0]
    assert [step[4]["reward_terms"] for step in steps] == [
        {"env": 0.0, "gained": 0.0},
        {"env": 0.0, "gained": 1.0},
        {"env": 1.0, "gained": 0.0},
    ]
    assert relabel(Dataset(tmp_path)[0], hooks) == {"gained": [0.0, 1.0, 0.0]}


def test_an_evaluator_that_changes_the_machine_is_refused() -> None:
    env = EvaluatorScore(desktop(postconfig=[{"type": "sleep", "parameters": {"seconds": 0}}]))
    with pytest.raises(UsageError, match="'a' changes the machine"):
        env.reset(seed=0)


def test_a_task_without_evaluator_has_no_score_to_tell() -> None:
    env = EvaluatorScore(gym.make("agentgym/Desktop-v0", task={"id": "a", "instruction": "b"}, backend="memory"))
    with pytest.raises(UsageError, match="no evaluator"):
        env.reset(seed=0)


def test_an_environment_that_cannot_evaluate_is_refused() -> None:
    with pytest.raises(UsageError, match="CartPole"):
        EvaluatorScore(gym.make("CartPole-v1"))


def test_a_state_that_cannot_be_judged_is_an_error_but_for_the_last() -> None:
    def broken(backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        if backend.typed:
            raise ValueError("no such luck")
        return Completed(0)

    task = parse_task(
        {
            "id": "a",
            "instruction": "b",
            "evaluator": {
                "func": "check_include_exclude",
                "result": {"type": "vm_command_line", "command": ["broken"]},
                "expected": _check("a"),
            },
            "max_steps": 1,
        }
    )

    def env_of(**kwargs: Any) -> gym.Env[Any, Any]:
        machine = MemoryBackend(commands={"broken": broken})
        made = gym.make("agentgym/Desktop-v0", task=task, backend=machine, screen=(64, 48), **kwargs)
        return RewardHooks(EvaluatorScore(made), gained=evaluator_progress())

    typing = {"action_type": "TYPING", "parameters": {"text": "a"}}
    env = env_of()
    env.reset(seed=0)
    _, reward, _, truncated, info = env.step(typing)
    assert (reward, truncated, info["evaluator_score"], info["failure"]) == (0.0, True, None, "evaluation")
    env = env_of(max_steps=2)
    env.reset(seed=0)
    with pytest.raises(EvaluationError, match="no such luck"):
        env.step(typing)
