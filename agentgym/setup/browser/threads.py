"""Threads that have Playwright to themselves, because its objects work in one thread and beside no event loop."""

from __future__ import annotations

import atexit
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from agentgym.extras import needed

__all__ = ["end_idle_drivers", "with_playwright"]

_IDLE_S = 10.0
"""How long Playwright's driver, a process of 60 MB that takes most of a second to start, is kept for the next use."""

_END_PATIENCE_S = 10.0

T = TypeVar("T")

_Errand = Callable[[Any], object]

_lock = threading.Lock()
_idle: list[_BrowserThread] = []


def with_playwright(errand: Callable[[Any], T]) -> T:
    """What a function returns or raises that is called with Playwright, in a thread where it works.

    The driver behind it ends a while after its last use, when an environment is closed or this process forks, and with
    this process in whatever way.

    Raises:
        MissingDependencyError: if Playwright is not installed.
    """
    needed("playwright.sync_api", extra="browser")
    with _lock:
        thread = _idle.pop() if _idle else None
    return (thread or _BrowserThread()).do(errand)


class _BrowserThread:
    """One thread, its driver, and what it is to do next."""

    def __init__(self) -> None:
        self._errands: queue.SimpleQueue[tuple[_Errand, Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="agentgym-browser", daemon=True)
        self._thread.start()

    def do(self, errand: Callable[[Any], T]) -> T:
        answer: Future[T] = Future()
        self._errands.put((errand, answer))
        return answer.result()

    def end(self) -> None:
        """Has it end its driver; only if it is idle."""
        self._errands.put(None)
        self._thread.join(_END_PATIENCE_S)

    def _work(self) -> None:
        from playwright.sync_api import sync_playwright

        first = self._next()
        if first is None:
            return
        try:
            playwright = sync_playwright().start()
        except BaseException as error:  # noqa: BLE001 - raised again in the asker's thread
            first[1].set_exception(error)
            return
        try:
            self._serve(playwright, *first)
        finally:
            playwright.stop()

    def _serve(self, playwright: Any, errand: _Errand, answer: Future[Any]) -> None:
        while True:
            try:
                result = errand(playwright)
            except BaseException as error:  # noqa: BLE001 - raised again in the asker's thread
                # What went wrong may have been the driver: the next asker gets a new one.
                answer.set_exception(error)
                return
            # Idle before the answer is there, so that who asks again at once gets this thread again.
            with _lock:
                _idle.append(self)
            answer.set_result(result)
            # A result, or an error, holds what it was made with.
            del errand, answer, result
            following = self._next()
            if following is None:
                return
            errand, answer = following

    def _next(self) -> tuple[_Errand, Future[Any]] | None:
        while True:
            try:
                return self._errands.get(timeout=_IDLE_S)
            except queue.Empty:
                with _lock:
                    if self in _idle:
                        _idle.remove(self)
                        return None


def end_idle_drivers() -> None:
    """Ends all drivers that nobody uses. A forked child would hold their pipes open."""
    while True:
        with _lock:
            if not _idle:
                return
            thread = _idle.pop()
        thread.end()


atexit.register(end_idle_drivers)
os.register_at_fork(before=end_idle_drivers)
