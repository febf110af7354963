"""The engine of this machine: one process an item, so that a lost process loses nothing else."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from agentgym.engines.base import Outcome, attempt, engines
from agentgym.errors import BackendError, UsageError

__all__ = ["ProcessEngine"]

Item = TypeVar("Item")
Value = TypeVar("Value")

# What an episode needs, so that not each of them imports it: by name, for it is above this module.
_PRELOADED = ("agentgym", "agentgym.runner", "agentgym.agents", "agentgym.envs.tools", "jsonschema")
_LEAVE_PATIENCE_S = 5.0
_SIGNAL_AGAIN_S = 0.1


class ProcessEngine:
    """Runs each item in a process of its own, several at a time.

    A process pool breaks as a whole when one worker dies, and cannot kill one that hangs. Here a process is forked
    for each item from a server that has the package loaded. The function, the items and the values are pickled.
    A process that is no longer wanted is sent SIGTERM, which its function sees as a KeyboardInterrupt, and killed if it
    has not ended five seconds later. When this process is killed, its workers end themselves.

    Args:
        workers: how many run at a time.
        timeout_s: after that many seconds an item's process is killed; None to wait for ever.

    Raises:
        UsageError: if ``workers`` is less than 1.
    """

    def __init__(self, *, workers: int = 2, timeout_s: float | None = None) -> None:
        if workers < 1:
            raise UsageError(f"workers must be at least 1, got {workers}")
        self.workers = workers
        self.timeout_s = timeout_s

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]:
        """One outcome for each item, as they finish.

        The items are taken as workers become free, so that they may be made lazily.
        """
        waiting = enumerate(items)
        running: list[_Worker[Value]] = []
        try:
            while True:
                while len(running) < self.workers and (numbered := next(waiting, None)) is not None:
                    running.append(_start(fn, *numbered, timeout_s=self.timeout_s))
                if not running:
                    return
                for worker in _ended(running):
                    running.remove(worker)
                    yield worker.outcome()
        finally:
            _end(running)


@dataclass(frozen=True, eq=False)
class _Worker(Generic[Value]):
    index: int
    process: BaseProcess
    results: Connection
    deadline: float

    def outcome(self) -> Outcome[Value]:
        """What came of the item; the process has ended when this returns."""
        try:
            if self.results.poll():
                received = self._received(self.results.recv_bytes())
                self.process.join(_LEAVE_PATIENCE_S)
                return received
            return self._lost("gave no result in the time allowed and was killed")
        except (EOFError, OSError):
            # An OSError where the process was lost while it sent: multiprocessing tells apart where the pipe broke.
            self.process.join()
            return self._lost(_cause_of_death(self.process.exitcode))
        finally:
            _end([self])

    def _received(self, pickled: bytes) -> Outcome[Value]:
        unpickled: Outcome[Outcome[Value]] = attempt(self.index, pickle.loads, pickled)
        return unpickled.value or Outcome(self.index, error=unpickled.error)

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.process.close()
        self.results.close()

    def remaining_s(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    def _lost(self, how: str) -> Outcome[Value]:
        return Outcome(self.index, error=BackendError(f"the process of item {self.index} {how}"))


def _start(fn: Callable[[Any], Value], index: int, item: Any, *, timeout_s: float | None) -> _Worker[Value]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *_PRELOADED])
    ours, theirs = context.Pipe(duplex=False)
    with theirs:
        # Pickled here: an item that cannot be pickled is the caller's mistake and raises where it was made.
        process = context.Process(
            target=_work, args=(theirs, index, pickle.dumps((fn, item))), name=f"agentgym-{index}"
        )
        process.start()
    deadline = float("inf") if timeout_s is None else time.monotonic() + timeout_s
    return _Worker(index, process, ours, deadline)


def _ended(running: Sequence[_Worker[Value]]) -> list[_Worker[Value]]:
    """Waits until at least one worker has a result, is lost or is out of time."""
    patience_s = min(worker.remaining_s() for worker in running)
    ready = wait([worker.results for worker in running], None if patience_s == float("inf") else patience_s)
    return [worker for worker in running if worker.results in ready or worker.remaining_s() == 0]


def _end(workers: Sequence[_Worker[Value]]) -> None:
    """Interrupts all, that they may close what they have open, and kills those that take too long."""
    with ExitStack() as stack:
        for worker in workers:
            # Whatever happens here, a second Ctrl-C for one, none is left running.
            stack.callback(worker.kill)
        deadline = time.monotonic() + _LEAVE_PATIENCE_S
        while time.monotonic() < deadline and (left := [one.process for one in workers if one.process.is_alive()]):
            # Again and again: a signal may be given to another thread, which does not wake the main one, where Python
            # handles it.
            for process in left:
                process.terminate()
            wait([process.sentinel for process in left], _SIGNAL_AGAIN_S)


def _work(results: Connection, index: int, pickled: bytes) -> None:
    # Ctrl-C reaches every process of the terminal; the parent decides what ends. A handler, unlike SIG_IGN, is not
    # inherited by the programs that are started from here.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        outcome = attempt(index, _call, (index, pickled))
        error = None if outcome.error is None else _portable(outcome.error)
        results.send_bytes(outcome.value or pickle.dumps(Outcome[Any](index, error=error)))
    except KeyboardInterrupt:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    results.close()


def _interrupt(*_: object) -> None:
    """Ends the item as Ctrl-C would, by way of every ``finally``; the first time."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise KeyboardInterrupt


def _call(arguments: tuple[int, bytes]) -> bytes:
    """Calls and pickles in one attempt: a value that cannot be pickled is the item's error."""
    index, pickled = arguments
    fn, item = pickle.loads(pickled)
    return pickle.dumps(Outcome(index, value=fn(item)))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)


def _portable(error: Exception) -> Exception:
    """The error as it is if it survives pickling, with the worker's traceback as a note."""
    where = "".join(traceback.format_exception(error))
    try:
        copy: Exception = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  # a foreign exception may fail to pickle in any way; its text is kept
        copy = RuntimeError(f"{type(error).__name__}: {error}")
    copy.add_note(f"in the worker process:\n{where}")
    return copy


def _cause_of_death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was killed by {signal.Signals(-exit_code).name}"
    return f"ended with exit status {exit_code} and no result"


engines.register("processes", ProcessEngine)
