"""Answers the training process: one request at a time, until it goes away."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import IO, Any, NamedTuple

from .channel import Channel
from .desktop import Desktop, ServerError, Wanted
from .forked import prctl, set_dumpable
from .limits import Limits, TooManyProcessesError, Watchdog
from .places import Places
from .processes import Processes
from .workspace import Workspace

_TICK_S = 0.2
_DEEPEST = 10_000
_DIAL_PATIENCE_S = 5.0
_MOST_OUTPUT = 64 << 20
_MOST_CONTENT = 256 << 20
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Answer(NamedTuple):
    """What goes back: a header, raw bytes, descriptors that are closed once they are sent."""

    header: Mapping[str, Any] = _NOTHING
    body: bytes = b""
    descriptors: tuple[int, ...] = ()


class Gone(Exception):
    """The training process is gone; so must be the desktop."""


class Server:
    """Serves one desktop over one channel."""

    def __init__(self, channel: Channel, settings: dict[str, Any]) -> None:
        self._channel = channel
        self._places = Places(**{name: _hashable(value) for name, value in settings["places"].items()})
        self._processes = Processes(private=settings["private"])
        self._desktop = Desktop(self._places, self._processes, settings["environment"])
        self._watchdog = Watchdog(Limits(**settings["limits"]), self._processes)
        self._watchdog.set_kernel_limits(processes=settings["private"])
        self._workspace = Workspace(self._places, self._processes, lambda: self._desktop.environment, self._tick)
        self._control = selectors.DefaultSelector()
        self._control.register(channel, selectors.EVENT_READ)
        self._operations: dict[str, Callable[..., Answer]] = {
            "start": self._start,
            "renew": self._renew,
            "connect": self._connect,
            "framebuffer": self._framebuffer,
            "settle": self._settle,
            "run": self._run,
            "launch": self._launch,
            "converse": self._converse,
            "dial": self._dial,
            "read": self._read,
            "write": self._write,
            "processes": self._list_processes,
        }

    def serve(self) -> None:
        """Answers requests until the other end of the channel is closed."""
        while True:
            while not self._control.select(_TICK_S):
                self._idle()
            try:
                header, body, _ = self._channel.receive()
            except (EOFError, ConnectionError):
                return
            try:
                self._reply(self._answer(header, body))
            except (Gone, BrokenPipeError, ConnectionError):
                return

    def end(self) -> None:
        self._desktop.activity.close()
        try:
            self._desktop.end_x_server()
            self._processes.kill_all()
        finally:
            self._places.remove()

    def _answer(self, header: dict[str, Any], body: bytes) -> Answer:
        name = header.pop("operation")
        try:
            if name in self._workspace.operations:
                return Answer(*self._workspace.operations[name](body=body, **header))
            return self._operations[name](body=body, **header)
        except (OSError, ServerError, TooManyProcessesError, UnicodeError, MemoryError, RecursionError) as error:
            # The training process raises it there, under the same name.
            return Answer({"error": type(error).__name__, "message": str(error) or type(error).__name__})

    def _reply(self, answer: Answer) -> None:
        self._channel.send(dict(answer.header), answer.body, answer.descriptors)
        for descriptor in answer.descriptors:
            os.close(descriptor)

    def _idle(self) -> None:
        self._processes.reap()
        try:
            self._watchdog.look()
        except TooManyProcessesError:
            # The next request finds the servers dead and says so.
            return

    def _tick(self) -> None:
        """Between two looks of a wait: the training process may be gone, the desktop may have grown too large."""
        if self._control.select(0):
            # It sends nothing while it waits for an answer, so this is the end of the stream.
            raise Gone
        self._processes.reap()
        self._watchdog.look()

    def _start(self, *, body: bytes, **wanted: Any) -> Answer:
        """Starts the servers of a desktop, or none if nothing is said of its screen."""
        self._places.create()
        if not wanted:
            self._places.renew(body, kept=())
            return Answer({"environment": self._desktop.environment})
        self._watchdog.screen = True
        self._places.fill(body)
        self._desktop.start(Wanted(**wanted), tick=self._tick)
        # The window manager has left its log there, which no later reset would bring back.
        self._places.renew(body, kept=self._desktop.files)
        return Answer({"environment": self._desktop.environment})

    def _renew(self, *, body: bytes) -> Answer:
        self._workspace.clear()
        self._desktop.clear()
        self._processes.crashed()
        self._desktop.check()
        self._places.renew(body, kept=self._desktop.files)
        return Answer()

    def _connect(self, *, body: bytes, to: str) -> Answer:
        return Answer(descriptors=(self._desktop.connect(to).detach(),))

    def _framebuffer(self, *, body: bytes) -> Answer:
        return Answer(descriptors=(os.open(self._places.screen, os.O_RDONLY),))

    def _settle(self, *, body: bytes, quiet_s: float, timers_s: float, timeout_s: float, starting: bool) -> Answer:
        start = time.monotonic()
        settled = self._desktop.activity.wait(
            quiet_s=quiet_s, timers_s=timers_s, timeout_s=timeout_s, starting=starting, tick=self._tick
        )
        self._desktop.check()
        crashed = self._processes.crashed()
        return Answer({"settled": settled, "crashed": crashed, "seconds": time.monotonic() - start})

    def _launch(self, *, body: bytes, argv: list[str], env: dict[str, str], cwd: str | None) -> Answer:
        self._processes.start(argv, env=self._merged(env), cwd=cwd or self._places.home, watch=True)
        return Answer()

    def _converse(self, *, body: bytes, argv: list[str], env: dict[str, str], cwd: str | None, output: bool) -> Answer:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._processes.start(
                argv,
                env=self._merged(env),
                cwd=cwd or self._places.home,
                stdin=theirs.fileno(),
                stdout=theirs.fileno() if output else subprocess.DEVNULL,
                # What is spoken with is missed by whoever speaks with it.
                watch=not output,
            )
            return Answer(descriptors=(ours.detach(),))

    def _dial(self, *, body: bytes, port: int) -> Answer:
        # Of this network: whoever gets it is connected to this machine, wherever he is himself.
        return Answer(descriptors=(socket.create_connection(("127.0.0.1", port), _DIAL_PATIENCE_S).detach(),))

    def _run(self, *, body: bytes, argv: list[str], env: dict[str, str], cwd: str | None, timeout_s: float) -> Answer:
        # What judges an agent runs here, whatever he did to the home.
        self._places.unlock()
        with (
            _scratch(self._places.run) as stdin,
            _scratch(self._places.run) as stdout,
            _scratch(self._places.run) as stderr,
        ):
            # Files, not pipes: a daemon that keeps its output open does not keep the caller waiting.
            stdin.write(body)
            stdin.seek(0)
            pid = self._processes.start(
                argv, env=self._merged(env), cwd=cwd or self._places.home, stdin=stdin, stdout=stdout, stderr=stderr
            )
            code = self._await_exit(pid, timeout_s)
            if not self._desktop.has_screen:
                self._workspace.sweep()
            out, err = _content(stdout), _content(stderr)
        return Answer({"returncode": code, "stdout_bytes": len(out)}, out + err)

    def _await_exit(self, pid: int, timeout_s: float) -> int:
        deadline = time.monotonic() + timeout_s
        descriptor = os.pidfd_open(pid)
        try:
            with selectors.DefaultSelector() as ended:
                ended.register(descriptor, selectors.EVENT_READ)
                while not ended.select(min(_TICK_S, max(0.0, deadline - time.monotonic()))):
                    self._tick()
                    if time.monotonic() >= deadline:
                        self._processes.kill_tree(pid)
                        raise TimeoutError(f"the command did not end within {timeout_s:g} s and was killed")
            code = self._processes.exit_code(pid)
            assert code is not None, "its pidfd says that the process has ended"
            return code
        finally:
            os.close(descriptor)
            self._processes.forget(pid)

    def _read(self, *, body: bytes, path: str) -> Answer:
        name = self._expanded(path)
        status = os.stat(name)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(f"{path!r} is a folder")
        if not stat.S_ISREG(status.st_mode):
            raise PermissionError(f"{path!r} is no regular file, but a device, a pipe or a socket")
        if status.st_size > _MOST_CONTENT:
            raise PermissionError(f"{path!r} has {status.st_size} bytes; at most {_MOST_CONTENT} are read")
        # It may have become a pipe meanwhile, and nobody may write to that.
        with open(os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return Answer(body=file.read(_MOST_CONTENT))

    def _write(self, *, body: bytes, path: str, modified: int) -> Answer:
        target = self._expanded(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(body)
        # The folders up to the home too: file dialogues show when each was changed.
        while target.startswith(self._places.home):
            os.utime(target, (modified, modified))
            target = os.path.dirname(target)
        return Answer()

    def _list_processes(self, *, body: bytes) -> Answer:
        return Answer({"pids": sorted(self._processes.living())})

    def _merged(self, env: dict[str, str]) -> dict[str, str]:
        return {**self._desktop.environment, **env}

    def _expanded(self, path: str) -> str:
        if path == "~" or path.startswith("~/"):
            path = self._places.home + path[1:]
        return os.path.join(self._places.home, path)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _scratch(folder: str) -> IO[bytes]:
    """A file without a name. Not `tempfile`, which brings 2 MB of modules into every desktop."""
    path = f"{folder}/scratch-{os.getpid()}-{time.monotonic_ns()}"
    file = open(path, "x+b")  # noqa: SIM115 - the caller closes it
    os.unlink(path)
    return file


def _content(file: Any) -> bytes:
    file.seek(0)
    return bytes(file.read(_MOST_OUTPUT))


def _become_subreaper() -> None:
    """Makes orphans children of this process, as they are of PID 1, where there is no namespace."""
    pr_set_child_subreaper = 36
    prctl(pr_set_child_subreaper, 1)


def main(descriptor: int) -> None:
    """Serves the desktop over an inherited socket until it is closed."""
    # Folders can lie in one another as deep as paths are long.
    sys.setrecursionlimit(_DEEPEST)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A Ctrl-C in the terminal is for the training process, which closes the socket when it ends. Not SIG_IGN, which
        # the applications would inherit.
        signal.signal(number, lambda *_: None)
    channel = Channel(socket.socket(fileno=descriptor))
    settings, _, _ = channel.receive()
    if settings["private"]:
        # Nobody in the sandbox may follow or change what judges him.
        set_dumpable(False)
    else:
        _become_subreaper()
    server = Server(channel, settings)
    try:
        channel.send({"ready": True})
        server.serve()
    finally:
        server.end()


if __name__ == "__main__":
    main(int(sys.argv[1]))
