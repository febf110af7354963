"""Coroutines run to their end in a loop of their own thread, so that the caller may have a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

from agentgym.tools.loops import background_loop

__all__ = ["finished", "giving_up"]

T = TypeVar("T")

giving_up: ContextVar[Future[None] | None] = ContextVar("agentgym_giving_up", default=None)
"""Is cancelled when the call that goes on here is given up, which may be before it has begun."""


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
        task.add_done_callback(ended)

    def ended(task: asyncio.Task[None]) -> None:
        tasks.discard(task)
        if not done.done():
            # Cancelled before its first step, which is where `awaited` would have heard of it.
            coroutine.close()
            done.cancel()

    def cancel() -> None:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])

    loop.call_soon_threadsafe(start)
    call = giving_up.get()
    if call is not None:
        call.add_done_callback(lambda _: cancel())
    try:
        return done.result()
    except BaseException:
        # Interrupted: nothing waits for it any more.
        cancel()
        raise
