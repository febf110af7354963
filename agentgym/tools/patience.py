"""Functions that are given up when their time is over."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any

from agentgym.tools.coroutines import giving_up

__all__ = ["TimeIsUp", "within"]


class TimeIsUp(Exception):
    """The function did not end in time."""


def within(timeout_s: float, do: Callable[[], Any]) -> Any:
    """What a function gives, in a copy of the caller's context.

    It goes on unheard if that takes too long; what it awaits is cancelled.

    Raises:
        TimeIsUp: if it did not end in time.
        BaseException: what it raised.
    """
    idle = _idle(os.getpid())
    try:
        worker = idle.pop()
    except IndexError:
        worker = _Worker(idle)
    answers: SimpleQueue[_Outcome] = SimpleQueue()
    # What the function traces goes into the run of the caller.
    context = copy_context()
    call: Future[None] = Future()
    context.run(giving_up.set, call)
    worker.jobs.put((context, do, answers))
    try:
        value, error = answers.get(timeout=timeout_s)
    except Empty:
        call.cancel()
        raise TimeIsUp from None
    if error is not None:
        raise error
    return value


_Outcome = tuple[Any, BaseException | None]
_Job = tuple[Context, Callable[[], Any], "SimpleQueue[_Outcome]"]


class _Worker:
    """A thread that is kept: to start one for each call takes as long as all the rest of a step, three times over.

    One that hangs is not idle, and so never asked again.
    """

    def __init__(self, idle: list[_Worker]) -> None:
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self._idle = idle
        threading.Thread(target=self._work, name="agentgym-tool", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._do(*self.jobs.get())

    def _do(self, context: Context, do: Callable[[], Any], answers: SimpleQueue[_Outcome]) -> None:
        outcome: _Outcome
        try:
            outcome = context.run(do), None
        except BaseException as error:  # noqa: BLE001 - foreign code; raised again in the caller's thread
            outcome = None, error
        # Before the answer: whoever gets that may ask again at once.
        self._idle.append(self)
        answers.put(outcome)


@cache
def _idle(_process: int) -> list[_Worker]:
    """The workers of a process that wait; a forked child has none of its parent's threads."""
    return []
