"""Whose fault it was that an episode has no score: what is run again, and what is finished all the same."""

from __future__ import annotations

import errno
from typing import Literal, TypeAlias

from agentgym.errors import (
    BackendError,
    DatasetError,
    EvaluationError,
    MissingDependencyError,
    Refused,
    RewardHookError,
    TaskError,
    UsageError,
)

__all__ = ["BROKEN", "RETRIED", "FaultKind", "fault_kind"]

FaultKind: TypeAlias = Literal[
    "machine", "model", "missing", "recording", "evaluation", "task", "hook", "usage", "code", "interrupted"
]
"""``machine``: a desktop, a sandbox, a worker that was lost or out of time; one that has no memory, files, processes or
room on its disk left. ``model``: a server that did not answer, or not now. ``missing``: something that is not
installed. ``recording``: a disk that refused. ``usage``: what was asked for cannot be. ``evaluation``: a getter or
metric that raised. ``code``: whatever else raised, of agent, hook, wrapper or environment, and a request that a model's
server refused."""

BROKEN: frozenset[FaultKind] = frozenset({"machine", "model", "missing", "recording", "usage", "interrupted"})
"""They say nothing of the agent: the task is run again when a run is continued."""

RETRIED: frozenset[FaultKind] = frozenset({"machine"})
"""Run again at once. A model's client has tried again by itself; what is not installed will not be in a moment."""

_OURS: tuple[tuple[type[Exception], FaultKind], ...] = (
    (MissingDependencyError, "missing"),
    (DatasetError, "recording"),
    (EvaluationError, "evaluation"),
    (TaskError, "task"),
    (RewardHookError, "hook"),
    (Refused, "hook"),
    (UsageError, "usage"),
)
_CLIENTS = ("anthropic", "httpcore", "httpx", "httpx2", "openai", "requests", "urllib3")
_NOT_NOW = frozenset({401, 402, 403, 404, 408, 409, 425, 429})
"""Statuses that say nothing of the request: no key, no credit, no such model there, too much at once."""

_USED_UP = frozenset(
    {errno.EAGAIN, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENOSPC}
)


def fault_kind(error: BaseException) -> FaultKind:
    """Of what an episode raised."""
    if isinstance(error, BackendError):
        return "machine"
    status = _status(error)
    if status is not None:
        return "model" if status in _NOT_NOW or status >= 500 else "code"
    for kind, name in _OURS:
        if isinstance(error, kind):
            return name
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _USED_UP):
        return "machine"
    return "model" if _is_unreached(error) else "code"


def _status(error: BaseException) -> int | None:
    """That a server answered with, where that is what the error is about, or comes from."""
    for one in (error, error.__cause__):
        status = getattr(one, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _is_unreached(error: BaseException) -> bool:
    """Whether a model's client says that a server could not be reached, or did not answer in time.

    Whatever else meets a closed connection or a time-out, the code of an agent or a person who is away, is no model.
    """
    return any(
        base.__module__.partition(".")[0] in _CLIENTS and ("Connect" in base.__name__ or "Timeout" in base.__name__)
        for base in type(error).__mro__
    )
