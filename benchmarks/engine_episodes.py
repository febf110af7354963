"""The episodes of the benchmark of engines: by name, so that every engine can send them to its workers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from agentgym.agents import Emit
from agentgym.runner import RolloutSpec
from agentgym.tasks import Task, parse_task

__all__ = ["Waiting", "sums"]

_MODEL_S = 0.05
_CALLS = 4


class Waiting:
    """An agent of whose model each answer takes 50 ms: it adds numbers by calculator, and submits."""

    def __init__(self) -> None:
        self._step = 0

    def reset(self, task: Task, emit: Emit) -> None:
        self._step = 0

    def act(self, observation: Any) -> dict[str, Any]:
        time.sleep(_MODEL_S)
        self._step += 1
        if self._step <= _CALLS:
            return {"name": "calculator", "arguments": {"expression": f"{self._step} * 7"}}
        return {"name": "submit", "arguments": {"answer": str(_CALLS * 7)}}


def sums(count: int) -> Sequence[RolloutSpec]:
    """Episodes with tools that need no machine, of five answers each."""
    return [
        RolloutSpec(agent="engine_episodes:Waiting", env="agentgym/Tools-v0", task=_SUM, seed=seed)
        for seed in range(count)
    ]


_SUM = parse_task(
    {
        "id": "bench/sum",
        "instruction": "Multiply, and submit the last product.",
        "tools": ["calculator", "submit"],
        "max_steps": 10,
        "evaluator": {
            "func": "matches",
            "result": {"type": "answer"},
            "expected": {"type": "rule", "rules": {"expected": _CALLS * 7}},
        },
    }
)
