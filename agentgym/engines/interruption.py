"""Ends what the main thread of a process is doing, by way of every ``finally``, even while it waits for something."""

from __future__ import annotations

import faulthandler
import signal
import socket
import threading
from types import TracebackType

__all__ = ["PATIENCE_S", "Interruptible"]

PATIENCE_S = 5.0
"""How long what was interrupted may take to close what it has open, before it is killed."""

_OVER = b"\0"
_STDERR = 2


class Interruptible:
    """A block that is left with a KeyboardInterrupt when its time is up or somebody asks for it.

    ``_thread.interrupt_main``, by which Ray cancels, only notes that there was a signal; a main thread that waits for
    something learns of it when the wait is over. Python writes each signal that it notes to the wake-up descriptor,
    too: there a thread reads it, and sends the main thread a true one. What then takes more than `PATIENCE_S` although
    its time is up ends with its process, by a thread that needs no turn of the interpreter.

    Main thread only. Once left, nothing of it is felt any more: Ray and Spark begin their workers with SIGINT blocked
    or ignored, so that Ctrl-C leaves them alone.

    Args:
        timeout_s: None to wait until somebody asks.

    Attributes:
        late: whether it was left because its time was up.
    """

    def __init__(self, timeout_s: float | None = None) -> None:
        self.late = False
        self._timeout_s = timeout_s
        self._running = False
        self._watcher = threading.Thread(target=self._watch, name="agentgym-watch", daemon=True)

    def __enter__(self) -> Interruptible:
        self._reads, self._writes = socket.socketpair()
        self._reads.settimeout(self._timeout_s)
        self._writes.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._writes.fileno(), warn_on_full_buffer=False)
        self._running = True
        self._handler_before = signal.signal(signal.SIGINT, self._interrupted)
        self._mask_before = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        if self._timeout_s is not None:
            # Where it hung goes to the worker's log.
            faulthandler.dump_traceback_later(self._timeout_s + PATIENCE_S, exit=True, file=_STDERR)
        self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._running = False
        faulthandler.cancel_dump_traceback_later()
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask_before)
        signal.signal(signal.SIGINT, self._handler_before)
        signal.set_wakeup_fd(self._wakeup_before)
        self._writes.send(_OVER)
        self._watcher.join()
        self._reads.close()
        self._writes.close()

    def interrupt(self) -> None:
        """Ends the block; from any thread, as long as it runs."""
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    def _interrupted(self, *_: object) -> None:
        """Only once: the block needs its time to end."""
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
