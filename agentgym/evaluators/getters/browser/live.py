"""What a browser that runs knows of its profile; it writes that into its files seconds later."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from agentgym.backends.base import Backend
from agentgym.errors import UsageError
from agentgym.evaluators.getters.browser.pages import look_at

__all__ = ["live_bookmarks", "live_settings"]

_TREE = "new Promise(done => chrome.bookmarks.getTree(done))"
_ROOTS = {"bookmarks-bar": "bookmark_bar", "other": "other", "mobile": "synced"}

_T = TypeVar("_T")


def live_settings(backend: Backend) -> Mapping[str, Any] | None:
    """The settings that were chosen, in the form of the file ``Preferences``; None if no browser lets one in."""
    told = _asked(backend, "chrome://prefs-internals", lambda page: json.loads(page.inner_text("body")))
    return _chosen(told) if isinstance(told, dict) else None


def live_bookmarks(backend: Backend) -> Mapping[str, Any] | None:
    """The bookmarks, in the form of the file ``Bookmarks``; None if no browser lets one in."""
    tree = _asked(backend, "chrome://bookmarks", lambda page: page.evaluate(_TREE))
    if not tree:
        return None
    return {_ROOTS[root["folderType"]]: _entry(root) for root in tree[0]["children"] if root["folderType"] in _ROOTS}


def _asked(backend: Backend, address: str, look: Callable[[Any], _T]) -> _T | None:
    try:
        return look_at(backend, address, look, otherwise=None, start=False)
    except UsageError:
        # This kind of machine lets no one in, but has files.
        return None


def _chosen(told: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a user chose, without what the browser comes with."""
    found: dict[str, Any] = {}
    for key, one in told.items():
        if not isinstance(one, dict):
            continue
        if set(one) == {"metadata", "value"}:
            if "user_controlled" in one["metadata"]:
                found[key] = one["value"]
        elif within := _chosen(one):
            found[key] = within
    return found


def _entry(node: Mapping[str, Any]) -> dict[str, Any]:
    if "url" in node:
        return {"id": node["id"], "name": node["title"], "type": "url", "url": node["url"]}
    children = [_entry(child) for child in node.get("children", ())]
    return {"children": children, "id": node["id"], "name": node["title"], "type": "folder"}
