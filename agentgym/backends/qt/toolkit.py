"""Qt in this process: made once, drawn in memory, the same on every machine."""

from __future__ import annotations

import atexit
import json
import logging
import os
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agentgym.errors import BackendError, MissingDependencyError, UsageError

if TYPE_CHECKING:
    from PySide6.QtCore import QMessageLogContext, QRect, QtMsgType
    from PySide6.QtGui import QFont, QPalette
    from PySide6.QtWidgets import QApplication

    from agentgym.backends.qt.clock import Clock
    from agentgym.backends.qt.turns import Turns

__all__ = ["Toolkit", "dress", "require_qt", "surroundings", "toolkit"]

_FONTS = Path(__file__).parent / "fonts"
_FONT_PX = 11

# Qt lays menus and dialogues out by the screen that they are on, so there is one of every usual size.
_SCREENS = (
    *((84, 84), (160, 210), (210, 160), (240, 240), (320, 240), (400, 300), (480, 360), (512, 512), (640, 480)),
    *((800, 600), (1024, 768), (1280, 720), (1280, 800), (1366, 768), (1440, 900), (1600, 900), (1680, 1050)),
    *((1920, 1080), (1920, 1200), (2560, 1440), (3840, 2160)),
)
# Environments share one when there are not enough, and then stand aside for each other.
_OF_EACH = 16
# More than any window is wide or high.
_EDGE = 10_000
# Each would change what is drawn; Qt reads them when it starts.
_FOREIGN = (
    *("QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS", "QT_SCALE_FACTOR_ROUNDING_POLICY", "QT_FONT_DPI"),
    *("QT_ENABLE_HIGHDPI_SCALING", "QT_AUTO_SCREEN_SCALE_FACTOR", "QT_USE_PHYSICAL_DPI", "QT_STYLE_OVERRIDE"),
    *("QT_QPA_PLATFORMTHEME", "QT_IM_MODULE", "QT_QPA_FONTDIR"),
)
_SCALE = {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
_FONTCONFIG = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>{}</dir></fontconfig>'
_USUAL_NOISE = "This plugin does not support"

_log = logging.getLogger("agentgym.qt")


class Toolkit(NamedTuple):
    """Qt as this process has it."""

    application: QApplication
    clock: Clock
    turns: Turns
    process: int
    thread: int

    def screen(self, size: tuple[int, int]) -> QRect:
        """Where Qt has a screen of a size (width, height), or else the smallest around it, that the fewest look at."""
        places = [screen.geometry() for screen in self.application.screens()]
        holding = [place for place in places if place.width() >= size[0] and place.height() >= size[1]]
        taken = Counter(place.topLeft().toTuple() for place in self.turns.places)
        return min(holding or places[-1:], key=lambda place: (_area(place), taken[place.topLeft().toTuple()]))


def toolkit() -> Toolkit:
    """Qt on its offscreen platform; the first call makes it.

    Raises:
        MissingDependencyError: if PySide6 is not installed.
        UsageError: if the process has a QApplication of another's making, or this is not its main thread.
        BackendError: in a process that was forked from one that had used Qt: its state cannot be trusted there.
    """
    found = _started()
    if found.process != os.getpid():
        raise BackendError(
            "this process was forked from one in which Qt was running, which Qt does not survive: start workers with "
            "multiprocessing's 'spawn' or 'forkserver', or make the first qt environment after the fork"
        )
    if found.thread != threading.get_ident():
        raise UsageError("Qt runs in the main thread alone: use qt environments there, or run episodes in processes")
    return found


def require_qt() -> None:
    """Raises what `toolkit` would, but starts nothing: the process may still be forked.

    Gymnasium's AsyncVectorEnv makes an environment for its spaces, and then forks its workers.
    """
    if _started.cache_info().currsize:
        toolkit()
    else:
        _check_startable()


def _check_startable() -> None:
    if threading.current_thread() is not threading.main_thread():
        # At the interpreter's end it would wait for a thread that has ended.
        raise UsageError("Qt runs in the main thread alone: make qt environments there, or run episodes in processes")
    try:
        from PySide6.QtCore import QCoreApplication
        from PySide6.QtWidgets import QApplication  # noqa: F401  # lacks libraries of the system where Qt itself does not
    except ImportError as error:
        raise MissingDependencyError(
            f"the qt backend needs PySide6 ({error}): pip install 'agentgym-envs[qt]'"
        ) from error
    if QCoreApplication.instance() is not None:
        raise UsageError(
            "this process has a QApplication already, and there can be only one: make the first qt environment before "
            "it, or in another process"
        )


@cache
def _started() -> Toolkit:
    _check_startable()
    from PySide6.QtCore import QCoreApplication, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from agentgym.backends.qt.clock import Clock
    from agentgym.backends.qt.turns import Turns

    qInstallMessageHandler(_write_down)
    clock = Clock()
    QCoreApplication.setEventDispatcher(clock)
    with tempfile.TemporaryDirectory(prefix="agentgym-qt-") as folder, surroundings(Path(folder)):
        application = QApplication(["agentgym", "-platform", f"offscreen:configfile={_configured(Path(folder))}"])
        # Or Python would end it before the application does.
        clock.setParent(application)
        dress(application)
    turns = Turns(clock)
    # What is left to the end of the interpreter ends in any order.
    atexit.register(_end, turns, os.getpid())
    return Toolkit(application, clock, turns, os.getpid(), threading.get_ident())


def _end(turns: Turns, process: int) -> None:
    if process == os.getpid():
        turns.end()


def _area(place: QRect) -> int:
    return place.width() * place.height()


def dress(application: QApplication) -> None:
    """Gives an application the looks of this backend: style, colours, font, language, and that nothing moves."""
    from PySide6.QtCore import QLocale, Qt
    from PySide6.QtWidgets import QStyleFactory

    application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(_palette())
    application.setFont(_font())
    application.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    QLocale.setDefault(QLocale.c())
    # What moves by itself, or later, would differ from one run to the next.
    application.setCursorFlashTime(0)
    for effect in Qt.UIEffect:
        application.setEffectEnabled(effect, False)
    application.setQuitOnLastWindowClosed(False)


def _palette() -> QPalette:
    from PySide6.QtGui import QColor, QPalette

    palette = QPalette(QColor("#e6e6e6"))
    palette.setColor(QPalette.ColorRole.Highlight, QColor("#3584e4"))
    return palette


def _font() -> QFont:
    from PySide6.QtGui import QFont, QFontDatabase

    number = QFontDatabase.addApplicationFont(str(_FONTS / "DejaVuSans.ttf"))
    if number < 0:
        raise BackendError("the font that comes with the package cannot be loaded by Qt")
    font = QFont(QFontDatabase.applicationFontFamilies(number)[0])
    font.setPixelSize(_FONT_PX)
    # The same shapes whatever the machine's fonts and their configuration are.
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    strategy = QFont.StyleStrategy
    font.setStyleStrategy(strategy.NoSubpixelAntialias | strategy.NoFontMerging)
    return font


def _configured(folder: Path) -> Path:
    """A file that tells the offscreen platform its screens, all apart, and to deliver what happens at once.

    What goes over the edge of one is on none: neither on another environment's, nor above or left of the origin, from
    where the platform moves a window with a frame back by as much as the frame is wide.
    """
    screens, x = [], _EDGE
    for width, height in _SCREENS:
        size = {"width": width, "height": height}
        names = [(f"{width}x{height}/{number}", _EDGE + 2 * number * height) for number in range(_OF_EACH)]
        screens += [{"name": name, "x": x, "y": y, **size, **_SCALE} for name, y in names]
        x += 2 * width
    path = folder / "offscreen.json"
    path.write_text(json.dumps({"synchronousWindowSystemEvents": True, "screens": screens}))
    return path


@contextmanager
def surroundings(folder: Path) -> Iterator[None]:
    """The environment variables with which Qt starts; all but one kind are as before afterwards."""
    before = dict(os.environ)
    fonts = folder / "fonts.conf"
    fonts.write_text(_FONTCONFIG.format(_FONTS))
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ["FONTCONFIG_FILE"] = str(fonts)
    try:
        yield
    finally:
        for name in (*_FOREIGN, "FONTCONFIG_FILE"):
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)
        # Read at the first scroll: pixels are painted where they are seen, not moved unseen.
        os.environ |= {"QT_NO_FAST_SCROLL": "1", "QT_NO_FAST_MOVE": "1"}


def _write_down(kind: QtMsgType, _: QMessageLogContext, message: str) -> None:
    from PySide6.QtCore import QtMsgType

    if message.startswith(_USUAL_NOISE):
        return
    levels = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO}
    _log.log(levels.get(kind, logging.WARNING), "%s", message)
