"""The windows of the machine's browser."""

from __future__ import annotations

import time

from agentgym.backends.base import Backend, Window

__all__ = ["BROWSER_CLASS", "browser_windows", "close_browser", "is_browser"]

BROWSER_CLASS = "chrom"
"""What Google's browser and Chromium have in common in the names of their windows' class, and in their own."""

_CLOSE_PATIENCE_S = 5.0
_LOOK_S = 0.02


def is_browser(window: Window) -> bool:
    """Whether a window is the browser's."""
    return BROWSER_CLASS in window.app_class.lower()


def browser_windows(backend: Backend) -> list[Window]:
    """The browser's windows, the lowest first."""
    return [window for window in backend.windows() if is_browser(window)]


def close_browser(backend: Backend) -> bool:
    """Closes the browser's windows, upon which it ends; False if it has none, or asks before it closes them.

    One that is ended by a signal has not written the last ten seconds of its history, nor the last thirty of its
    cookies (Chromium 156). OSWorld waits for longer before it ends it.
    """
    if not browser_windows(backend):
        return False
    deadline = time.monotonic() + _CLOSE_PATIENCE_S
    while browser_windows(backend) and time.monotonic() < deadline:
        backend.close_window(BROWSER_CLASS, by_class=True)
        time.sleep(_LOOK_S)
    return not browser_windows(backend)
