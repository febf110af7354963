"""The engine of a Spark cluster, or of one of its own on this machine."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from agentgym.engines.base import Outcome
from agentgym.engines.carrying import packed, unpacked
from agentgym.engines.errand import Errand, Place, packed_function
from agentgym.engines.interruption import PATIENCE_S
from agentgym.engines.policy import Limits, schedule
from agentgym.engines.sparkcluster import SparkCluster, connect, load
from agentgym.engines.sparklanes import Arrived, Broken, Ended, Event, Inbox, Lane, Port
from agentgym.engines.sparkworker import INDEX, STOP, Address
from agentgym.errors import BackendError

__all__ = ["SparkEngine"]

Item = TypeVar("Item")
Value = TypeVar("Value")

_KILL_PATIENCE_S = 20.0
"""Spark looks every two seconds whether to kill a worker, and waits two more."""


class SparkEngine:
    """Runs items on Python workers of Spark, several at a time.

    Spark tells of results when a job is over, takes up to a tenth of a second for a small one, and gives up a job of
    which one task fails. So each worker is a job of its own, of one task, that takes items over a connection to this
    process until there are no more; a worker that is lost costs its item alone, and Spark is asked for another. What is
    no longer wanted is interrupted, which its function sees as a KeyboardInterrupt, and killed if it has not ended five
    seconds later. Workers must reach ``spark.driver.host``, where this process listens on a port for those that know a
    secret.

    A context that is there already is used and left alone. One that is made here ends with the engine: `close`, the end
    of a ``with`` block or of the process, or when nobody holds the engine any more.

    Args:
        workers: how many items run at a time; None for as many as Spark has cores for.
        master: of a new context: ``"spark://host:7077"``; None for processes of this machine.
        conf: of a new context, by Spark's names: ``{"spark.pyspark.python": …, "spark.executorEnv.PYTHONPATH": …}``.
        timeout_s: see `agentgym.engines.policy.Limits`, as for ``retries`` and ``max_failures``.

    Raises:
        UsageError: if an option cannot work.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        master: str | None = None,
        conf: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        retries: int = 0,
        max_failures: int | None = None,
    ) -> None:
        self.limits = Limits(1 if workers is None else workers, timeout_s, retries, max_failures)
        self._workers = workers
        self._master = master
        self._conf = dict(conf or {})
        self._cluster: SparkCluster | None = None

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]:
        """One outcome for each item, as they finish.

        Raises:
            UsageError: if the function cannot be pickled, or there is no such cluster.
            MissingDependencyError: if PySpark or Java is not installed.
            BackendError: while it is read, if Spark starts no workers.
        """
        errand = Errand(packed_function(fn, load().cloudpickle.dumps), Place.here())
        cores = self._workers or len(os.sched_getaffinity(0))
        self._cluster = cluster = connect(self._master, self._conf, workers=cores)
        workers = self._workers or cluster.context.defaultParallelism
        return _mapped(cluster, errand, items, replace(self.limits, workers=workers))

    def close(self) -> None:
        """Leaves Spark; it ends if it was started here and no other engine uses it."""
        self._cluster = None

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _mapped(cluster: SparkCluster, errand: Errand, items: Iterable[Item], limits: Limits) -> Iterator[Outcome[Any]]:
    """Workers begin when the first outcome is asked for: who closes an iterator that was never read ends none."""
    yield from schedule(_Lanes(cluster, errand, limits.workers), items, limits)


class _Lanes:
    """A crew of workers that report as Spark starts them: idle, busy, and on their way to be."""

    def __init__(self, cluster: SparkCluster, errand: Errand, workers: int) -> None:
        self._cluster: SparkCluster | None = cluster
        self._inbox = Inbox()
        self._port = Port(cluster.bind, self._greet)
        task = _task((cluster.host, self._port.number), self._port.key, errand)
        self._lanes = [Lane(cluster.context, task, number, self._inbox) for number in range(workers)]
        self._idle: list[Arrived] = []
        self._busy: dict[int, Arrived] = {}
        self._given_up: dict[Arrived, float] = {}
        for lane in self._lanes:
            lane.begin()

    def room(self) -> int:
        return len(self._idle)

    def start(self, index: int, item: Any) -> None:
        content = packed(item, f"item {index}")
        worker = self._idle.pop()
        try:
            worker.tell(index, content)
        except OSError as error:
            worker.connection.close()
            raise _lost(index) from error
        self._busy[index] = worker

    def wait(self, timeout_s: float | None) -> Sequence[Outcome[Any]]:
        deadline = float("inf") if timeout_s is None else time.monotonic() + timeout_s
        room = self.room()
        while True:
            outcomes = self._look(deadline)
            if outcomes or self.room() > room or time.monotonic() >= deadline:
                return outcomes

    def kill(self, index: int) -> None:
        worker = self._busy.pop(index)
        self._given_up[worker] = time.monotonic() + PATIENCE_S
        try:
            worker.tell(index, STOP)
        except OSError:
            self._forget(worker)

    def close(self) -> None:
        """The workers end what they do when their connections end; those that do not are killed."""
        for lane in self._lanes:
            lane.close()
        with ExitStack() as stack:
            # Whatever happens here, a second Ctrl-C for one, none is left running.
            stack.callback(self._end_lanes)
            self._port.close()
            for worker in [*self._workers(), *self._inbox.latecomers()]:
                worker.connection.close()
            for lane in self._lanes:
                if not lane.greeted:
                    # It may wait for a place in the cluster for long.
                    lane.cancel()
            _join(self._lanes, PATIENCE_S)
        self._cluster = None

    def _end_lanes(self) -> None:
        left = _join(self._lanes, 0.0)
        for lane in left:
            lane.cancel()
        if not _join(left, _KILL_PATIENCE_S):
            self._inbox.close()

    def _greet(self, lane: int, connection: Connection) -> None:
        """In the thread of the port."""
        self._lanes[lane].greeted = True
        self._inbox.put(Arrived(lane, connection))

    def _workers(self) -> list[Arrived]:
        return [*self._idle, *self._busy.values(), *self._given_up]

    def _look(self, deadline: float) -> list[Outcome[Any]]:
        """Waits for whatever comes next."""
        until = min([deadline, *self._given_up.values()])
        patience_s = None if until == float("inf") else max(0.0, until - time.monotonic())
        workers = self._workers()
        news = self._inbox.fileno()
        ready = wait([news, *(worker.connection for worker in workers)], patience_s)
        heard = [worker for worker in workers if worker.connection in ready]
        outcomes = [outcome for worker in heard for outcome in self._hear(worker)]
        if news in ready:
            outcomes += self._take(self._inbox.take())
        self._kill_stubborn()
        return outcomes

    def _hear(self, worker: Arrived) -> list[Outcome[Any]]:
        try:
            message = worker.connection.recv_bytes()
        except (EOFError, OSError):
            return self._forget(worker)
        index = self._leave(worker)
        self._idle.append(worker)
        if index is None:
            return []
        outcome = message[INDEX.size :]
        if outcome == STOP:
            return [Outcome(index, error=BackendError(f"the worker of item {index} was interrupted"))]
        return [unpacked(index, outcome)]

    def _take(self, event: Event) -> list[Outcome[Any]]:
        match event:
            case Arrived():
                self._idle.append(event)
                return []
            case Ended(lane):
                # A machine that is lost may not have said so itself.
                over = [worker for worker in self._workers() if worker.lane == lane]
                return [outcome for worker in over for outcome in self._forget(worker)]
            case Broken(lane, error):
                raise BackendError(f"Spark starts no worker: {error}") from error

    def _forget(self, worker: Arrived) -> list[Outcome[Any]]:
        """Of one that is lost."""
        index = self._leave(worker)
        worker.connection.close()
        return [] if index is None else [Outcome(index, error=_lost(index))]

    def _leave(self, worker: Arrived) -> int | None:
        """Takes it from where it is; the item that it is wanted for, if there is one."""
        if worker in self._idle:
            self._idle.remove(worker)
        self._given_up.pop(worker, None)
        index = next((index for index, busy in self._busy.items() if busy is worker), None)
        if index is not None:
            del self._busy[index]
        return index

    def _kill_stubborn(self) -> None:
        for worker, deadline in self._given_up.items():
            if deadline <= time.monotonic():
                self._lanes[worker.lane].cancel()
                self._given_up[worker] = float("inf")


def _join(lanes: Sequence[Lane], patience_s: float) -> list[Lane]:
    """Those that are not over by then."""
    deadline = time.monotonic() + patience_s
    return [lane for lane in lanes if not lane.join(max(0.0, deadline - time.monotonic()))]


def _lost(index: int) -> BackendError:
    return BackendError(f"the worker of item {index} was lost")


def _task(address: Address, key: bytes, errand: Errand) -> Callable[[int], None]:
    """What Spark runs. It travels as a whole: where it arrives this package is found by what it brings along."""
    paths = errand.place.paths
    content = pickle.dumps(errand)

    def work(lane: int) -> None:
        import os
        import pickle
        import sys

        sys.path[:0] = [path for path in paths if path not in sys.path and os.path.isdir(path)]
        from agentgym.engines.sparkworker import serve

        serve(address, key, lane, pickle.loads(content))

    return work
