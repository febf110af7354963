"""The JSON files of a browser's profile, in which it keeps settings and bookmarks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.live import live_settings
from agentgym.evaluators.getters.files import read_file
from agentgym.setup.browser.profile import profile_folder

__all__ = ["LOCAL_STATE", "PREFERENCES", "at", "kept_in", "path_in_profile", "settings_in"]

PREFERENCES = "Default/Preferences"
"""The settings of the first profile, the only one that OSWorld looks into."""

LOCAL_STATE = "Local State"
"""The settings of all profiles."""


def path_in_profile(backend: Backend, name: str) -> str:
    """Where a file lies that the browser calls so."""
    return f"{profile_folder(backend)}/{name}"


def settings_in(backend: Backend, name: str) -> Mapping[str, Any]:
    """What one of the files holds; of `PREFERENCES`, what the browser holds that runs, if it lets one in.

    Raises:
        FileNotFoundError: if there is no such file, or it holds no object of JSON.
    """
    live = live_settings(backend) if name == PREFERENCES else None
    return kept_in(backend, name) if live is None else live


def kept_in(backend: Backend, name: str) -> Mapping[str, Any]:
    """What one of the files holds.

    Raises:
        FileNotFoundError: if there is no such file, or it holds no object of JSON.
    """
    path = path_in_profile(backend, name)
    try:
        found = json.loads(read_file(backend, path))
    except (ValueError, RecursionError) as error:
        raise FileNotFoundError(f"what lies at {path!r} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise FileNotFoundError(f"what lies at {path!r} is no object of JSON")
    return found


def at(settings: Mapping[str, Any], *keys: str) -> Any:
    """The value that keys within one another lead to; None if there is none."""
    found: Any = settings
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
