"""Ends what the main thread of a process is doing, by way of every ``finally``, even while it waits for something."""

from __future__ import annotations

import faulthandler
import signal
import socket
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["PATIENCE_S", "Interruptible"]

PATIENCE_S = 5.0
"""How long what was interrupted may take to close what it has open, before it is killed."""

Value = TypeVar("Value")

_OVER = b"\0"
_STDERR = 2


class Interruptible:
    """A call that ends with a KeyboardInterrupt when its time is up or somebody asks for it.

    ``_thread.interrupt_main``, by which Ray cancels, only notes that there was a signal; a main thread that waits for
    something learns of it when the wait is over. Python writes each signal that it notes to the wake-up descriptor,
    too: there a thread reads it, and sends the main thread a true one. What then takes more than `PATIENCE_S` although
    its time is up ends with its process, by a thread that needs no turn of the interpreter.

    Once it is over nothing of it is felt any more: Ray and Spark begin their workers with SIGINT blocked or ignored, so
    that Ctrl-C leaves them alone.

    Args:
        timeout_s: None to wait until somebody asks.

    Attributes:
        late: whether it ended because its time was up.
    """

    def __init__(self, timeout_s: float | None = None) -> None:
        self.late = False
        self._timeout_s = timeout_s
        self._asked = False
        self._running = False
        self._lock = threading.Lock()
        self._watcher = threading.Thread(target=self._watch, name="agentgym-watch", daemon=True)

    def call(self, fn: Callable[[], Value]) -> Value:
        """What the function returns; in the main thread, once.

        Raises:
            KeyboardInterrupt: see above.
        """
        self._set_up()
        try:
            # Twice, because the interrupt, of which there is but one, may come between the two.
            try:
                self._begin()
                return fn()
            finally:
                self._running = False
        finally:
            self._tear_down()

    def interrupt(self) -> None:
        """Ends the call, or keeps it from beginning; from any other thread."""
        main = threading.main_thread().ident
        assert main is not None
        with self._lock:
            self._asked = True
            if self._running:
                signal.pthread_kill(main, signal.SIGINT)

    def _set_up(self) -> None:
        self._reads, self._writes = socket.socketpair()
        self._reads.settimeout(self._timeout_s)
        self._writes.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._writes.fileno(), warn_on_full_buffer=False)
        self._handler_before = signal.signal(signal.SIGINT, self._interrupted)
        self._mask_before = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        if self._timeout_s is not None:
            # Where it hung goes to the worker's log.
            faulthandler.dump_traceback_later(self._timeout_s + PATIENCE_S, exit=True, file=_STDERR)
        self._watcher.start()

    def _begin(self) -> None:
        with self._lock:
            if self._asked:
                raise KeyboardInterrupt
            self._running = True

    def _tear_down(self) -> None:
        if self._timeout_s is not None:
            faulthandler.cancel_dump_traceback_later()
        # These calls of the system are where a signal that is on its way arrives, while it still does nothing.
        self._writes.send(_OVER)
        self._watcher.join()
        signal.signal(signal.SIGINT, self._handler_before)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask_before)
        signal.set_wakeup_fd(self._wakeup_before)
        self._reads.close()
        self._writes.close()

    def _interrupted(self, *_: object) -> None:
        """Only once: what was called needs its time to end."""
        self._asked = True
        if self._running:
            self._running = False
            raise KeyboardInterrupt

    def _watch(self) -> None:
        noted = b""
        try:
            while _OVER not in noted and signal.SIGINT not in noted:
                noted = self._reads.recv(4096)
        except TimeoutError:
            self.late = True
        if _OVER not in noted:
            self.interrupt()
