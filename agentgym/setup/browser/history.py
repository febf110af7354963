"""The step that gives the browser a past."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from typing import TypedDict

from agentgym.backends.base import Backend, Completed
from agentgym.kept import kept
from agentgym.setup.browser.connection import by_browser
from agentgym.setup.browser.profile import profile_folder

__all__ = ["update_browse_history"]

_FROM_1601_TO_1970_S = 11_644_473_600
_LINK = 0x30000000
"""A transition of Chromium's: a link that was followed, first and last of a chain of redirections."""

_MADE = "/tmp/agentgym-empty-profile"


class _Visit(TypedDict):
    url: str
    title: str
    visit_time_from_now_in_seconds: float


def update_browse_history(backend: Backend, history: Sequence[_Visit]) -> None:
    """Replaces the browser's history. To be done before the browser is started: it does not read it again.

    Args:
        history: the pages, what they were called, and how many seconds ago each was visited.
    """
    folder = f"{profile_folder(backend)}/Default"
    backend.write(f"{folder}/History", _filled(_empty(backend), history, now_s=time.time()))
    # It is of another history, and would be played back into this one.
    backend.run(["rm", "-f", f"{folder}/History-journal"])


def _filled(database: bytes, history: Sequence[_Visit], *, now_s: float) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(database)
        for visit in history:
            when = int((now_s - visit["visit_time_from_now_in_seconds"] + _FROM_1601_TO_1970_S) * 1_000_000)
            page = connection.execute(
                "INSERT INTO urls (url, title, visit_count, typed_count, last_visit_time, hidden)"
                " VALUES (?, ?, 1, 0, ?, 0)",
                (visit["url"], visit["title"], when),
            )
            connection.execute(
                "INSERT INTO visits (url, visit_time, from_visit, transition, segment_id, visit_duration)"
                " VALUES (?, ?, 0, ?, 0, 0)",
                (page.lastrowid, when, _LINK),
            )
        connection.commit()
        return connection.serialize()


def _empty(backend: Backend) -> bytes:
    """A history without a page, in the form of the machine's browser, which makes one when it first starts."""
    version = _run(backend, "--version").stdout
    return kept(f"history-{hashlib.sha256(version).hexdigest()[:16]}", lambda: _made(backend))


def _made(backend: Backend) -> bytes:
    try:
        done = _run(backend, "--headless", f"--user-data-dir={_MADE}", "--dump-dom", "about:blank")
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()[-300:]
            raise ValueError(f"the browser ended with {done.returncode}: {said}")
        return backend.read(f"{_MADE}/Default/History")
    finally:
        backend.run(["rm", "-rf", _MADE])


def _run(backend: Backend, *arguments: str) -> Completed:
    return by_browser(lambda name: backend.run([name, *arguments]))
