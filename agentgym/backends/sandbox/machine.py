"""A private desktop seen from the training process: its life, its requests, its connections."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agentgym.backends.base import Completed
from agentgym.backends.sandbox import bubblewrap as _sandbox
from agentgym.backends.sandbox.application import PROGRAM, application_command
from agentgym.backends.sandbox.guest.channel import Channel
from agentgym.errors import BackendError, MissingDependencyError

__all__ = ["FILES_MODIFIED", "Machine", "MachineSettings", "SandboxName"]

SandboxName: TypeAlias = Literal["bwrap", "none"]

FILES_MODIFIED = 1704067200
"""When files that lie in the home before the first step were last changed, as file dialogues show it: the start of
2024, UTC, in seconds since 1970."""

_GUEST = Path(__file__).parent / "guest"
_ANSWER_PATIENCE_S = 30.0
_END_PATIENCE_S = 5.0
_LOWEST_SHARED_DISPLAY = 1000
_FACTS: Mapping[str, type[OSError]] = {
    error.__name__: error
    for error in (
        ConnectionRefusedError,
        FileNotFoundError,
        IsADirectoryError,
        NotADirectoryError,
        PermissionError,
        TimeoutError,
        OSError,
    )
}

# A forked child must not keep its parent's desktops alive, nor talk to them.
_machines: weakref.WeakSet[Machine] = weakref.WeakSet()


@dataclass(frozen=True)
class MachineSettings:
    """What kind of desktop to start; see `agentgym.backends.x11.backend.X11Backend`.

    Without a screen it has no servers either: a home, a system, and nothing that runs. ``commands`` are scripts by name
    that come before the system's programs, and ``files`` texts by path beside those of the system, in a sandbox.
    """

    screen: tuple[int, int] | None
    sandbox: SandboxName
    accessibility: bool
    network: bool
    memory_mb: int
    disk_mb: int
    processes: int
    shown: tuple[tuple[str, str], ...] = ()
    refresh_hz: int | None = None
    commands: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()


class Machine:
    """A running desktop. It ends when it is closed, and when this process ends in whatever way.

    Args:
        settings: what to start.
        home: a tar archive of what lies in the fresh home.
        environment: variables that every application gets.

    Raises:
        SandboxUnavailableError: if there is no sandbox to be had.
        MissingDependencyError: if the X server or another server is not installed.
        BackendError: if a server does not start.
    """

    def __init__(self, settings: MachineSettings, *, home: bytes, environment: Mapping[str, str]) -> None:
        places = _places(settings)
        self._turn = threading.Lock()
        self._process, channel = _spawn(settings)
        self._channel: Channel | None = channel
        _machines.add(self)
        self.home: str = places["home"]
        self._python = None if settings.sandbox == "none" else _sandbox.visible_python()
        try:
            self._greet(settings, places, environment)
            self.call("start", home, **_wanted(settings, self.home))
        except BaseException:
            self.close()
            raise

    def renew(self, home: bytes) -> None:
        """Ends every application and lays a fresh home."""
        self.call("renew", home)

    def settle(self, *, quiet_s: float, timers_s: float, timeout_s: float, starting: bool = False) -> bool:
        """Waits until the desktop rests; False if ``timeout_s`` passed first.

        Raises:
            BackendError: names the application or server that died meanwhile.
        """
        header, _, _ = self.call(
            "settle",
            patience_s=timeout_s + _ANSWER_PATIENCE_S,
            quiet_s=quiet_s,
            timers_s=timers_s,
            timeout_s=timeout_s,
            starting=starting,
        )
        if header["crashed"]:
            raise BackendError("; ".join(header["crashed"]), kind="application")
        return bool(header["settled"])

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        env: Mapping[str, str] | None,
        cwd: str | None,
        stdin: bytes,
    ) -> Completed:
        """Runs a command to its end; see `agentgym.backends.base.Backend.run`."""
        header, output, _ = self.call(
            "run",
            stdin,
            patience_s=timeout_s + _ANSWER_PATIENCE_S,
            argv=list(argv),
            env=dict(env or {}),
            cwd=cwd,
            timeout_s=timeout_s,
        )
        split = header["stdout_bytes"]
        return Completed(header["returncode"], output[:split], output[split:])

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None, cwd: str | None) -> None:
        if argv[0] == PROGRAM:
            argv = application_command(argv[1:], python=self._python)
        self.call("launch", argv=list(argv), env=dict(env or {}), cwd=cwd)

    def converse(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None, cwd: str | None, output: bool = False
    ) -> socket.socket:
        """Launches a program whose standard input, open both ways, is the other end of this; the caller's to close.

        Args:
            output: whether its standard output is, too.
        """
        _, _, (descriptor,) = self.call("converse", argv=list(argv), env=dict(env or {}), cwd=cwd, output=output)
        return socket.socket(fileno=descriptor)

    def dial(self, port: int) -> socket.socket:
        """A connection to a port of the desktop's own loopback; the caller's to close.

        Raises:
            ConnectionRefusedError: if nothing listens there.
        """
        _, _, (descriptor,) = self.call("dial", port=port)
        connection = socket.socket(fileno=descriptor)
        connection.settimeout(None)
        return connection

    def read(self, path: str) -> bytes:
        self._check_place(path)
        return self.call("read", path=path)[1]

    def write(self, path: str, content: bytes) -> None:
        self._check_place(path)
        self.call("write", content, path=path, modified=FILES_MODIFIED)

    def processes(self) -> list[int]:
        """Process ids as the desktop itself sees them."""
        return list(self.call("processes")[0]["pids"])

    def connect(self, to: Literal["x11", "session_bus", "accessibility_bus"]) -> socket.socket:
        """A fresh connection to a server of the desktop; the caller's to close."""
        _, _, (descriptor,) = self.call("connect", to=to)
        return socket.socket(fileno=descriptor)

    def framebuffer(self) -> int:
        """A descriptor of the X server's framebuffer file; the caller's to close."""
        _, _, (descriptor,) = self.call("framebuffer")
        return descriptor

    def close(self) -> None:
        """Ends the desktop and waits until nothing is left of it. May be called twice."""
        if self._channel is None:
            return
        self.drop()
        try:
            self._process.wait(_END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def drop(self) -> None:
        """Lets go of the desktop without waiting for its end."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _check_place(self, path: str) -> None:
        """Refuses what is some user's home where this desktop's is elsewhere."""
        place, ours = os.path.normpath(path), self.home
        if _lies_in(place, _sandbox.HOME) and not _lies_in(place, ours):
            raise PermissionError(f"{path!r} is no place of a desktop without a sandbox; its home is '~', {ours!r}")

    def _greet(self, settings: MachineSettings, places: dict[str, Any], environment: Mapping[str, str]) -> None:
        channel = self._open_channel()
        try:
            channel.send(
                {
                    "private": settings.sandbox != "none",
                    "places": places,
                    "environment": {**_sandbox.environment(places, commands=_has_commands(settings)), **environment},
                    "limits": {"memory": settings.memory_mb << 20, "processes": settings.processes},
                }
            )
            channel.receive(_ANSWER_PATIENCE_S)
        except (EOFError, ConnectionError, TimeoutError) as error:
            self._process.kill()
            _, said = self._process.communicate()
            raise _sandbox.explain_failed_start(said) from error

    def call(
        self, operation: str, body: bytes = b"", *, patience_s: float = _ANSWER_PATIENCE_S, **parameters: Any
    ) -> tuple[dict[str, Any], bytes, list[int]]:
        """Has the guest do an operation of its; its answer as header, bytes and descriptors.

        Raises:
            OSError: what the guest met with, as the same class.
            BackendError: if the guest died or does not answer.
        """
        channel = self._open_channel()
        try:
            # A tool that was given up may still be waiting for its answer, in its thread.
            with self._turn:
                channel.send({"operation": operation, **parameters}, body)
                header, answer, descriptors = channel.receive(patience_s)
        except (EOFError, ConnectionError) as error:
            raise BackendError(f"the machine died during {operation!r}{self._last_words()}", kind="machine") from error
        except TimeoutError as error:
            self.drop()
            message = f"the machine did not answer {operation!r} within {patience_s:g} s"
            raise BackendError(message, kind="machine") from error
        if "error" in header:
            raise _raised(header["error"], header["message"])
        return header, answer, descriptors

    def _last_words(self) -> str:
        self.drop()
        try:
            _, said = self._process.communicate(timeout=_END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            return ""
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""

    def _open_channel(self) -> Channel:
        if self._channel is None:
            raise BackendError("the desktop is closed", kind="machine")
        return self._channel


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _raised(name: str, message: str) -> Exception:
    if name in _FACTS:
        return _FACTS[name](message)
    if "is not installed" in message:
        return MissingDependencyError(f"{message}: sudo apt-get install xvfb openbox dbus at-spi2-core")
    return BackendError(message, kind="display" if "X server" in message else "machine")


def _spawn(settings: MachineSettings) -> tuple[subprocess.Popen[bytes], Channel]:
    ours, theirs = socket.socketpair()
    with theirs, ExitStack() as on_failure:
        on_failure.callback(ours.close)
        if settings.sandbox == "none":
            process = _sandbox.spawn_bare(theirs.fileno(), guest=_GUEST)
        else:
            wanted = _sandbox.Sandbox(
                network=settings.network,
                disk_mb=settings.disk_mb,
                shown=settings.shown,
                applications=settings.screen is not None,
                commands=settings.commands,
                files=settings.files,
            )
            process = wanted.spawn(theirs.fileno(), guest=_GUEST)
        on_failure.pop_all()
    return process, Channel(ours)


def _has_commands(settings: MachineSettings) -> bool:
    return bool(settings.commands) and settings.sandbox != "none"


def _places(settings: MachineSettings) -> dict[str, Any]:
    if settings.sandbox != "none":
        return {
            "home": _sandbox.HOME,
            "tmp": "/tmp",
            "run": _sandbox.RUN,
            "also_emptied": ["/dev/shm", "/var/tmp"],
            "shown": [_sandbox.visible_python_home(), *(target for _, target in settings.shown)],
            "root": None,
        }
    # Made by the guest, so that whoever is killed when, it is the guest that removes it.
    root = f"{tempfile.gettempdir()}/agentgym-{secrets.token_hex(8)}"
    return {"home": f"{root}/home", "tmp": f"{root}/tmp", "run": f"{root}/run", "also_emptied": [], "root": root}


def _wanted(settings: MachineSettings, home: str) -> dict[str, Any]:
    """What the guest is told of the desktop's servers; nothing if there are to be none."""
    if settings.screen is None:
        return {}
    return {
        "width": settings.screen[0],
        "height": settings.screen[1],
        "accessibility": settings.accessibility,
        "window_manager_config": f"{home}/.config/openbox/rc.xml",
        "display": _display_number(settings),
    }


def _display_number(settings: MachineSettings) -> int | None:
    """None for the first that is free; a high one where the machine's own displays have the low ones.

    With the machine's network applications see the abstract sockets of its X servers, and look there first. Without a
    sandbox a server without such a socket would take the socket file of one that has the number already.
    """
    if settings.sandbox == "none":
        numbers = (_LOWEST_SHARED_DISPLAY + secrets.randbelow(10_000) for _ in range(100))
        return next(number for number in numbers if not os.path.lexists(f"/tmp/.X11-unix/X{number}"))
    return _LOWEST_SHARED_DISPLAY + secrets.randbelow(10_000) if settings.network else None


def _forget_after_fork() -> None:
    for machine in list(_machines):
        machine.drop()
    _machines.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
