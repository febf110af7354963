"""Which tasks need the home of a sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agentgym.backends.base import Backend
from agentgym.backends.sandbox.bubblewrap import HOME
from agentgym.errors import UsageError
from agentgym.tasks import Task, task_to_dict

__all__ = ["HOME_REMEDY", "check_home", "home_named_at"]

HOME_REMEDY = "write '~/…' or '$HOME' in the task, or use sandbox='bwrap'"
"""What to do about a task that names the home inside a sandbox where there is none."""

_NAMED = re.compile(rf"(?<![\w.-]){HOME}(?![\w.-])")
_ACTED_ON = ("instruction", "config", "evaluator", "seed_params")


def check_home(task: Task, backend: Backend) -> None:
    """Returns if the task can be done without a sandbox, or there is one.

    Outside of it the path that OSWorld's tasks have written into them is somebody's home on this machine, or nobody's.

    Raises:
        UsageError: says where the task names it.
    """
    # Only machines that have a choice of sandboxes say which one they have.
    if getattr(backend, "sandbox", None) != "none":
        return
    place = home_named_at(task)
    if place is not None:
        raise UsageError(
            f"the task {task.id!r} names {HOME}, the home inside a sandbox, at {place}; with sandbox='none' a "
            f"desktop's home is a folder of its own: {HOME_REMEDY}"
        )


def home_named_at(task: Task) -> str | None:
    """The JSON path at which a task first names the home inside a sandbox; None if it does not."""
    told = task_to_dict(task)
    return next((place for key in _ACTED_ON for place in _places(told.get(key), f"$.{key}")), None)


def _places(value: Any, where: str) -> Iterator[str]:
    match value:
        case str() if _NAMED.search(value):
            yield where
        case dict():
            for key, item in value.items():
                yield from _places(item, f"{where}.{key}")
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _places(item, f"{where}[{index}]")
