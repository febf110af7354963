"""The step that opens a file, folder or page in the application for its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from agentgym.backends.base import Backend, OpensFiles
from agentgym.errors import MissingDependencyError
from agentgym.setup.browser.windows import browser_windows, is_browser
from agentgym.setup.windows import WINDOW_PATIENCE_S, activate_window, await_window, await_window_that

__all__ = ["open_path", "package_that_opens"]

_QUIET = ("--norestore", "--nologo")
_SETTLED_S = 5.0
_OTHER_TITLE_S = 5.0


class _Application(NamedTuple):
    """Programs of which the first that is installed opens a kind of file, and the Debian package of the first."""

    programs: Sequence[Sequence[str]]
    package: str


_CALC = _Application([("localc", *_QUIET), ("libreoffice", "--calc", *_QUIET)], "libreoffice-calc")
_WRITER = _Application([("lowriter", *_QUIET), ("libreoffice", "--writer", *_QUIET)], "libreoffice-writer")
# `libreoffice --impress` would open an empty window where that part is not installed.
_IMPRESS = _Application([("loimpress", *_QUIET)], "libreoffice-impress")
_BROWSER = _Application([("google-chrome",), ("chromium",)], "chromium")
_EDITOR = _Application([("mousepad", "--disable-server"), ("gedit",)], "mousepad")
_FILES = _Application([("pcmanfm",), ("thunar",), ("nautilus",)], "pcmanfm")

_OPENERS: Mapping[str, _Application] = {
    **dict.fromkeys((".csv", ".ods", ".tsv", ".xls", ".xlsm", ".xlsx"), _CALC),
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf"), _WRITER),
    **dict.fromkeys((".odp", ".ppt", ".pptx"), _IMPRESS),
    **dict.fromkeys((".htm", ".html", ".xhtml", ".pdf"), _BROWSER),
    **dict.fromkeys((".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"), _BROWSER),
    **dict.fromkeys((".avi", ".mkv", ".mov", ".mp3", ".mp4", ".ogg", ".ogv", ".wav", ".webm"), _BROWSER),
}
"""What opens a file, by its suffix; other files open in the text editor, folders in the file manager."""

_ADDRESSES = ("http://", "https://", "file://", "about:", "chrome://")

_FIND = """
path=$1
case $path in "~" | "~/"*) path=$HOME${path#"~"} ;; esac
if test -d "$path"; then printf "folder %s" "$path"; elif test -e "$path"; then printf "file %s" "$path"; fi
"""
"""Prints what is at a path, and the path in full; nothing if there is nothing."""


def open_path(backend: Backend, path: str) -> None:
    """Opens a file, a folder or an address in the application for its kind; waits for its window and focuses it.

    The window is known by the name in its title, a browser's by being new or showing another title than before. A
    machine that opens files itself, as OSWorld's do, decides which application that is.

    Args:
        path: what to open; a path may begin with ``~``, an address with ``https://`` and the like.

    Raises:
        FileNotFoundError: if there is nothing at that path.
        TimeoutError: if no such window comes.
        MissingDependencyError: if no application for it is installed.
    """
    if path.lower().startswith(_ADDRESSES):
        _open_page(backend, path)
        return
    if isinstance(backend, OpensFiles):
        if not backend.open_file(path):
            _focus(backend, path)
        return
    kind, _, full = backend.run(["sh", "-c", _FIND, "sh", path]).stdout.decode().partition(" ")
    if not kind:
        raise FileNotFoundError(f"there is no file or folder {path!r} to open")
    name = PurePosixPath(full)
    application = _FILES if kind == "folder" else _OPENERS.get(name.suffix.lower(), _EDITOR)
    if application is _BROWSER:
        _open_page(backend, full)
        return
    _launch(backend, application, full)
    _focus(backend, full)


def package_that_opens(path: str) -> str:
    """The Debian package of the application that `open_path` takes, as far as the path tells.

    What has no suffix may be a folder as well as a file, and is taken for a folder.
    """
    if path.lower().startswith(_ADDRESSES):
        return _BROWSER.package
    suffix = PurePosixPath(path).suffix.lower()
    return (_OPENERS.get(suffix, _EDITOR) if suffix else _FILES).package


def _focus(backend: Backend, path: str) -> None:
    """Waits for the window that has the name of a file or folder; the root has no name but itself."""
    name = PurePosixPath(path).name or path
    await_window(backend, name)
    activate_window(backend, name)


def _open_page(backend: Backend, place: str) -> None:
    before = {window.title for window in browser_windows(backend)}
    _launch(backend, _BROWSER, place)
    try:
        await_window_that(
            backend,
            lambda window: is_browser(window) and window.title not in before,
            described=f"of a browser that shows {place!r}",
            patience_s=_OTHER_TITLE_S if before else WINDOW_PATIENCE_S,
        )
    except TimeoutError:
        # A page may be called as the one that was shown.
        if not before:
            raise
    # The title is that of the page as soon as this is there.
    backend.settle(_SETTLED_S)
    shown = [window.title for window in browser_windows(backend)]
    if not shown:
        raise TimeoutError(f"the browser that was to show {place!r} is gone")
    activate_window(backend, shown[-1], strict=True)


def _launch(backend: Backend, application: _Application, place: str) -> None:
    for program in application.programs:
        try:
            backend.launch([*program, place])
        except FileNotFoundError:
            continue
        return
    raise MissingDependencyError(
        f"nothing that opens {place!r} is installed: sudo apt-get install {application.package}"
    )
