"""The engine of this machine's cores: processes that can be killed, each with one item at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from agentgym.engines.base import Outcome, engines
from agentgym.engines.carrying import packed, unpacked
from agentgym.engines.policy import Limits, check_count, schedule
from agentgym.engines.worker import Worker, await_any, end
from agentgym.errors import BackendError

__all__ = ["ProcessEngine"]

Item = TypeVar("Item")
Value = TypeVar("Value")


class ProcessEngine:
    """Runs items in processes of this machine, several at a time.

    A process pool breaks as a whole when one worker dies, and cannot kill one that hangs. Here a worker is a process
    that is forked from a server which has the package loaded; it has one item at a time, and only that is lost with it.
    The function, the items and the values are pickled. A process that is no longer wanted is sent SIGTERM, which its
    function sees as a KeyboardInterrupt, and killed if it has not ended five seconds later. When this process is
    killed, its workers end themselves.

    Args:
        workers: how many run at a time; None for as many as there are cores to run on.
        timeout_s: see `agentgym.engines.policy.Limits`, as for ``retries`` and ``max_failures``.
        items_per_worker: after so many items a worker is replaced by a new one, so that what items leave behind does
            not pile up; 1 gives each item a process of its own.

    Raises:
        UsageError: if an option cannot work.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        timeout_s: float | None = None,
        retries: int = 0,
        max_failures: int | None = None,
        items_per_worker: int = 100,
    ) -> None:
        check_count("items_per_worker", items_per_worker, least=1)
        self.limits = Limits(
            workers=len(os.sched_getaffinity(0)) if workers is None else workers,
            timeout_s=timeout_s,
            retries=retries,
            max_failures=max_failures,
        )
        self._items_per_worker = items_per_worker

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]:
        """One outcome for each item, as they finish.

        Raises:
            UsageError: if the function cannot be pickled. An item that cannot be is its own error.
        """
        crew = _Processes(packed(fn, "the function"), self.limits.workers, self._items_per_worker)
        return schedule(crew, items, self.limits)


class _Processes:
    """A crew of processes, idle, busy, and on their way out."""

    def __init__(self, fn: bytes, workers: int, items_per_worker: int) -> None:
        self._fn = fn
        self._workers = workers
        self._items_per_worker = items_per_worker
        self._idle: list[Worker] = []
        self._busy: dict[int, Worker] = {}
        self._interrupted: list[Worker] = []
        self._dismissed: list[Worker] = []

    def room(self) -> int:
        # Those that are interrupted have their machines still.
        return self._workers - len(self._busy) - len(self._interrupted)

    def start(self, index: int, item: Any) -> None:
        pickled = packed(item, f"item {index}")
        while self._idle:
            worker = self._idle.pop()
            if worker.give(index, pickled):
                self._busy[index] = worker
                return
            worker.drop()
        try:
            worker = Worker(self._fn)
        except (EOFError, OSError) as error:
            raise BackendError(f"no process can be started for item {index}: {error}") from error
        if not worker.give(index, pickled):
            raise BackendError(f"the process for item {index} {worker.lose()}")
        self._busy[index] = worker

    def wait(self, timeout_s: float | None) -> Sequence[Outcome[Any]]:
        await_any([*self._busy.values(), *self._interrupted], timeout_s)
        self._interrupted = [worker for worker in self._interrupted if not worker.gone()]
        self._dismissed = [worker for worker in self._dismissed if not worker.gone()]
        ended = [index for index, worker in self._busy.items() if worker.has_news()]
        return [self._ended(index, self._busy.pop(index)) for index in ended]

    def kill(self, index: int) -> None:
        worker = self._busy.pop(index)
        worker.interrupt()
        self._interrupted.append(worker)

    def close(self) -> None:
        for index in list(self._busy):
            self.kill(index)
        for worker in self._idle:
            self._dismiss(worker)
        end([*self._interrupted, *self._dismissed])

    def _ended(self, index: int, worker: Worker) -> Outcome[Any]:
        pickled = worker.take()
        if pickled is None:
            return Outcome(index, error=BackendError(f"the process of item {index} {worker.lose()}"))
        if worker.items < self._items_per_worker:
            self._idle.append(worker)
        else:
            self._dismiss(worker)
        return unpacked(index, pickled)

    def _dismiss(self, worker: Worker) -> None:
        worker.dismiss()
        self._dismissed.append(worker)


engines.register("processes", ProcessEngine)
