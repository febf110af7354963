"""What an environment can be made with, looked at before anything is started."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from agentgym.actions.quoting import short
from agentgym.backends.base import Backend, backends
from agentgym.errors import UsageError
from agentgym.tasks import Task, task_to_dict
from agentgym.tools import Tool
from agentgym.tools.mcp import McpServer, written_server

__all__ = ["backend_named", "kinds_of", "longest_result", "patience", "plain_arguments", "step_limit"]

_Kind = TypeVar("_Kind", bound=str)


def kinds_of(observation: Sequence[_Kind]) -> tuple[_Kind, ...]:
    """The kinds of what is observed, each once.

    Raises:
        UsageError: if it is no list; `agentgym.spaces.observation_space` looks at what is in it.
    """
    if isinstance(observation, str) or not isinstance(observation, Iterable):
        raise UsageError(f"observation is {short(observation)}; it must be a list, such as ('screenshot',)")
    return tuple(dict.fromkeys(observation))


def step_limit(value: object) -> int | None:
    """The most steps of an episode; None for as many as the task says.

    Raises:
        UsageError: if it is no whole number from 1.
    """
    if value is None:
        return None
    try:
        limit = operator.index(value)  # type: ignore[arg-type]  # which is the question
    except TypeError:
        limit = 0
    if limit < 1 or isinstance(value, bool):
        raise UsageError(f"max_steps is {short(value)}; it must be a whole number from 1, or None")
    return limit


def longest_result(value: object) -> int:
    """Characters of a tool's result that are shown.

    Raises:
        UsageError: if it is no whole number from 1.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(f"max_result is {short(value)}; it must be a whole number of characters from 1")
    return value


def patience(value: object) -> float:
    """Seconds to wait at most.

    Raises:
        UsageError: if it is no number from 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise UsageError(f"settle_timeout is {short(value)}; it must be a number of seconds from 0")
    return float(value)


def backend_named(backend: str | Backend, screen: tuple[int, int]) -> str | None:
    """The name of the machine to make; None if it is a machine already, with that screen.

    Raises:
        UsageError: if it is neither, or nothing has that name, or its screen is another; a close name is suggested.
    """
    if isinstance(backend, str):
        if backend not in backends:
            # Says what there is.
            backends[backend]
        return backend
    if not callable(getattr(backend, "perform", None)):
        raise UsageError(f"backend is {short(backend)}; it must be a machine, or one of {', '.join(backends)}")
    if tuple(backend.screen) != screen:
        raise UsageError(f"screen is {screen}, and the backend's is {tuple(backend.screen)}; they must be the same")
    return None


def plain_arguments(value: Any) -> Any:
    """The arguments with tasks and servers as dicts, paths as text and tools as their places, as JSON can have them."""
    match value:
        case Mapping():
            return {key: plain_arguments(one) for key, one in value.items()}
        case list() | tuple():
            return type(value)(plain_arguments(one) for one in value)
    return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case Task():
            return task_to_dict(value)
        case Path():
            return str(value)
        case Tool():
            return value.place or value
        case McpServer(host=False):
            return written_server(value)
    return value
