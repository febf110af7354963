"""The machine that this process runs on: the screen it shows, driven through pyautogui."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from agentgym.actions import (
    Action,
    Batch,
    Click,
    DoubleClick,
    DragTo,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    TypeText,
)
from agentgym.backends.base import BackendOptions, Completed, Observed, Window
from agentgym.backends.checks import check_input
from agentgym.errors import ActionError, BackendError, MissingDependencyError, UsageError

__all__ = ["QUIET_S", "HostBackend", "make_host"]

QUIET_S: Final = 0.3
"""How long the screen must stay the same to count as settled."""

# Asked as a question about the machine, so that type checkers read both answers.
_ON_X11 = platform.system() == "Linux"
_DRAG_S = 0.2
_MODIFIERS = ("shift", "ctrl", "alt", "win", "command", "option")


class HostBackend:
    """The user's own desktop: Linux with X11, macOS, Windows.

    **Nothing is isolated.** The agent moves the user's pointer and types into the user's windows; commands run and
    files are written on this machine with the user's own rights. ``reset`` releases keys and buttons and changes
    nothing else. For a desktop that can be thrown away take the ``x11`` backend.

    What can be typed is what pyautogui can type: no character that the keyboard layout lacks. pyautogui's settings are
    global and it looks for the display once, when it is imported: one such backend a process.

    Args:
        fail_safe: stops with a `BackendError` when the pointer is in a corner of the screen, so that the user can stop
            the agent by putting it there.
    """

    def __init__(self, *, fail_safe: bool = True) -> None:
        self._pyautogui = _import_pyautogui()
        self._pyautogui.PAUSE = 0
        self._pyautogui.FAILSAFE = fail_safe
        self._held_keys: set[str] = set()
        self._held_buttons: set[str] = set()

    @property
    def screen(self) -> tuple[int, int]:
        """(width, height) in the units that pyautogui counts in."""
        width, height = self._pyautogui.size()
        return int(width), int(height)

    def reset(self, *, seed: int) -> None:
        """Releases keys and buttons. Everything else stays as it is: this is the user's desktop."""
        del seed
        with self._foreign():
            for button in sorted(self._held_buttons):
                self._pyautogui.mouseUp(button=button)
            for key in sorted(self._held_keys | {key for key in _MODIFIERS if self._has_key(key)}):
                self._pyautogui.keyUp(key)
        self._held_keys.clear()
        self._held_buttons.clear()

    def check(self, action: Action) -> None:
        """Returns if pyautogui can do the action here; see `agentgym.backends.base.Backend.check`."""
        check_input(action, screen=self.screen, key=self._check_key, character=self._check_key)

    def perform(self, action: Action) -> None:
        """Does one action through pyautogui.

        Raises:
            ActionError: if it cannot be done; a key or character that pyautogui has no key for is one reason.
            BackendError: if the display is gone, or the user stopped the agent.
        """
        self.check(action)
        with self._foreign():
            self._do(action)

    def settle(self, timeout_s: float) -> bool:
        """Waits until two looks at the screen, `QUIET_S` apart and all in between, are the same."""
        deadline = time.monotonic() + timeout_s
        before, since = self._screenshot(), time.monotonic()
        while time.monotonic() - since < QUIET_S:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
            now = self._screenshot()
            if not np.array_equal(before, now):
                before, since = now, time.monotonic()
        return True

    def observe(self, kinds: Sequence[str]) -> Observed:
        """``screenshot`` alone: uint8 (height, width, 3) RGB."""
        unknown = [kind for kind in kinds if kind != "screenshot"]
        if unknown:
            raise UsageError(f"no observation {unknown[0]!r}; the host backend has screenshot")
        return {kind: self._screenshot() for kind in kinds}

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """Runs a command on this machine, with the user's rights, to its end."""
        process = _start(argv, env=env, cwd=cwd, pipes=subprocess.PIPE)
        with process:
            try:
                stdout, stderr = process.communicate(stdin, timeout=timeout_s)
            except subprocess.TimeoutExpired as error:
                _kill(process)
                raise TimeoutError(f"{argv[0]} did not end within {timeout_s:g} s") from error
        return Completed(process.returncode, stdout, stderr)

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        """Starts a command on this machine, with the user's rights; it outlives this backend."""
        process = _start(argv, env=env, cwd=cwd, pipes=subprocess.DEVNULL)
        # Somebody has to take note of its end, or it stays as a zombie.
        threading.Thread(target=process.wait, name=f"wait for {argv[0]}", daemon=True).start()

    def read(self, path: str) -> bytes:
        """The content of a file of this machine."""
        return Path(path).expanduser().read_bytes()

    def write(self, path: str, content: bytes) -> None:
        """Writes a file on this machine, with the folders that lead to it."""
        target = Path(path).expanduser()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def windows(self) -> Sequence[Window]:
        """Top-level windows. Other systems than Linux do not tell their class, nor which lies above which."""
        if _ON_X11:
            from agentgym.backends.x11 import windows as x11

            with _x11_connection() as connection:
                return x11.list_windows(connection)
        return [_described(window) for window in self._foreign_windows()]

    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Raises and focuses a window. Returns False if there is none."""
        if _ON_X11:
            from agentgym.backends.x11 import windows as x11

            with _x11_connection() as connection:
                return x11.activate(connection, name, strict=strict, by_class=by_class)
        return self._ask_window("activate", name, strict=strict, by_class=by_class)

    def close_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Asks a window to close. Returns False if there is none."""
        if _ON_X11:
            from agentgym.backends.x11 import windows as x11

            with _x11_connection() as connection:
                return x11.close(connection, name, strict=strict, by_class=by_class)
        return self._ask_window("close", name, strict=strict, by_class=by_class)

    def snapshot(self) -> object:
        """Refuses: this is the user's desktop."""
        raise UsageError("the host cannot be saved; the x11 and memory backends start afresh at every reset")

    def restore(self, token: object) -> None:
        """Refuses, as `snapshot` does."""
        raise UsageError(f"the host cannot be restored from {token!r}")

    def close(self) -> None:
        """Releases what the agent holds down. Applications stay."""
        if self._held_keys or self._held_buttons:
            self.reset(seed=0)

    def _do(self, action: Action) -> None:
        gui = self._pyautogui
        match action:
            case Batch(actions):
                for part in actions:
                    self._do(part)
            case MoveTo(x, y):
                gui.moveTo(x, y)
            case Click(x, y, button, clicks):
                gui.click(x, y, clicks=clicks, button=button)
            case RightClick(x, y):
                gui.rightClick(x, y)
            case DoubleClick(x, y):
                gui.doubleClick(x, y)
            case DragTo(x, y, button):
                gui.dragTo(x, y, duration=_DRAG_S, button=button)
            case Scroll(dx, dy, x, y):
                self._scroll(dx, dy, x, y)
            case _:
                self._hold(action)

    def _hold(self, action: Action) -> None:
        gui = self._pyautogui
        match action:
            case MouseDown(button):
                self._held_buttons.add(button)
                gui.mouseDown(button=button)
            case MouseUp(button):
                self._held_buttons.discard(button)
                gui.mouseUp(button=button)
            case KeyDown(key):
                self._held_keys.add(key)
                gui.keyDown(key)
            case KeyUp(key):
                self._held_keys.discard(key)
                gui.keyUp(key)
            case Press(key, presses):
                gui.press(key, presses=presses)
            case Hotkey(keys):
                gui.hotkey(*keys)
            case TypeText(text):
                self._type(text)

    def _scroll(self, dx: int, dy: int, x: int | None, y: int | None) -> None:
        if dy:
            self._pyautogui.scroll(dy, x, y)
        if dx:
            self._pyautogui.hscroll(dx, x, y)

    def _type(self, text: str) -> None:
        for index, part in enumerate(text.replace("\r\n", "\n").split("<") if _ON_X11 else [text]):
            if index:
                # pyautogui 0.9.54 types "<" as ">" on X11, where it finds it on a key of its own and adds Shift.
                self._pyautogui.hotkey("shift", ",")
            self._pyautogui.write(part)

    def _check_key(self, name: str) -> None:
        if not self._has_key(name):
            raise ActionError(f"pyautogui has no key for {name!r} on this machine; nothing was done")

    def _has_key(self, name: str) -> bool:
        key = name.lower() if len(name) > 1 else name
        if not self._pyautogui.isValidKey(key):
            return False
        # On X11 pyautogui takes key code 0 for a key, which is X's way of saying that there is none.
        return not _ON_X11 or self._pyautogui.platformModule.keyboardMapping[key] != 0

    def _screenshot(self) -> npt.NDArray[np.uint8]:
        with self._foreign():
            image = (_grab_x11() if _ON_X11 else self._pyautogui.screenshot()).convert("RGB")
        if image.size != self.screen:
            # macOS draws several pixels to a point, and pyautogui clicks points.
            image = image.resize(self.screen)
        return np.array(image, dtype=np.uint8)

    def _foreign_windows(self) -> Sequence[Any]:
        try:
            found: Sequence[Any] = self._pyautogui.getAllWindows()
        except (NotImplementedError, self._pyautogui.PyAutoGUIException) as error:
            raise UsageError(f"pyautogui does not know the windows of this system: {error}") from error
        return found

    def _ask_window(self, wish: str, name: str, *, strict: bool, by_class: bool) -> bool:
        if by_class:
            raise UsageError("windows have a class on X11 only: name the window by its title")
        for window in self._foreign_windows():
            fits = window.title == name if strict else name.lower() in window.title.lower()
            if fits:
                getattr(window, wish)()
                return True
        return False

    @contextmanager
    def _foreign(self) -> Iterator[None]:
        """A border to pyautogui and what it calls, which raise what they like."""
        try:
            yield
        except self._pyautogui.FailSafeException as error:
            raise BackendError("the user stopped the agent: the pointer is in a corner of the screen") from error
        except Exception as error:
            raise BackendError(f"pyautogui failed: {type(error).__name__}: {error}", kind="display") from error


def make_host(options: BackendOptions) -> HostBackend:
    """The host backend as environments make it. The screen is as large as it is."""
    del options
    return HostBackend()


def _import_pyautogui() -> Any:
    try:
        with _quiet_xlib():
            import pyautogui
    except ImportError as error:
        raise MissingDependencyError(f"pyautogui cannot be imported ({error}): pip install pyautogui") from error
    except SystemExit as error:
        # mouseinfo, which pyautogui imports, ends the process if Python has no tkinter.
        raise MissingDependencyError("pyautogui needs tkinter: sudo apt-get install python3-tk") from error
    except Exception as error:
        display = os.environ.get("DISPLAY")
        raise BackendError(f"no screen to drive: DISPLAY is {display!r}: {error}", kind="display") from error
    return pyautogui


@contextmanager
def _quiet_xlib() -> Iterator[None]:
    """Lets python3-xlib 0.15, which pyautogui brings, connect without an authority file and without a word.

    It fails if the file is missing that most displays do not need, and prints on the standard output that it is empty.
    """
    missing = "XAUTHORITY" not in os.environ and not (Path.home() / ".Xauthority").exists()
    with redirect_stdout(StringIO()):
        if missing:
            os.environ["XAUTHORITY"] = os.devnull
        try:
            yield
        finally:
            if missing:
                del os.environ["XAUTHORITY"]


def _grab_x11() -> Any:
    """The screen as a Pillow image. pyautogui would start a program that writes it to a file in the working folder."""
    from PIL import ImageGrab

    return ImageGrab.grab(xdisplay="")


@contextmanager
def _x11_connection() -> Iterator[Any]:
    import xcffib

    try:
        connection = cast("Any", xcffib).connect()
    except xcffib.XcffibException as error:
        raise BackendError(f"no X server at {os.environ.get('DISPLAY')!r}: {error}", kind="display") from error
    try:
        yield connection
    finally:
        connection.disconnect()


def _described(window: Any) -> Window:
    return Window(
        title=window.title,
        app_class="",
        x=window.left,
        y=window.top,
        width=window.width,
        height=window.height,
        active=bool(window.isActive),
    )


def _start(
    argv: Sequence[str], *, env: Mapping[str, str] | None, cwd: str | None, pipes: int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(argv),
        env={**os.environ, **(env or {})},
        cwd=None if cwd is None else Path(cwd).expanduser(),
        stdin=pipes,
        stdout=pipes,
        stderr=pipes,
        start_new_session=True,
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and, where the system can tell them, its children."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
