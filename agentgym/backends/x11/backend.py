"""A private desktop, no virtual machine and no Docker: X server, window manager and applications in a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xcffib
import xcffib.xproto

from agentgym.actions import Action
from agentgym.backends.base import BackendOptions, Completed, Observed, Window
from agentgym.backends.checks import check_input
from agentgym.backends.sandbox.application import LOG, STATE_FILE
from agentgym.backends.sandbox.bubblewrap import package_folders
from agentgym.backends.sandbox.machine import Machine, MachineSettings, SandboxName
from agentgym.backends.sandbox.ports import Ports
from agentgym.backends.sandbox.toolside import ToolMethods, ToolSide
from agentgym.backends.x11 import windows as _windows
from agentgym.backends.x11.applications import command_line, scripts
from agentgym.backends.x11.environment import ENVIRONMENT
from agentgym.backends.x11.framebuffer import Framebuffer
from agentgym.backends.x11.homes import home_archive
from agentgym.backends.x11.input import InputDriver, Sent
from agentgym.backends.x11.keysyms import keysym_of_character, keysym_of_key
from agentgym.backends.x11.refresh import set_refresh
from agentgym.backends.x11.system import system_files
from agentgym.errors import BackendError, UsageError

if TYPE_CHECKING:
    import socket

    from agentgym.backends.x11.accessibility import AccessibilityClient

__all__ = ["X11Backend", "make_x11"]

QUIET_S = 0.006
"""How long no thread of the desktop may have run before it counts as settled."""

TIMERS_S = 0.4
"""A main loop's timer that is due within this time is waited for: it may paint."""

# An application that never rests must not make typing take for ever.
_DRAIN_PATIENCE_S = 1.0
_DRAIN_IMPATIENCE_S = 0.02
_MOST_UNREST_S = 2.0
_BACKGROUND = 0x3A6EA5


class X11Backend(ToolMethods):
    """A real Linux desktop, private to this object.

    The desktop lives in a sandbox of its own and ends with this object, or with the process that holds it, leaving
    nothing behind. `reset` keeps the servers (about 60 MB) and renews everything else; if something broke, it starts a
    new desktop.

    Args:
        screen: (width, height) in pixels.
        sandbox: ``"bwrap"``, or ``"none"`` for applications with the rights of this process, and with a home that is
            not at ``/home/user``, where the tasks of OSWorld and of the suite ``apps`` look for it.
        accessibility: whether applications get an accessibility bus, for ``accessibility_tree`` and ``terminal``.
        network: whether applications see the machine's network; without it they have a loopback of their own. With it
            they reach what listens on this machine, too, an X server's abstract socket included.
        memory_mb: what all processes of the desktop may take together.
        disk_mb: what the home and ``/tmp`` hold, each; they live in memory.
        processes: how many there may be at once.
        shown: folders of this machine that applications may read, and where a sandbox shows them.
        refresh_hz: what the screen says of itself; programs that paint in frames begin as many a second. None for what
            they take a screen for that says nothing, 60.

    Raises:
        UsageError: if an argument cannot work.
    """

    def __init__(
        self,
        *,
        screen: tuple[int, int] = (1280, 720),
        sandbox: SandboxName = "bwrap",
        accessibility: bool = True,
        network: bool = False,
        memory_mb: int = 4096,
        disk_mb: int = 1024,
        processes: int = 512,
        shown: Mapping[str, str] | None = None,
        refresh_hz: int | None = None,
    ) -> None:
        if sandbox not in ("bwrap", "none"):
            raise UsageError(f"sandbox is {sandbox!r}; it can be 'bwrap' or 'none'")
        if min(screen) < 64 or max(screen) > 8192:
            raise UsageError(f"screen is {screen!r}; (width, height) go from 64 to 8192 pixels")
        self._screen = (screen[0], screen[1])
        self._settings = MachineSettings(
            screen=self._screen,
            sandbox=sandbox,
            accessibility=accessibility,
            network=network,
            memory_mb=memory_mb,
            disk_mb=disk_mb,
            processes=processes,
            shown=tuple((shown or {}).items()),
            refresh_hz=refresh_hz,
            commands=scripts(),
            files=system_files(),
        )
        self._desktop: _Desktop | None = None
        self._tools: ToolSide | None = None
        self._ports = Ports(self._dial)
        # Whether an application was started that has not settled yet.
        self._starting = False

    @property
    def screen(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self._screen

    @property
    def sandbox(self) -> SandboxName:
        """What applications are held in; without one there is no ``/home/user``."""
        return self._settings.sandbox

    def reset(self, *, seed: int) -> None:
        """Gives a fresh desktop; ``seed`` is only what its tools draw by, and no application sees it."""
        self._ports.close()
        if self._desktop is not None:
            try:
                self._desktop.renew()
            except (BackendError, OSError, xcffib.XcffibException):
                # Whatever the old desktop is suffering from, a new one does not.
                self.close()
        if self._desktop is None:
            self._desktop = _Desktop(self._settings, self._screen)
        self._starting = False
        # Applications that a tool starts stay.
        self._tools = ToolSide(self._desktop.machine, seed=seed, background=True)

    def check(self, action: Action) -> None:
        """Returns if the action can be done here; see `agentgym.backends.base.Backend.check`."""
        check_input(action, screen=self.screen, key=keysym_of_key, character=keysym_of_character)

    def perform(self, action: Action) -> None:
        """Does one action through XTEST; see `agentgym.backends.base.Backend.perform`."""
        self._open.perform(action)

    def settle(self, timeout_s: float) -> bool:
        """Waits until the desktop rests; False if ``timeout_s`` passed first."""
        starting = self._starting
        settled = self._open.machine.settle(quiet_s=QUIET_S, timers_s=TIMERS_S, timeout_s=timeout_s, starting=starting)
        # What has not come to rest yet is starting still.
        self._starting = starting and not settled
        return settled

    def observe(self, kinds: Sequence[str]) -> Observed:
        """``screenshot`` is uint8 (height, width, 3) RGB with the pointer; the others are text."""
        return {kind: self._observer(kind)() for kind in kinds}

    def capture_into(self, frame: npt.NDArray[np.uint8]) -> None:
        """Writes the screenshot into uint8 (height, width, 3), which may be part of more."""
        self._open.framebuffer.capture_into(frame)

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """Runs a command inside the sandbox to its end."""
        return self._open.machine.run(command_line(argv), timeout_s=timeout_s, env=env, cwd=cwd, stdin=stdin)

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        """Starts a command inside the sandbox and leaves it running; a crash of it is a `BackendError` later."""
        self._starting = True
        self._open.machine.launch(command_line(argv), env=env, cwd=cwd)

    def converse(self, argv: Sequence[str]) -> socket.socket:
        """Launches a command whose standard input, open both ways, is the other end of this; the caller's to close."""
        return self._open.machine.converse(argv, env=None, cwd=None)

    def address_of(self, port: int) -> tuple[str, int]:
        """Where this process reaches a port that an application listens on; until the next `reset`."""
        if self._settings.network or self._settings.sandbox == "none":
            return "127.0.0.1", port
        return self._ports.address_of(port)

    def read(self, path: str) -> bytes:
        """The content of a file of the desktop."""
        try:
            return self._open.machine.read(path)
        except FileNotFoundError as error:
            if path != STATE_FILE:
                raise
            raise BackendError(f"the application is not running{self._last_words()}", kind="application") from error

    def write(self, path: str, content: bytes) -> None:
        """Puts a file into the desktop."""
        self._open.machine.write(path, content)

    def windows(self) -> Sequence[Window]:
        """Top-level windows, the lowest first."""
        return _windows.list_windows(self._open.connection)

    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Raises and focuses a window. Returns False if there is none."""
        return _windows.activate(self._open.connection, name, strict=strict, by_class=by_class)

    def close_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """Asks a window to close. Returns False if there is none."""
        return _windows.close(self._open.connection, name, strict=strict, by_class=by_class)

    def snapshot(self) -> object:
        """Refuses: running applications cannot be saved; the environment replays the episode instead."""
        raise UsageError("an x11 desktop cannot be saved: applications are running in it")

    def restore(self, token: object) -> None:
        """Refuses, as `snapshot` does."""
        raise UsageError(f"an x11 desktop cannot be restored from {token!r}")

    def processes(self) -> list[int]:
        """Process ids of the desktop, as it sees them itself."""
        return self._open.machine.processes()

    def release_input(self) -> None:
        """Puts keyboard, pointer and clipboard into their first state; applications stay."""
        self._open.release_input()

    @property
    def sent(self) -> Sent:
        """What input was sent since the desktop was started."""
        return replace(self._open.input.sent)

    def colour(self, x: int, y: int) -> tuple[int, int, int]:
        """A pixel of the screen this moment, red, green, blue."""
        return self._open.framebuffer.colour(x, y)

    def glance(self) -> npt.NDArray[np.uint8] | None:
        """What the screen shows this moment, for any thread; None if there is none."""
        desktop = self._desktop
        return None if desktop is None else desktop.framebuffer.glance()

    def close(self) -> None:
        """Ends the desktop and everything in it."""
        self._ports.close()
        self._tools = None
        if self._desktop is not None:
            self._desktop.close()
            self._desktop = None

    def _last_words(self) -> str:
        try:
            lines = self._open.machine.read(LOG).decode("utf-8", "replace").strip().splitlines()
        except FileNotFoundError:
            return ": none was launched"
        return f": {lines[-1]}" if lines else ""

    def _dial(self, port: int) -> socket.socket:
        return self._open.machine.dial(port)

    @property
    def _open(self) -> _Desktop:
        if self._desktop is None:
            raise BackendError("the desktop is not running: call reset", kind="machine")
        return self._desktop

    @property
    def _side(self) -> ToolSide:
        if self._tools is None:
            raise BackendError("the desktop is not running: call reset", kind="machine")
        return self._tools

    def _observer(self, kind: str) -> Callable[[], Any]:
        desktop = self._open
        match kind:
            case "screenshot":
                return desktop.framebuffer.capture
            case "accessibility_tree":
                return lambda: desktop.accessibility.tree(self.screen)
            case "terminal":
                return desktop.accessibility.focused_terminal
        raise UsageError(f"no observation {kind!r}; this backend has screenshot, accessibility_tree and terminal")


def make_x11(options: BackendOptions) -> X11Backend:
    """The x11 backend as environments make it."""
    return X11Backend(
        screen=options.screen,
        sandbox=options.sandbox,
        network=options.network,
        accessibility=options.accessibility,
        shown=package_folders() if options.packages else None,
    )


class _Desktop:
    """A machine with what is connected to it."""

    def __init__(self, settings: MachineSettings, screen: tuple[int, int]) -> None:
        self._settings = settings
        self._accessibility: AccessibilityClient | None = None
        self._unrest_s = 0.0
        with ExitStack() as stack:
            self.machine = Machine(settings, home=home_archive(settings), environment=ENVIRONMENT)
            stack.callback(self.machine.close)
            self.connection = _connect(self.machine)
            stack.callback(self.connection.disconnect)
            if settings.refresh_hz is not None:
                set_refresh(self.connection, screen=screen, hz=settings.refresh_hz)
            self._paint_background()
            self._root_properties = _windows.root_properties(self.connection)
            self.framebuffer = Framebuffer(self.machine.framebuffer(), self.connection)
            stack.callback(self.framebuffer.close)
            self.input = InputDriver(self.connection, screen=screen, drain=self._drain)
            self.input.reset()
            self._to_close = stack.pop_all()

    @property
    def accessibility(self) -> AccessibilityClient:
        if not self._settings.accessibility:
            raise UsageError("this desktop has no accessibility bus: make it with accessibility=True")
        if self._accessibility is None:
            from agentgym.backends.x11.accessibility import AccessibilityClient

            self._accessibility = AccessibilityClient(lambda: self.machine.connect("accessibility_bus"))
        return self._accessibility

    def renew(self) -> None:
        self.machine.renew(home_archive(self._settings))
        _windows.forget_root_properties(self.connection, known=self._root_properties)
        self._paint_background()
        self.input.reset()
        self._drain()

    def release_input(self) -> None:
        self.input.reset()
        _windows.forget_selections(self.connection)

    def close(self) -> None:
        if self._accessibility is not None:
            self._accessibility.close()
        self._to_close.close()

    def perform(self, action: Action) -> None:
        self._unrest_s = 0.0
        self.input.perform(action)

    def _drain(self) -> None:
        """Lets applications take what was sent; not for ever if one hangs or never rests, and long only once."""
        if self._unrest_s >= _MOST_UNREST_S:
            return
        patience_s = _DRAIN_IMPATIENCE_S if self._unrest_s else _DRAIN_PATIENCE_S
        if not self.machine.settle(quiet_s=QUIET_S, timers_s=0.0, timeout_s=patience_s):
            self._unrest_s += patience_s

    def _paint_background(self) -> None:
        root = self.connection.get_setup().roots[0].root
        core = self.connection.core
        core.ChangeWindowAttributes(root, xcffib.xproto.CW.BackPixel, [_BACKGROUND])
        core.ClearArea(False, root, 0, 0, 0, 0)
        core.GetInputFocus().reply()


def _connect(machine: Machine) -> xcffib.Connection:
    # xcb closes the descriptor when it disconnects.
    return xcffib.Connection(fd=machine.connect("x11").detach())
