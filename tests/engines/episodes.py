"""Episodes that engines run in the tests; by name, so that every engine can send them to its workers."""

from __future__ import annotations

import os
import select
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentgym.agents import Emit
from agentgym.runner import RolloutSpec
from agentgym.tasks import Task, parse_task

SUM = parse_task(
    {
        "id": "engines/sum",
        "instruction": "How much is 6 times 7? Submit the number.",
        "tools": ["calculator", "submit"],
        "max_steps": 4,
        "evaluator": {
            "func": "matches",
            "result": {"type": "answer"},
            "expected": {"type": "rule", "rules": {"expected": 42}},
        },
    }
)


class Reckoner:
    """Does the sum, or draws a number of its own where its seed says so."""

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        self._step = 0

    def reset(self, task: Task, emit: Emit) -> None:
        self._step = 0

    def act(self, observation: Any) -> dict[str, Any]:
        self._step += 1
        if self._step == 1:
            return {"name": "calculator", "arguments": {"expression": f"{6 + self._seed % 3} * 7"}}
        return {"name": "submit", "arguments": {"answer": str((6 + self._seed % 3) * 7)}}


class Holder:
    """Does one action, tells its process in a file, and then thinks for ever.

    Args:
        begun: the file.
        action: what it does.
    """

    def __init__(self, begun: str, action: Any) -> None:
        self._begun = Path(begun)
        self._action = action
        self._step = 0

    def reset(self, task: Task, emit: Emit) -> None:
        self._step = 0

    def act(self, observation: Any) -> Any:
        self._step += 1
        if self._step == 2:
            written = self._begun.with_suffix(".part")
            written.write_text(str(os.getpid()))
            written.rename(self._begun)
            select.select([], [], [])
        return self._action


class Slow:
    """Does sums for ever; says by a file that it was closed."""

    def __init__(self, closed: str) -> None:
        self._closed = Path(closed)

    def reset(self, task: Task, emit: Emit) -> None:
        """Begins anywhere."""

    def act(self, observation: Any) -> dict[str, Any]:
        select.select([], [], [], 0.01)
        return {"name": "calculator", "arguments": {"expression": "6 * 7"}}

    def close(self) -> None:
        self._closed.touch()


def plan(record: Path) -> Sequence[RolloutSpec]:
    """Episodes that differ by their seeds: sums, and random calls."""
    agents = ["tests.engines.episodes:Reckoner"] * 6 + ["random"] * 6
    return [
        RolloutSpec(agent=agent, env="agentgym/Tools-v0", task=SUM, record=str(record), seed=seed)
        for seed, agent in enumerate(agents)
    ]
