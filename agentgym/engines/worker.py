"""A process of the engine `processes`: given items one at a time, and killed if need be."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait

from agentgym.engines.carrying import carry_out

__all__ = ["Worker", "await_any", "end"]

# What an episode needs, so that not each worker imports it: by name, for it is above this module.
_PRELOADED = ("agentgym", "agentgym.runner", "agentgym.agents", "agentgym.envs.tools", "jsonschema")
_LEAVE_PATIENCE_S = 5.0
_SIGNAL_AGAIN_S = 0.1
_BEGUN = b"begun"


class Worker:
    """A process and the pipe to it.

    Args:
        fn: the packed function that it calls.
    """

    def __init__(self, fn: bytes) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", *_PRELOADED])
        self._connection, theirs = context.Pipe()
        with theirs:
            self._process = context.Process(target=_work, args=(theirs, fn), name="agentgym-worker")
            self._process.start()
        self._leave_by = float("inf")
        self._interrupted = self._dropped = self._began = False
        self._exit_code: int | None = None
        self.items = 0

    def give(self, index: int, item: bytes) -> bool:
        """Whether the item could be given to it; otherwise the process is lost."""
        try:
            self._connection.send((index, item))
        except OSError:
            return False
        self.items += 1
        return True

    def has_news(self) -> bool:
        """Whether there is a result, or will never be one."""
        news = wait(self.handles(), 0)
        if news and not self._began:
            # It may have been just this, and is never to be taken for a result.
            self._hear_begin()
            news = wait(self.handles(), 0)
        return bool(news)

    def take(self) -> bytes | None:
        """The packed outcome of its item; None if the process was lost."""
        try:
            return self._connection.recv_bytes() if self._connection.poll() else None
        except (EOFError, OSError):
            # An OSError where the process was lost while it sent: multiprocessing tells apart where the pipe broke.
            return None

    def handles(self) -> list[int | Connection]:
        """What is ready to be read when there is news; none of its result once it is to leave."""
        return [self._process.sentinel] if self.is_leaving else [self._connection, self._process.sentinel]

    @property
    def is_leaving(self) -> bool:
        """Whether it was interrupted or dismissed."""
        return self._leave_by < float("inf")

    def interrupt(self) -> None:
        """Has it end as after Ctrl-C, in the middle of its item."""
        self._interrupted = True
        self._leave_by = time.monotonic() + _LEAVE_PATIENCE_S
        self._process.terminate()

    def dismiss(self) -> None:
        """Has it end by itself, when it has no item."""
        self._leave_by = time.monotonic() + _LEAVE_PATIENCE_S
        self._connection.close()

    def gone(self) -> bool:
        """Whether a process that is to leave has left; it is signalled again, and killed when it takes too long."""
        if self._process.is_alive() and time.monotonic() < self._leave_by:
            if self._interrupted:
                # A signal may be given to another thread, which does not wake the main one, where Python handles it.
                self._process.terminate()
            return False
        self.drop()
        return True

    def drop(self) -> None:
        """Kills it, if it lives; may be called twice."""
        if self._dropped:
            return
        self._process.kill()
        self._process.join()
        self._exit_code = self._process.exitcode
        self._process.close()
        self._connection.close()
        self._dropped = True

    def lose(self) -> str:
        """Lets go of a process whose pipe broke, and says how it ended."""
        self._hear_begin()
        self._process.join(_LEAVE_PATIENCE_S)
        self.drop()
        if self._exit_code is not None and self._exit_code < 0:
            return f"was killed by {signal.Signals(-self._exit_code).name}"
        if not self._began:
            return (
                f"ended with exit status {self._exit_code} while it was starting: what it has printed says why; "
                'a script that starts processes needs `if __name__ == "__main__":` around what it does'
            )
        return f"ended with exit status {self._exit_code} and no result"

    def _hear_begin(self) -> None:
        """Notes the first thing that the process says: that it is ready for items."""
        try:
            if not self._began and self._connection.poll():
                self._began = self._connection.recv_bytes() == _BEGUN
        except (EOFError, OSError):
            # It ended before, which whoever takes its outcome learns.
            return


def await_any(workers: Sequence[Worker], timeout_s: float | None) -> None:
    """Waits until there is news of one; returns early where some are to be signalled again."""
    if any(worker.is_leaving for worker in workers):
        timeout_s = _SIGNAL_AGAIN_S if timeout_s is None else min(timeout_s, _SIGNAL_AGAIN_S)
    wait([handle for worker in workers for handle in worker.handles()], timeout_s)


def end(workers: Sequence[Worker]) -> None:
    """Waits until all that were interrupted or dismissed are gone."""
    left = list(workers)
    with ExitStack() as stack:
        for worker in workers:
            # Whatever happens here, a second Ctrl-C for one, none is left running.
            stack.callback(worker.drop)
        while left := [worker for worker in left if not worker.gone()]:
            await_any(left, None)
        stack.pop_all()


def _work(connection: Connection, fn: bytes) -> None:
    # Ctrl-C reaches every process of the terminal; the parent decides what ends. A handler, unlike SIG_IGN, is not
    # inherited by the programs that are started from here.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        threading.Thread(target=_die_with_parent, daemon=True).start()
        connection.send_bytes(_BEGUN)
        while True:
            index, item = connection.recv()
            connection.send_bytes(carry_out(index, fn, item))
    except (EOFError, OSError):
        # What is at the other end wants nothing any more, or is gone.
        connection.close()
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)


def _interrupt(*_: object) -> None:
    """Ends the item as Ctrl-C would, by way of every ``finally``; the first time."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise KeyboardInterrupt


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
