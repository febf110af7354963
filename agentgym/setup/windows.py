"""Steps that focus and close windows, and the wait for one."""

from __future__ import annotations

import time
from collections.abc import Callable

from agentgym.backends.base import Backend, Window

__all__ = ["WINDOW_PATIENCE_S", "activate_window", "await_window", "await_window_that", "close_window"]

WINDOW_PATIENCE_S = 60.0
_ACTIVATE_PATIENCE_S = 5.0
_LOOK_S = 0.02


def activate_window(backend: Backend, window_name: str, strict: bool = False, by_class: bool = False) -> None:
    """Raises and focuses a window; waits a little for it to appear. That there is none is no error, as in OSWorld.

    Args:
        window_name: a part of its title, in any case.
        strict: whether it must be the whole title, letter by letter.
        by_class: whether the name is one of its class, not its title.
    """
    deadline = time.monotonic() + _ACTIVATE_PATIENCE_S
    while not backend.activate_window(window_name, strict=strict, by_class=by_class):
        if time.monotonic() > deadline:
            return
        backend.settle(_LOOK_S)
        time.sleep(_LOOK_S)
    backend.settle(_ACTIVATE_PATIENCE_S)


def close_window(backend: Backend, window_name: str, strict: bool = False, by_class: bool = False) -> None:
    """Asks a window to close. That there is none is no error, as in OSWorld.

    Args:
        window_name: a part of its title, in any case.
        strict: whether it must be the whole title, letter by letter.
        by_class: whether the name is one of its class, not its title.
    """
    if backend.close_window(window_name, strict=strict, by_class=by_class):
        backend.settle(_ACTIVATE_PATIENCE_S)


def await_window(backend: Backend, title: str) -> None:
    """Waits until a window is there whose title contains a text.

    Raises:
        TimeoutError: if none comes; it names those that are there.
    """
    await_window_that(
        backend, lambda window: title.lower() in window.title.lower(), described=f"with {title!r} in its title"
    )


def await_window_that(
    backend: Backend, fits: Callable[[Window], bool], *, described: str, patience_s: float = WINDOW_PATIENCE_S
) -> Window:
    """The uppermost window that fits, as soon as there is one.

    Raises:
        TimeoutError: if none comes; it names those that are there.
    """
    deadline = time.monotonic() + patience_s
    while True:
        windows = backend.windows()
        found = [window for window in windows if fits(window)]
        if found:
            return found[-1]
        if time.monotonic() > deadline:
            there = [window.title for window in windows]
            raise TimeoutError(f"no window {described} within {patience_s:g} s; there are {there}")
        # A machine that broke says so here.
        backend.settle(_LOOK_S)
        time.sleep(_LOOK_S)
