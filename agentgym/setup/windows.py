"""Steps that wait for, focus and close windows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import PurePosixPath

from agentgym.backends.base import Backend

__all__ = ["activate_window", "await_window", "close_window", "open_path"]

_WINDOW_PATIENCE_S = 60.0
_ACTIVATE_PATIENCE_S = 5.0
_LOOK_S = 0.05

_OPENERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((".csv", ".ods", ".tsv", ".xls", ".xlsx"), ("libreoffice", "--calc", "--norestore", "--nologo")),
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf"), ("libreoffice", "--writer", "--norestore", "--nologo")),
    **dict.fromkeys((".odp", ".ppt", ".pptx"), ("libreoffice", "--impress", "--norestore", "--nologo")),
    **dict.fromkeys((".htm", ".html", ".pdf", ".png", ".jpg", ".svg"), ("chromium",)),
}
"""What opens a file, by its suffix; other files open in the text editor, folders in the file manager."""

_FIND = """
path=$1
case $path in "~" | "~/"*) path=$HOME${path#"~"} ;; esac
if test -d "$path"; then printf "folder %s" "$path"; elif test -e "$path"; then printf "file %s" "$path"; fi
"""
"""Prints what is at a path, and the path in full; nothing if there is nothing."""

_TEXT_EDITOR = ("mousepad", "--disable-server")
_FILE_MANAGER = ("pcmanfm",)


def open_path(backend: Backend, path: str) -> None:
    """Opens a file or folder in the application for its kind; waits for a window with its name, and focuses it.

    Raises:
        FileNotFoundError: if there is nothing at that path.
    """
    kind, _, full = backend.run(["sh", "-c", _FIND, "sh", path]).stdout.decode().partition(" ")
    if not kind:
        raise FileNotFoundError(f"there is no file or folder {path!r} to open")
    name = PurePosixPath(full)
    opener = _FILE_MANAGER if kind == "folder" else _OPENERS.get(name.suffix.lower(), _TEXT_EDITOR)
    backend.launch([*opener, full])
    await_window(backend, name.name)
    activate_window(backend, name.name)


def activate_window(backend: Backend, window_name: str, strict: bool = False, by_class: bool = False) -> None:
    """Focuses a window; waits a little for it to appear. That there is none is no error, as in OSWorld."""
    deadline = time.monotonic() + _ACTIVATE_PATIENCE_S
    while not backend.activate_window(window_name, strict=strict, by_class=by_class):
        if time.monotonic() > deadline:
            return
        backend.settle(_LOOK_S)
        time.sleep(_LOOK_S)
    backend.settle(_ACTIVATE_PATIENCE_S)


def close_window(backend: Backend, window_name: str, strict: bool = False, by_class: bool = False) -> None:
    """Asks a window to close. That there is none is no error, as in OSWorld."""
    if backend.close_window(window_name, strict=strict, by_class=by_class):
        backend.settle(_ACTIVATE_PATIENCE_S)


def await_window(backend: Backend, title: str) -> None:
    """Waits until a window is there whose title contains a text.

    Raises:
        TimeoutError: if none comes; it names those that are there.
    """
    deadline = time.monotonic() + _WINDOW_PATIENCE_S
    while not any(title.lower() in window.title.lower() for window in backend.windows()):
        if time.monotonic() > deadline:
            there = [window.title for window in backend.windows()]
            raise TimeoutError(
                f"no window with {title!r} in its title within {_WINDOW_PATIENCE_S:g} s; there are {there}"
            )
        # A machine that broke says so here.
        backend.settle(_LOOK_S)
        time.sleep(_LOOK_S)
