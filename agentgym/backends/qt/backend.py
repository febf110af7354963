"""Applications of Qt widgets in this process, as a backend."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions import Action
from agentgym.backends.base import BackendOptions, Completed, Observed, Window
from agentgym.backends.checks import screen_size
from agentgym.backends.qt.apps import NATIVE, PROGRAM, STATE_FILE, apps
from agentgym.backends.qt.faults import FaultsRaised, attributed
from agentgym.backends.qt.interrupts import Held
from agentgym.backends.qt.programs import run_program
from agentgym.backends.qt.toolkit import Toolkit, require_qt, toolkit
from agentgym.errors import BackendError, UsageError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from agentgym.backends.qt.app import App
    from agentgym.backends.qt.input import QtInput
    from agentgym.backends.qt.screen import Screen, Seen
    from agentgym.backends.qt.turns import Seat

__all__ = ["QtBackend", "make_qt"]

_HOME = PurePosixPath("/home/user")


class QtBackend:
    """One application on a screen of its own, in this process. Nothing runs between two calls.

    An action's events have been delivered and painted when ``settle`` returns; there is nothing to wait for. Timers go
    by steps: ``settle`` lets 0.4 s of them pass. Of programs there are `PROGRAM`, ``echo`` and ``cat``; files are kept
    in memory.

    Qt starts with the first use of the first of these. Any number live in one process, in one thread. What Qt has once
    (focus, pop-ups, clipboard, pointer) each finds as it left it.

    Args:
        screen: (width, height) in pixels.

    Raises:
        MissingDependencyError: if PySide6 is not installed.
        UsageError: if the process has a QApplication of another's making, or another thread uses Qt.
        BackendError: in a process that was forked after Qt had started.
    """

    bound_to_thread = True

    def __init__(self, screen: tuple[int, int] = NATIVE) -> None:
        self._size = screen_size(screen)
        require_qt()
        self._app: App | None = None
        self._name = ""
        self._files: dict[str, bytes] = {}
        self._is_alive = False
        self._is_stale = False

    @property
    def screen(self) -> tuple[int, int]:
        return self._size

    @property
    def app(self) -> App:
        """The application.

        Raises:
            BackendError: if none was launched.
        """
        if self._app is None:
            raise BackendError("no application is running: the task's setup launches one", kind="application")
        return self._app

    def state(self) -> dict[str, Any]:
        """What the application says of itself, as `STATE_FILE` has it.

        Raises:
            BackendError: if there is none, or it raises something.
        """
        self._check_alive()
        app = self.app
        with self._turn(), attributed(self._name, "state"):
            return app.state()

    def solve(self) -> Action | None:
        """The application's own next action. It is asked while what is open in it is to be seen.

        Raises:
            BackendError: if there is none, or it raises something.
        """
        app = self.app
        with self._turn(), attributed(self._name, "solve"):
            return app.solve()

    def reset(self, *, seed: int) -> None:
        with self._turn():
            self._end_app()
        self._files = {}
        self._is_alive = self._is_stale = True

    def check(self, action: Action) -> None:
        self._input.check(action)

    def perform(self, action: Action) -> None:
        self._check_alive()
        self._is_stale = True
        with self._turn():
            self._input.perform(action)

    def settle(self, timeout_s: float) -> bool:
        from agentgym.backends.qt.input import ACTION_MS

        self._check_alive()
        with self._turn():
            self._kit.clock.advance(ACTION_MS)
            self._refresh()
        return True

    def observe(self, kinds: Sequence[str]) -> Observed:
        self._refresh_if_stale()
        return {kind: self._observed(kind) for kind in kinds}

    def seen(self, since: object) -> Seen:
        """The screenshot as `observe` gives it, with what of it has changed; it is not the caller's to write or keep.

        Args:
            since: the token of the last time; any other object for all of it.
        """
        self._refresh_if_stale()
        return self._screen.seen(self._seat.pointer, since)

    def capture_into(self, frame: npt.NDArray[np.uint8]) -> None:
        """Writes the screenshot into uint8 (height, width, 3), which may be part of more."""
        self._refresh_if_stale()
        self._screen.capture_into(frame, self._seat.pointer)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        self._check_alive()
        return run_program(argv, self.read)

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        """Starts ``["agentgym-app", name, parameters]``, in place of the application that was there.

        Raises:
            FileNotFoundError: if it is another program.
            UnknownNameError: if there is no application of that name.
            UsageError: if the parameters are not a JSON object.
            BackendError: if the application raises something.
        """
        self._check_alive()
        if argv[0] != PROGRAM or len(argv) != 3:
            raise FileNotFoundError(f"no program {argv[0]!r}: the qt backend starts {PROGRAM} NAME PARAMETERS")
        _, name, text = argv
        try:
            params = msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise UsageError(f"the parameters of {name!r} are no JSON object: {error}") from error
        kind = apps[name]
        if self._app is not None:
            with self._turn():
                self._end_app()
        self._name = name
        with self._turn():
            self._open(kind, params)
        self._is_stale = True

    def read(self, path: str) -> bytes:
        self._check_alive()
        if path == STATE_FILE:
            with attributed(self._name, "state"):
                return msgspec.json.encode(self.state())
        name = _expanded(path)
        if name not in self._files:
            raise FileNotFoundError(f"no such file: {path!r}")
        return self._files[name]

    def write(self, path: str, content: bytes) -> None:
        self._check_alive()
        self._files[_expanded(path)] = content

    def windows(self) -> Sequence[Window]:
        from PySide6.QtWidgets import QApplication

        with self._turn():
            active = QApplication.activeWindow()
            return [self._described(window, window is active) for window in self._frames()]

    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        with self._turn():
            for window in reversed(self._frames()):
                if self._is_called(window, name, strict=strict, by_class=by_class):
                    window.activateWindow()
                    self._is_stale = True
                    return True
        return False

    def close_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        with self._turn():
            for window in reversed(self._frames()):
                if self._is_called(window, name, strict=strict, by_class=by_class):
                    self._is_stale = True
                    if window is not self._app:
                        window.close()
                    elif self._app.close():
                        self._end_app()
                    return True
        return False

    def snapshot(self) -> object:
        raise UsageError("widgets cannot be saved; the environment replays the episode instead")

    def restore(self, token: object) -> None:
        raise UsageError(f"widgets cannot be restored from {token!r}")

    def close(self) -> None:
        if self._is_alive:
            with self._turn():
                self._end_app()
        self._is_alive = False

    def _refresh_if_stale(self) -> None:
        self._check_alive()
        if self._is_stale:
            with self._turn():
                self._kit.clock.deliver()
                self._refresh()

    @cached_property
    def _kit(self) -> Toolkit:
        return toolkit()

    @cached_property
    def _parts(self) -> tuple[Seat, Screen, QtInput]:
        from PySide6.QtCore import QRect, QSize

        from agentgym.backends.qt.input import QtInput
        from agentgym.backends.qt.screen import Screen

        kit = self._kit
        seat = kit.turns.seat(QRect(kit.screen(self._size).topLeft(), QSize(*self._size)))
        screen, given = Screen(seat.place), QtInput(kit.clock, seat)
        # One that is dropped without `close` must not stay open for as long as the process lasts.
        weakref.finalize(self, kit.turns.abandon, seat, (screen, given)).atexit = False
        return seat, screen, given

    @cached_property
    def _seat(self) -> Seat:
        return self._parts[0]

    @cached_property
    def _screen(self) -> Screen:
        return self._parts[1]

    @cached_property
    def _input(self) -> QtInput:
        return self._parts[2]

    def _observed(self, kind: str) -> Any:
        match kind:
            case "screenshot":
                width, height = self._size
                frame = np.empty((height, width, 3), np.uint8)
                self.capture_into(frame)
                return frame
            case "accessibility_tree":
                from PySide6.QtWidgets import QApplication

                from agentgym.backends.qt.accessibility import tree

                with self._turn():
                    return tree(self._seat.windows, self._seat.place.topLeft(), QApplication.activeWindow())
            case "terminal":
                return ""
        raise UsageError(f"no observation {kind!r}; this backend has screenshot, accessibility_tree and terminal")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Takes the turn; what goes wrong in the application within the block is raised at its end."""
        # Says so in a process that was forked since.
        kit = toolkit()
        with Held():
            kit.turns.take(self._seat)
            with FaultsRaised(kit.clock, self._name):
                yield

    def _check_alive(self) -> None:
        if not self._is_alive:
            raise BackendError("the machine is not running: call reset")

    def _open(self, kind: type[App], params: dict[str, Any]) -> None:
        from PySide6.QtCore import Qt

        with attributed(self._name, "__init__"):
            self._app = self._seat.root = app = kind(params)
        self._seat.timeline.root = app
        app.setWindowTitle(self._name)
        app.setWindowFlags(Qt.WindowType.FramelessWindowHint)
        app.setFixedSize(self._seat.place.size())
        app.move(self._seat.place.topLeft())
        self._screen.take_up(app)
        with attributed(self._name, "build"):
            app.build()
        app.show()
        app.activateWindow()

    def _refresh(self) -> None:
        """Brings windows, hover and picture up to date."""
        seat = self._seat
        for window in self._kit.turns.look(seat):
            self._screen.take_up(window)
            self._place(window)
        self._kit.turns.give_focus(seat)
        is_over_another = self._input.hover()
        self._kit.clock.deliver_and_hold()
        are_others = self._screen.refresh(seat.windows)
        self._kit.clock.deliver_and_hold()
        if is_over_another or are_others or seat.held:
            self._kit.turns.steady(seat)
        self._is_stale = False

    def _place(self, window: QWidget) -> None:
        """Keeps a window on the screen, as a window manager does."""
        inside, place = self._seat.place, window.geometry()
        x = max(inside.left(), min(place.x(), inside.left() + inside.width() - place.width()))
        y = max(inside.top(), min(place.y(), inside.top() + inside.height() - place.height()))
        if (x, y) != (place.x(), place.y()):
            window.setGeometry(x, y, place.width(), place.height())

    def _frames(self) -> Sequence[QWidget]:
        from agentgym.backends.qt.turns import is_frame

        self._kit.turns.look(self._seat)
        return [window for window in self._seat.windows if is_frame(window)]

    def _described(self, window: QWidget, active: bool) -> Window:
        place = window.geometry().translated(-self._seat.place.topLeft())
        return Window(window.windowTitle(), PROGRAM, place.x(), place.y(), place.width(), place.height(), active=active)

    def _is_called(self, window: QWidget, name: str, *, strict: bool, by_class: bool) -> bool:
        own = PROGRAM if by_class else window.windowTitle()
        return own == name if strict else name.lower() in own.lower()

    def _end_app(self) -> None:
        app, self._app = self._app, None
        self._kit.turns.give_up(self._seat, app)
        self._screen.clear()


def make_qt(options: BackendOptions) -> QtBackend:
    """The qt backend as environments make it."""
    return QtBackend(options.screen)


def _expanded(path: str) -> str:
    return str(_HOME / path.removeprefix("~/"))
