"""The step that runs a command and waits for what it should bring about."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from agentgym.backends.base import Backend
from agentgym.setup.actions import execute

__all__ = ["execute_with_verification"]

_COMMAND_PATIENCE_S = 5.0


class _Verification(TypedDict):
    window_exists: NotRequired[str]
    command_success: NotRequired[str]


def execute_with_verification(
    backend: Backend,
    command: str | Sequence[str],
    verification: _Verification | None = None,
    max_wait_time: float = 10,
    check_interval: float = 1.0,
    shell: bool | str = False,
) -> None:
    """Runs a command to its end, and waits until what it should bring about is there.

    Args:
        command: the program and its arguments; a text is taken apart as a shell would.
        verification: ``window_exists``, a part of a window's title, in any case; ``command_success``, a shell command
            that ends with 0 then.
        max_wait_time: seconds after which it is an error that it is not.
        check_interval: seconds between two looks.
        shell: whether a shell runs the command.

    Raises:
        TimeoutError: if it does not come about.
    """
    execute(backend, command, shell)
    wanted = verification or {}
    deadline = time.monotonic() + max_wait_time
    while not _is_so(backend, wanted):
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{command!r} did not bring about {wanted!r} within {max_wait_time:g} s")
        time.sleep(check_interval)


def _is_so(backend: Backend, wanted: _Verification) -> bool:
    title, command = wanted.get("window_exists"), wanted.get("command_success")
    if title is not None and not any(title.lower() in window.title.lower() for window in backend.windows()):
        return False
    return command is None or _succeeds(backend, command)


def _succeeds(backend: Backend, command: str) -> bool:
    try:
        return backend.run(["sh", "-c", command], timeout_s=_COMMAND_PATIENCE_S).returncode == 0
    except TimeoutError:
        return False
