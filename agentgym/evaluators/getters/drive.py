"""The getter of files in a Google Drive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import Fetched, getters
from agentgym.setup.drive.account import account_at
from agentgym.setup.drive.client import FOLDER, Drive, quoted
from agentgym.setup.drive.googledrive import DRIVE_SETTINGS

__all__: list[str] = []


class DriveFile(msgspec.Struct):
    """One file, or several.

    Args:
        dest: the name under which the metric sees it; of several, the names.
        settings_file: PyDrive's settings, from which saved credentials are read.
        query: queries of Drive's version 2, each looking in what the one before found, the first in the root.
        path: the names of the folders, and of the file.
        query_list: of several files, the ``query`` of each.
        path_list: of several files, the ``path`` of each.
    """

    dest: str | list[str]
    settings_file: str = DRIVE_SETTINGS
    query: list[str] | None = None
    path: list[str] | None = None
    query_list: list[list[str]] | None = None
    path_list: list[list[str]] | None = None


@getters.register("googledrive_file")
def googledrive_file(_backend: Backend, config: dict[str, Any]) -> Fetched | list[Fetched | None]:
    """A file in the Google Drive of an account, or several, None for one that is missing.

    Raises:
        FileNotFoundError: if the only one is missing.
        UsageError: if there is no account.
        BackendError: if the Drive cannot be reached, which OSWorld takes for a missing file.
    """
    drive = Drive(account_at(config.get("settings_file", DRIVE_SETTINGS)))
    searches = _searches(config)
    if isinstance(config["dest"], str):
        found = _found(drive, searches[0], config["dest"])
        if found is None:
            raise FileNotFoundError(f"there is no {config['dest']!r} in the Drive")
        return found
    if len(searches) != len(config["dest"]):
        raise ValueError(f"there are {len(searches)} files to look for and {len(config['dest'])} names in dest")
    return [_found(drive, queries, name) for queries, name in zip(searches, config["dest"], strict=True)]


def _searches(config: dict[str, Any]) -> list[list[str]]:
    """The queries that lead to each file; the first key that is there goes before the others, as in OSWorld."""
    for key in ("query", "path", "query_list", "path_list"):
        if key in config:
            several = config[key] if key.endswith("_list") else [config[key]]
            return [_queries(one) for one in several] if key.startswith("path") else several
    raise ValueError("it has none of query, path, query_list and path_list")


def _queries(path: Sequence[str]) -> list[str]:
    *folders, file = path
    return [
        *(f"title = {quoted(name)} and mimeType = '{FOLDER}' and trashed = false" for name in folders),
        f"title = {quoted(file)} and trashed = false",
    ]


def _found(drive: Drive, queries: Sequence[str], name: str) -> Fetched | None:
    parent, entry = "root", None
    for query in queries:
        entries = drive.find(f"( {query} ) and {quoted(parent)} in parents")
        if not entries:
            return None
        entry = entries[0]
        parent = entry.id
    return None if entry is None else Fetched(name, drive.file(entry, name))


getter_forms.register("googledrive_file", DriveFile)
