"""Agents that break as they are told, and settings that cost no machine."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import httpx

from agentgym.actions import Done
from agentgym.agents import Emit
from agentgym.errors import BackendError
from agentgym.results import RunConfig
from agentgym.tasks import Task

SAVED = {
    "func": "exact_match",
    "result": {"type": "vm_command_line", "command": "echo hello"},
    "expected": {"type": "rule", "rules": {"expected": "hello\n"}},
}
HERE = "tests.results.small"


def tasks_at(folder: Path, *names: str, **more: Any) -> str:
    path = folder / "tasks.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": name, "instruction": "say hello", "evaluator": SAVED, **more}) + "\n" for name in names
        )
    )
    return str(path)


def config(folder: Path, **more: Any) -> RunConfig:
    usual = {"agent": "noop", "backend": "memory", "engine": "serial", "trace": False, "out": str(folder / "data")}
    return RunConfig(**{**usual, **more})


def lines(folder: Path, name: str = "results.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "data" / name).read_text().splitlines()]


def no_observer(record: Any) -> None:
    raise ValueError


def no_interceptor(call: Any, proceed: Any) -> Any:
    raise ValueError


def passing(call: Any, proceed: Any) -> Any:
    return proceed(call)


class Breaking:
    """Raises on task ``task`` as long as the file ``left`` holds a number above 0, which it counts down.

    Args:
        how: ``machine``, ``server``, ``code`` or ``kill``.
    """

    def __init__(self, *, left: str, how: str = "machine", task: str = "b", api_key: str = "") -> None:
        self._left = Path(left)
        self._how, self._name, self._api_key = how, task, api_key

    def reset(self, task: Task, emit: Emit) -> None:
        self._task = task

    def act(self, observation: Any) -> Done:
        left = int(self._left.read_text())
        if self._task.id == self._name and left > 0:
            self._left.write_text(str(left - 1))
            self._break()
        return Done()

    def _break(self) -> None:
        match self._how:
            case "machine":
                raise BackendError("the display died", kind="display")
            case "server":
                raise httpx.ConnectError("the model's server is away")
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case _:
                raise ValueError(f"the agent has a fault {self._api_key}")


def breaking(folder: Path, times: int, **options: Any) -> dict[str, Any]:
    """Settings of the agent that breaks so often."""
    left = folder / "left"
    left.write_text(str(times))
    return {"agent": f"{HERE}:Breaking", "agent_options": {"left": str(left), **options}}
