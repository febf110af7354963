"""Loops of asyncio in threads of their own, so that synchronous code can wait for what is asynchronous."""

from __future__ import annotations

import asyncio
import os
import threading

__all__ = ["background_loop"]

_lock = threading.Lock()
_running: dict[tuple[int, str], tuple[asyncio.AbstractEventLoop, threading.Thread]] = {}


def background_loop(name: str) -> tuple[asyncio.AbstractEventLoop, threading.Thread]:
    """The running loop of this name and its thread, started when it is first asked for. A forked child has its own."""
    with _lock:
        key = (os.getpid(), name)
        if key not in _running:
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
            _running[key] = loop, thread
            thread.start()
        return _running[key]
