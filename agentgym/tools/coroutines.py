"""Coroutines run to their end in a loop of their own thread, so that the caller may have a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

from agentgym.tools.loops import background_loop

__all__ = ["finished", "giving_up"]

T = TypeVar("T")

giving_up: ContextVar[list[Callable[[], object]] | None] = ContextVar("agentgym_giving_up", default=None)
"""What is to be done when the call that goes on here is given up."""


def finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """What the coroutine gives, awaited in the one loop of this process, in a copy of the caller's context.

    Raises:
        RuntimeError: if it is that loop which asks, as when a coroutine calls a tool instead of awaiting its function.
    """
    loop, thread = background_loop("agentgym-coroutines")
    if threading.current_thread() is thread:
        coroutine.close()
        raise RuntimeError("a tool that is a coroutine cannot be called from within another: await its function")
    done: Future[T] = Future()
    context = copy_context()

    async def awaited() -> None:
        try:
            done.set_result(await coroutine)
        except BaseException as error:  # noqa: BLE001 - foreign code; raised again in the caller's thread
            done.set_exception(error)

    tasks: set[asyncio.Task[None]] = set()

    def start() -> None:
        # The loop holds its tasks weakly.
        task = loop.create_task(awaited(), context=context)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def cancel() -> None:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

    when_given_up = giving_up.get()
    if when_given_up is not None:
        when_given_up.append(cancel)
    loop.call_soon_threadsafe(start)
    try:
        return done.result()
    except BaseException:
        # Interrupted: nothing waits for it any more.
        cancel()
        raise
