"""Getters of what a browser keeps of its use: bookmarks, history, cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.live import live_bookmarks
from agentgym.evaluators.getters.browser.profile import at, kept_in, path_in_profile
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getters
from agentgym.evaluators.getters.tools import sqlite_rows
from agentgym.tasks.forms import PassedOver

__all__: list[str] = []

# A browser that runs writes every ten seconds, and has a journal of what it has yet to write.
_UNTIL_WRITTEN = """
looks=0
while test -s "$1-journal" && test $looks -lt 120; do
    owner=$(readlink "$(dirname "$1")/../SingletonLock")
    kill -0 "${owner##*-}" || break
    sleep 0.1
    looks=$((looks + 1))
done
"""


class Database(msgspec.Struct):
    """A database of the browser.

    Args:
        dest: where OSWorld puts its copy.
    """

    dest: PassedOver = ""


@getters.register("bookmarks")
def bookmarks(backend: Backend, _config: dict[str, Any]) -> dict[str, Any]:
    """The bookmarks as the browser keeps them, ``{"bookmark_bar": {"children": […]}, …}``; none if there is no file.

    A folder has ``type`` ``folder``, ``name`` and ``children``; a bookmark ``type`` ``url``, ``name`` and ``url``.
    """
    try:
        found = live_bookmarks(backend) or at(kept_in(backend, "Default/Bookmarks"), "roots")
    except FileNotFoundError:
        # Written when the first is made.
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


@getters.register("history")
def history(backend: Backend, _config: dict[str, Any]) -> list[list[Any]]:
    """Each address that was visited, its title, and the time of the last visit in microseconds since 1601.

    Raises:
        FileNotFoundError: if there is no history that can be read.
    """
    return _rows(backend, "Default/History", "SELECT url, title, last_visit_time FROM urls")


@getters.register("cookie_data")
def cookie_data(backend: Backend, _config: dict[str, Any]) -> list[list[Any]]:
    """Each cookie with all that the browser keeps of it; the second value is its domain.

    Raises:
        FileNotFoundError: if there are no cookies that can be read.
    """
    return _rows(backend, "Default/Cookies", "SELECT * FROM cookies")


def _rows(backend: Backend, name: str, query: str) -> list[list[Any]]:
    path = path_in_profile(backend, name)
    backend.run(["sh", "-c", _UNTIL_WRITTEN, "sh", path])
    rows: list[list[Any]] = sqlite_rows(backend, {"path": path, "query": query})
    return rows


getter_forms.register("bookmarks", Nothing)
getter_forms.register("cookie_data", Database)
getter_forms.register("history", Database)
