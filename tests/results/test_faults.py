from __future__ import annotations

import errno
from typing import Any

import httpx
import openai
import pytest

from agentgym.errors import (
    BackendError,
    DatasetError,
    EvaluationError,
    Refused,
    RewardHookError,
    SandboxUnavailableError,
    TaskError,
    UnknownNameError,
    UsageError,
)
from agentgym.results import BROKEN, fault_kind

# Of whichever httpx the installed openai is typed for.
ASKED: Any = httpx.Request("POST", "http://model/v1/chat/completions")


def refused(status: int) -> Exception:
    classes = {400: openai.BadRequestError, 401: openai.AuthenticationError, 429: openai.RateLimitError}
    response: Any = httpx.Response(status, request=ASKED)
    return classes.get(status, openai.InternalServerError)("no", response=response, body=None)


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BackendError("lost"), "machine"),
        (SandboxUnavailableError("no bubblewrap"), "missing"),
        (DatasetError("no space left"), "recording"),
        (EvaluationError("the metric raised"), "evaluation"),
        (TaskError("malformed"), "task"),
        (RewardHookError("raised"), "hook"),
        (Refused("no model today"), "hook"),
        (UnknownNameError("no such"), "usage"),
        (ValueError("a fault of the agent"), "code"),
        (FileNotFoundError("of the agent's"), "code"),
        (OSError(errno.EMFILE, "too many open files"), "machine"),
        (OSError(errno.ENOSPC, "no space left on device"), "machine"),
        (BlockingIOError(errno.EAGAIN, "no more processes"), "machine"),
        (MemoryError(), "machine"),
        (ConnectionRefusedError("of the agent's own"), "code"),
        (BrokenPipeError("of the agent's own"), "code"),
        (TimeoutError("the person is away"), "code"),
        (openai.APIConnectionError(request=ASKED), "model"),
        (openai.APITimeoutError(request=ASKED), "model"),
        (httpx.ReadTimeout("slow"), "model"),
        (refused(429), "model"),
        (refused(503), "model"),
        (refused(401), "model"),
        (refused(400), "code"),
        (caused(UsageError("the server refuses the key"), refused(401)), "model"),
        (caused(UsageError("the server refuses what it is asked"), refused(400)), "code"),
    ],
)
def test_an_error_is_attributed(error: Exception, kind: str) -> None:
    assert fault_kind(error) == kind


def test_what_says_nothing_of_the_agent_is_done_again() -> None:
    assert {"machine", "model", "missing", "recording", "usage", "interrupted"} == BROKEN
