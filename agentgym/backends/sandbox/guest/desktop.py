"""The servers of a desktop, from the X server to the window manager."""

from __future__ import annotations

import mmap
import os
import select
import socket
import subprocess
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .activity import Activity
from .places import Places
from .processes import Processes, alive

_BOOT_PATIENCE_S = 15.0
_END_PATIENCE_S = 1.0
_ACCESSIBILITY_BUS = "/usr/share/defaults/at-spi2/accessibility.conf"


class ServerError(RuntimeError):
    """A server of the desktop did not start or died."""


class Wanted(NamedTuple):
    """What desktop is wanted: screen (width, height) in pixels, whether applications get an accessibility bus.

    ``display`` is the number of its display; None for the first that is free.
    """

    width: int
    height: int
    accessibility: bool
    window_manager_config: str | None
    display: int | None


class Desktop:
    """X server, session bus, accessibility bus and window manager, in this order."""

    def __init__(self, places: Places, processes: Processes, environment: Mapping[str, str]) -> None:
        self.places = places
        self.processes = processes
        self.activity = Activity(processes.all)
        self._environment = dict(environment)
        self._servers: dict[int, str] = {}
        self._display = ""
        self._x_server: int | None = None
        self.files: frozenset[str] = frozenset()

    def start(self, wanted: Wanted, *, tick: Callable[[], None]) -> None:
        """Starts the servers and returns when they rest.

        Raises:
            ServerError: names the server that did not come up, with what it said.
        """
        painter = self._start_x_server(wanted)
        # Both before either starts: what a bus launches on demand finds the other bus in its environment.
        self._environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.places.session_bus}"
        if wanted.accessibility:
            self._environment["AT_SPI_BUS_ADDRESS"] = f"unix:path={self.places.accessibility_bus}"
        self._start_bus("session bus", self.places.session_bus, ["--session"])
        if wanted.accessibility:
            self._start_bus("accessibility bus", self.places.accessibility_bus, [f"--config-file={_ACCESSIBILITY_BUS}"])
        config = ["--config-file", wanted.window_manager_config] if wanted.window_manager_config else []
        self._serve("window manager", ["openbox", "--sm-disable", *config])
        self._await_window_manager(tick)
        self._servers |= dict.fromkeys(self.processes.all() - set(self._servers), "server")
        self.files = self.places.servers_files()
        self.activity.know_servers(self._servers, painter=painter, picture=self._sum_of_screen)

    @property
    def has_screen(self) -> bool:
        """Whether servers were started, and applications may stay."""
        return self._x_server is not None

    @property
    def environment(self) -> dict[str, str]:
        """What applications find in their environment."""
        return self._environment

    def clear(self) -> None:
        """Ends every process but the servers."""
        self.processes.kill_all(spare=self._servers)

    def end_x_server(self) -> None:
        """Lets the X server take its socket and its lock away, which killed it would leave where they can be seen."""
        if self._x_server is not None and self.places.root is not None:
            self.processes.terminate(self._x_server, patience_s=_END_PATIENCE_S)

    def _sum_of_screen(self) -> int:
        try:
            with (
                open(self.places.screen, "rb", buffering=0) as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
            ):
                return zlib.adler32(content)
        except (OSError, ValueError) as error:
            # An X server that ends takes it away.
            self.check()
            raise ServerError(f"what the X server draws in cannot be read: {error}") from error

    @property
    def _x_socket(self) -> str:
        return f"/tmp/.X11-unix/X{self._display}"

    def check(self) -> None:
        """Raises ServerError if a server died or lost what it is reached by."""
        self.processes.reap()
        if self._x_server is None:
            return
        for pid, name in self._servers.items():
            if not alive(pid):
                raise ServerError(f"the {name} died")
        for path in (*self.files, self._x_socket):
            if not os.path.lexists(path):
                raise ServerError(f"{path}, which the desktop's servers need, was removed")

    def connect(self, name: str) -> socket.socket:
        """A new connection to a server: ``x11``, ``session_bus`` or ``accessibility_bus``."""
        path = {
            "x11": self._x_socket,
            "session_bus": self.places.session_bus,
            "accessibility_bus": self.places.accessibility_bus,
        }[name]
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
        except OSError as error:
            connection.close()
            raise ServerError(f"cannot connect to {name}: {error}") from error
        return connection

    def _start_x_server(self, wanted: Wanted) -> int:
        reader, writer = os.pipe()
        number = [] if wanted.display is None else [f":{wanted.display}"]
        argv = ["Xvfb", *number, "-displayfd", str(writer), "-screen", "0", f"{wanted.width}x{wanted.height}x24"]
        # Without GLX a server takes 14 MB instead of 67; with -noreset it outlives its last client.
        argv += ["-fbdir", self.places.framebuffer, "-extension", "GLX", "-nolisten", "tcp", "-noreset"]
        # Not on the abstract socket either, which all desktops that share the machine's network could reach.
        argv += ["-nolisten", "local", "-dpi", "96", "-s", "0", "-dpms"]
        self._x_server = pid = self._serve("X server", argv, pass_fds=(writer,))
        os.close(writer)
        try:
            self._display = self._announced(pid, reader)
        finally:
            os.close(reader)
        self._environment["DISPLAY"] = f":{self._display}"
        return pid

    def _start_bus(self, name: str, path: str, argv: Sequence[str]) -> None:
        reader, writer = os.pipe()
        command = ["dbus-daemon", *argv, f"--address=unix:path={path}", "--nofork", "--nopidfile"]
        pid = self._serve(name, [*command, f"--print-address={writer}"], pass_fds=(writer,))
        os.close(writer)
        try:
            self._announced(pid, reader)
        finally:
            os.close(reader)

    def _serve(self, name: str, argv: Sequence[str], *, pass_fds: Sequence[int] = ()) -> int:
        log = open(f"{self.places.run}/{name.replace(' ', '-')}.log", "wb")  # noqa: SIM115 - the server keeps it
        with log:
            try:
                pid = self.processes.start(
                    argv,
                    env=self._environment,
                    cwd=self.places.run,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=pass_fds,
                )
            except FileNotFoundError as error:
                raise ServerError(f"the {name} is not installed: no program {argv[0]!r}") from error
        self._servers[pid] = name
        return pid

    def _announced(self, pid: int, reader: int) -> str:
        """The line that a server writes when it is ready."""
        said = b""
        deadline = time.monotonic() + _BOOT_PATIENCE_S
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(reader, 4096) if ready else b""
            if not chunk:
                raise ServerError(f"the {self._servers[pid]} did not start: {self._last_words(pid)}")
            said += chunk
        return said.decode().strip()

    def _last_words(self, pid: int) -> str:
        log = f"{self.places.run}/{self._servers[pid].replace(' ', '-')}.log"
        with open(log, "rb") as file:
            return file.read()[-400:].decode("utf-8", "replace").strip() or "it said nothing"

    def _await_window_manager(self, tick: Callable[[], None]) -> None:
        # Openbox announces itself before it is ready; asleep in its main loop, it is.
        if not self.activity.wait(quiet_s=0.004, timers_s=0.0, timeout_s=_BOOT_PATIENCE_S, starting=False, tick=tick):
            raise ServerError("the window manager did not come to rest")
        self.check()
