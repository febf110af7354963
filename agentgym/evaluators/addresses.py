"""The files of other machines that a task needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agentgym.tasks import SetupStep, Task

__all__ = ["addresses_of"]


def addresses_of(task: Task) -> list[str]:
    """Every address whose file a task's steps and getters fetch, each once, in the order in which they are wanted."""
    return list(dict.fromkeys(_addresses(task)))


def _addresses(task: Task) -> Iterator[str]:
    yield from _of_steps(task.setup)
    if task.evaluator is None:
        return
    yield from _of_steps(task.evaluator.postconfig)
    for check in task.evaluator.checks:
        for side in (check.result, check.expected):
            if side is not None and side.type == "cloud_file":
                yield from _texts(side.config.get("path"))


def _of_steps(steps: Iterable[SetupStep]) -> Iterator[str]:
    for step in steps:
        match step.type:
            case "download":
                entries = step.parameters.get("files")
            case "googledrive":
                entries = step.parameters.get("args")
            case _:
                continue
        # What is malformed is told by whoever checks tasks.
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                yield from _texts(entry.get("url"))


def _texts(value: Any) -> Iterator[str]:
    values = value if isinstance(value, list) else [value]
    yield from (text for text in values if isinstance(text, str))
