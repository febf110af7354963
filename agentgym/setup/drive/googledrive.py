"""The step that lays out a Google Drive before an episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict

from agentgym.backends.base import Backend
from agentgym.setup.downloads import fetch
from agentgym.setup.drive.account import account_at
from agentgym.setup.drive.client import FOLDER, Drive

__all__ = ["DRIVE_SETTINGS", "googledrive"]

DRIVE_SETTINGS = "evaluation_examples/settings/googledrive/settings.yml"


class _Args(TypedDict):
    query: NotRequired[str]
    trash: NotRequired[bool]
    path: NotRequired[list[str] | str]
    url: NotRequired[str]


def googledrive(
    backend: Backend,
    operation: Sequence[Literal["delete", "mkdirs", "upload"]],
    args: Sequence[_Args],
    settings_file: str = DRIVE_SETTINGS,
) -> None:
    """Changes the Google Drive of an account, not the machine.

    Where OSWorld passes over what follows an upload, and gives its file a list for a name, ours does it all; and it
    deletes nothing without a query, which there is all that is in the Drive.

    Args:
        operation: what is done, in its order.
        args: what with, one each: ``query`` (of Drive's version 2) and ``trash`` to delete what it finds; ``path``, the
            folders' names, to make them; ``url`` and ``path`` to upload.
        settings_file: PyDrive's settings, from which saved credentials are read.

    Raises:
        ValueError: if there is no account, or the Drive refuses.
        BackendError: if the Drive cannot be reached.
    """
    del backend
    if len(operation) != len(args):
        raise ValueError(f"there are {len(operation)} operations and {len(args)} args")
    drive = Drive(account_at(settings_file))
    for kind, told in zip(operation, args, strict=True):
        match kind:
            case "delete":
                _delete(drive, told)
            case "mkdirs":
                drive.folder(_path(told))
            case "upload":
                drive.upload(_path(told), fetch(_needed(told.get("url"), "url")))


def _delete(drive: Drive, told: _Args) -> None:
    query = _needed(told.get("query", "").strip(), "query")
    # A folder takes with it what is in it.
    for kind in ("!=", "="):
        for entry in drive.find(f"( {query} ) and mimeType {kind} '{FOLDER}'"):
            drive.remove(entry, trash=told.get("trash", False))


def _path(told: _Args) -> list[str]:
    path = told.get("path")
    names = [path] if isinstance(path, str) else path or []
    if not names or not all(names):
        raise ValueError(f"path is {path!r}; it is a list of names")
    return names


def _needed(value: str | None, name: str) -> str:
    if not value:
        raise ValueError(f"there is no {name}")
    return value
