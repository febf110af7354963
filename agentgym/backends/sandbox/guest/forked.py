"""A process that is forked from this one, so that it starts at once, and is asked over a socket."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from .channel import Channel
from .output import Output, Patience
from .processes import Processes

_PR_SET_DUMPABLE = 4
_PR_SET_PDEATHSIG = 1
_STOP_PATIENCE_S = 2.0
_ANSWER_PATIENCE_S = 2.0
_MOST_ANSWER = 256 << 20


class Answered(NamedTuple):
    """What a forked process answered; no header if it died or was killed for taking too long."""

    header: dict[str, Any] | None
    body: bytes
    output: Output
    timed_out: bool


class Forked:
    """One process that serves requests until it is closed.

    Args:
        serve: its whole life; called in it with its end of the channel.
        home: its folder.
        environment: its variables.
        traced: whether others of the desktop may look into it.
        log: what it writes to; None for a pipe that `ask` reads.
    """

    def __init__(
        self,
        processes: Processes,
        serve: Callable[[Channel], None],
        *,
        home: str,
        environment: dict[str, str],
        traced: bool,
        log: int | None = None,
    ) -> None:
        self._processes = processes
        ours, theirs = socket.socketpair()
        self._reading, written = os.pipe() if log is None else (os.dup(log), os.dup(log))
        os.set_blocking(self._reading, False)
        self.pid = os.fork()
        if not self.pid:
            _live(serve, theirs, written, home=home, environment=environment, traced=traced)
        theirs.close()
        os.close(written)
        self._channel = Channel(ours)

    def ask(self, header: dict[str, Any], body: bytes = b"", *, most: int, patience: Patience) -> Answered:
        """Sends a request and waits for its answer; one that takes too long is interrupted, then killed.

        Args:
            most: bytes that are kept of what it writes meanwhile.
        """
        output = Output(most)
        try:
            self._channel.send(header, body, timeout_s=max(patience.left(), _STOP_PATIENCE_S))
            if self._await(output, patience):
                return Answered(*self._received(), output, timed_out=False)
            self._processes.interrupt(self.pid)
            if self._await(output, Patience(_STOP_PATIENCE_S, lambda: None)):
                return Answered(*self._received(), output, timed_out=True)
        except (OSError, EOFError, ValueError, MemoryError, RecursionError):
            # What it runs may write whatever it likes to this end; what makes no sense is as good as its death.
            return Answered(None, b"", output, timed_out=patience.is_over())
        finally:
            output.drain(self._reading)
        return Answered(None, b"", output, timed_out=True)

    def drain(self, output: Output) -> None:
        """Takes what has been written since."""
        output.drain(self._reading)

    def _received(self) -> tuple[dict[str, Any], bytes]:
        header, body, descriptors = self._channel.receive(_ANSWER_PATIENCE_S, most=_MOST_ANSWER)
        for descriptor in descriptors:
            os.close(descriptor)
        if not isinstance(header, dict):
            raise ValueError(f"an answer is an object, not {type(header).__name__}")
        return header, body

    def close(self) -> None:
        self._channel.close()
        os.close(self._reading)
        self._processes.kill_tree(self.pid)
        self._processes.reap()

    def _await(self, output: Output, patience: Patience) -> bool:
        with selectors.DefaultSelector() as ready:
            ready.register(self._channel, selectors.EVENT_READ)
            ready.register(self._reading, selectors.EVENT_READ)
            while patience.lasts():
                for key, _ in ready.select(patience.nap()):
                    if key.fileobj is self._channel:
                        return True
                    if not output.take(self._reading):
                        # It has closed its output, and may answer all the same.
                        ready.unregister(self._reading)
        return False


def prctl(option: int, value: int) -> None:
    # Not above: most desktops never need it, and it would stay in the memory of each.
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


def set_dumpable(traced: bool) -> None:
    """Whether processes of the same user may look into this one's memory and follow it."""
    prctl(_PR_SET_DUMPABLE, int(traced))


def _live(
    serve: Callable[[Channel], None],
    sock: socket.socket,
    written: int,
    *,
    home: str,
    environment: dict[str, str],
    traced: bool,
) -> None:
    """The life of the child; it never returns."""
    try:
        os.setsid()
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        sock, written = _only(sock, written)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(home if os.access(home, os.X_OK) else "/")
        set_dumpable(traced)
        serve(Channel(sock))
    except BaseException:
        # Its last words; nobody is there to catch it.
        sys.excepthook(*sys.exc_info())
        raise
    finally:
        os._exit(0)


def _only(sock: socket.socket, written: int) -> tuple[socket.socket, int]:
    """Keeps the socket, as descriptor 3, and the output, as 1 and 2; nothing is read from 0."""
    nothing = os.open("/dev/null", os.O_RDONLY)
    kept = [os.dup2(one, 100 + place, inheritable=False) for place, one in enumerate((nothing, written, sock.fileno()))]
    sock.detach()
    for place, source in enumerate((kept[0], kept[1], kept[1])):
        os.dup2(source, place, inheritable=True)
    os.dup2(kept[2], 3, inheritable=False)
    os.closerange(4, 4096)
    return socket.socket(fileno=3), 1
