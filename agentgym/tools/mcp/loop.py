"""Between synchronous code and coroutines that talk to MCP servers: each waits for the other."""

from __future__ import annotations

import asyncio
import os
import queue
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from agentgym.errors import UsageError
from agentgym.tools.loops import background_loop

__all__ = ["Bridge"]

T = TypeVar("T")


class Bridge:
    """Runs coroutines in the background loop while the calling thread waits, and has that thread do what only it may.

    A machine is used from one thread: a coroutine that needs something of it asks for it with `ask`, and whoever
    waits in `run` does it. What is asked for while nobody waits is done at the next `run`.
    """

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[Callable[[], None] | Future[Any]] = queue.SimpleQueue()
        self._loop, _ = background_loop("agentgym-mcp")
        self._process = os.getpid()

    @property
    def forked(self) -> bool:
        """Whether this process was forked from the one that made this, and has no such loop."""
        return os.getpid() != self._process

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns, or its exception.

        Raises:
            UsageError: in a process that was forked from the one that made this.
        """
        if self.forked:
            coroutine.close()
            raise UsageError("this connection to an MCP server belongs to the process that this one was forked from")
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.add_done_callback(self._wanted.put)
        try:
            while (wanted := self._wanted.get()) is not future:
                # Another future is the end of a run that was interrupted.
                if not isinstance(wanted, Future):
                    wanted()
        except BaseException:
            future.cancel()
            raise
        return future.result()

    async def ask(self, function: Callable[[], T]) -> T:
        """Has the waiting thread call the function; called within the loop."""
        answer: asyncio.Future[T] = self._loop.create_future()

        def work() -> None:
            try:
                result = function()
            except Exception as error:  # noqa: BLE001 - it is raised where the function was asked for
                self._loop.call_soon_threadsafe(_settle, answer.set_exception, answer, error)
            else:
                self._loop.call_soon_threadsafe(_settle, answer.set_result, answer, result)

        self._wanted.put(work)
        return await answer


def _settle(setter: Callable[[Any], None], answer: asyncio.Future[Any], value: Any) -> None:
    if not answer.done():
        setter(value)
