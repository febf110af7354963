"""One application as a real window: the command ``agentgym-app``, and what `agentgym apps run` shows."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from agentgym.backends.qt.apps import NATIVE, PROGRAM, STATE_FILE, apps
from agentgym.backends.qt.pointer import pointer_cursor
from agentgym.backends.qt.toolkit import dress, surroundings
from agentgym.errors import AgentGymError, MissingDependencyError, UsageError

if TYPE_CHECKING:
    from agentgym.backends.qt.app import App

__all__ = ["DOUBLE_CLICK_MS", "main", "show"]

DOUBLE_CLICK_MS = 100
"""The double-click time that the input of a desktop of ours reckons with."""

_LIBRARIES = (
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 "
    "libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0 libegl1 libgl1 libdbus-1-3 libfontconfig1"
)
_USAGE_EXIT = 2


def show(
    name: str,
    params: dict[str, Any],
    changed: Callable[[App], None],
    *,
    scale: float = 1.0,
    double_click_ms: int | None = None,
    own_pointer: bool = False,
) -> None:
    """Opens an application as a window at the screen's upper left corner, and returns when it is closed.

    Args:
        name: of the application.
        params: as its ``draw`` gave them.
        changed: is called whenever nothing is left to do until the next input.
        scale: how many pixels of the screen are one of the application.
        double_click_ms: within which two clicks are one; None for the system's.
        own_pointer: whether the pointer looks as it does in process, and the same everywhere.

    Raises:
        UnknownNameError: if there is no such application.
        MissingDependencyError: if PySide6 is not installed, or a library that Qt needs for windows.
        UsageError: if there is no display.
    """
    try:
        import PySide6
        from PySide6.QtCore import QAbstractEventDispatcher, Qt
        from PySide6.QtWidgets import QApplication
    except ImportError as error:
        raise MissingDependencyError(f"a window needs PySide6 ({error}): pip install 'agentgym-envs[qt]'") from error
    kind = apps[name]
    _check_display(Path(PySide6.__file__).parent)
    with tempfile.TemporaryDirectory(prefix="agentgym-qt-") as folder, surroundings(Path(folder)):
        # As on the offscreen platform, whatever the screen says of itself.
        os.environ |= {"QT_FONT_DPI": "96", "QT_SCALE_FACTOR": f"{scale:g}"}
        application = QApplication([PROGRAM, "-platform", os.environ.get("QT_QPA_PLATFORM") or "xcb"])
        dress(application)
    os.environ.pop("QT_FONT_DPI", None)
    os.environ.pop("QT_SCALE_FACTOR", None)
    application.setQuitOnLastWindowClosed(True)
    if double_click_ms is not None:
        application.setDoubleClickInterval(double_click_ms)
    if own_pointer:
        application.setOverrideCursor(pointer_cursor())
    app = kind(params)
    app.setWindowTitle(name)
    app.setWindowFlags(Qt.WindowType.FramelessWindowHint)
    app.setFixedSize(*NATIVE)
    app.move(0, 0)
    app.build()
    app.show()
    app.activateWindow()
    QAbstractEventDispatcher.instance().aboutToBlock.connect(lambda: changed(app))
    application.exec()


def main() -> None:
    """The command ``agentgym-app NAME PARAMETERS``; exits with 2 if it cannot be shown."""
    try:
        name, params = _arguments(sys.argv[1:])
        state = _StateFile(Path(STATE_FILE).expanduser())
        sys.excepthook = state.fail
        show(name, params, lambda app: state.keep(app.state()), double_click_ms=DOUBLE_CLICK_MS, own_pointer=True)
    except AgentGymError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)  # noqa: T201 - a command's own output
        sys.exit(_USAGE_EXIT)


class _StateFile:
    """What an application reports, in a file; whoever reads it reads all of one state."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = b""
        path.unlink(missing_ok=True)

    def keep(self, state: dict[str, Any]) -> None:
        content = msgspec.json.encode(state)
        if content != self._kept:
            fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
            fresh.write_bytes(content)
            fresh.replace(self._path)
            self._kept = content

    def fail(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Ends the process at a fault of the application, without a state that would look like one that goes on."""
        traceback.print_exception(kind, error, trace)
        self._path.unlink(missing_ok=True)
        sys.stderr.flush()
        os._exit(1)


def _arguments(argv: list[str]) -> tuple[str, dict[str, Any]]:
    if len(argv) != 2:
        raise UsageError(f"it takes two arguments, NAME and PARAMETERS as JSON, got {len(argv)}")
    try:
        return argv[0], msgspec.json.decode(argv[1], type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise UsageError(f"the parameters of {argv[0]!r} are no JSON object: {error}") from error


def _check_display(package: Path) -> None:
    """Finds out by itself what would make Qt abort the process."""
    if not os.environ.get("QT_QPA_PLATFORM", "xcb").startswith("xcb"):
        return
    display = os.environ.get("DISPLAY")
    if not display:
        raise UsageError("there is no display to show a window on: DISPLAY is not set")
    try:
        ctypes.CDLL(str(package / "Qt" / "plugins" / "platforms" / "libqxcb.so"))
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        raise MissingDependencyError(
            f"Qt cannot show windows here ({error}): sudo apt-get install {_LIBRARIES}"
        ) from error
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if refused:
        raise UsageError(f"there is no display to show a window on: DISPLAY is {display!r}, and no X server answers")


if __name__ == "__main__":
    main()
