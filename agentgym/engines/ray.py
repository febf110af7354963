"""The engine of a Ray cluster, or of one of its own on this machine."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from agentgym.engines.base import Outcome
from agentgym.engines.carrying import packed, unpacked
from agentgym.engines.errand import Errand, Place, packed_function
from agentgym.engines.interruption import PATIENCE_S, Interruptible
from agentgym.engines.policy import Limits, schedule
from agentgym.engines.raycluster import RayCluster, connect, load
from agentgym.engines.spill import Spill, Spilled
from agentgym.errors import BackendError, UsageError

__all__ = ["RayEngine"]

Item = TypeVar("Item")
Value = TypeVar("Value")


_FOLDERS = ("working_dir", "py_modules")


class RayEngine:
    """Runs each item as a task of Ray, several at a time.

    A task whose worker is killed, whose machine is lost or whose memory is short is a machine's fault. Ray's own
    retries are off: what is tried again is this engine's to count. What is no longer wanted is cancelled, which its
    function sees as a KeyboardInterrupt, and killed if it has not ended five seconds later.

    A cluster that is started here ends with the engine: `close`, the end of a ``with`` block or of the process, or when
    nobody holds the engine any more.

    Args:
        workers: how many items run at a time; None for as many as the cluster has room for.
        address: see `agentgym.engines.raycluster.connect`. A process that is connected to Ray stays where it is.
        num_cpus: of the machine, which one item takes; parts of one, too.
        num_gpus: as ``num_cpus``.
        memory: bytes that one item takes.
        resources: others, by the names that the cluster's machines were given, which one item takes.
        runtime_env: what Ray makes of a worker before it runs an item: ``{"pip": […]}``, ``{"env_vars": {…}}``.
            Folders of this machine, ``working_dir`` and ``py_modules``, are sent when this process connects.
        timeout_s: see `agentgym.engines.policy.Limits`, as for ``retries`` and ``max_failures``. Counted from when the
            item begins on its worker.
        spill: a folder that all machines see, or such an address for fsspec, by way of which values above a megabyte
            come back; None to leave them to Ray's memory.

    Raises:
        UsageError: if an option cannot work.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        address: str | None = None,
        num_cpus: float = 1,
        num_gpus: float = 0,
        memory: int | None = None,
        resources: Mapping[str, float] | None = None,
        runtime_env: Mapping[str, Any] | None = None,
        timeout_s: float | None = None,
        retries: int = 0,
        max_failures: int | None = None,
        spill: str | os.PathLike[str] | None = None,
    ) -> None:
        self.limits = Limits(1 if workers is None else workers, timeout_s, retries, max_failures)
        self._workers = workers
        self._address = address
        self._needs = _needs(num_cpus, num_gpus, memory, resources)
        self._runtime_env = dict(runtime_env or {})
        self._laid = {name: value for name, value in self._runtime_env.items() if name in _FOLDERS and _is_here(value)}
        self._spill = spill
        self._cluster: RayCluster | None = None

    def map(self, fn: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Outcome[Value]]:
        """One outcome for each item, as they finish.

        Raises:
            UsageError: if the function cannot be pickled, there is no such cluster, or it can never hold an item.
            MissingDependencyError: if Ray is not installed.
        """
        ray = load()
        # Where Ray lays the workers is not left again.
        place = Place() if "working_dir" in self._runtime_env else Place.here()
        errand = Errand(packed_function(fn, ray.cloudpickle.dumps), place)
        self._cluster = cluster = connect(self._address, cpus=self._cpus(), laid=self._laid)
        workers = self._workers or _room(self._needs, cluster.resources())
        spill = None if self._spill is None else Spill.within(self._spill)
        crew = _Tasks(cluster, self._task(ray, cluster), _Common(errand, self.limits.timeout_s, spill), workers)
        # Time is kept on the worker: what waits for its turn in a cluster loses none.
        limits = replace(self.limits, workers=workers, timeout_s=None)
        return schedule(crew, items, limits)

    def close(self) -> None:
        """Leaves the cluster; it ends if it was started here and no other engine uses it."""
        self._cluster = None

    def __enter__(self) -> RayEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cpus(self) -> int:
        """Of a cluster of its own: so that as many items run at a time as were asked for, or as there are cores."""
        if self._workers is None:
            return len(os.sched_getaffinity(0))
        return max(1, math.ceil(self._workers * self._needs["CPU"]))

    def _task(self, ray: Any, cluster: RayCluster) -> Any:
        """What is called with an errand and a spill, and gives a reference.

        Raises:
            UsageError: if a cluster of our own has not what an item takes; another may grow.
        """
        if cluster.own:
            found = cluster.resources()
            for name, amount in self._needs.items():
                if amount > found.get(name, 0):
                    raise UsageError(f"an item takes {amount:g} of {name!r} and Ray finds {found.get(name, 0):g} here")
        needs = dict(self._needs)
        options = {
            "num_cpus": needs.pop("CPU"),
            "num_gpus": needs.pop("GPU"),
            "memory": needs.pop("memory") or None,
            "resources": needs or None,
            "runtime_env": {name: self._runtime_env[name] for name in self._runtime_env.keys() - self._laid} or None,
            "max_retries": 0,
        }
        return ray.remote(_run).options(**{name: value for name, value in options.items() if value is not None})


class _Tasks:
    """A crew of Ray's tasks."""

    def __init__(self, cluster: RayCluster, task: Any, common: _Common, workers: int) -> None:
        self._ray = load()
        self._cluster: RayCluster | None = cluster
        self._task = task
        self._spill = common.spill
        # Once for all items, not once for each.
        self._common = self._ray.put(common)
        self._workers = workers
        self._running: dict[Any, int] = {}

    def room(self) -> int:
        return self._workers - len(self._running)

    def start(self, index: int, item: Any) -> None:
        item = packed(item, f"item {index}")
        self._running[self._task.remote(self._common, index, item)] = index

    def wait(self, timeout_s: float | None) -> Sequence[Outcome[Any]]:
        tasks = list(self._running)
        ended, _ = self._ray.wait(tasks, num_returns=1, timeout=timeout_s)
        if len(tasks) > 1:
            ended, _ = self._ray.wait(tasks, num_returns=len(tasks), timeout=0)
        return [self._outcome(self._running.pop(task), task) for task in ended]

    def kill(self, index: int) -> None:
        (task,) = (task for task, of in self._running.items() if of == index)
        self._ray.cancel(task, force=True)
        del self._running[task]

    def close(self) -> None:
        with ExitStack() as stack:
            if self._spill is not None:
                stack.callback(self._spill.remove)
            if self._running and self._ray.is_initialized():
                # Whatever happens here, a second Ctrl-C for one, none is left running.
                stack.callback(self._end, list(self._running), force=True)
                self._end(list(self._running), force=False)
        self._running.clear()
        self._cluster = None

    def _end(self, tasks: list[Any], *, force: bool) -> None:
        _, left = self._ray.wait(tasks, num_returns=len(tasks), timeout=0)
        for task in left:
            self._ray.cancel(task, force=force)
        if left:
            self._ray.wait(left, num_returns=len(left), timeout=PATIENCE_S)

    def _outcome(self, index: int, task: Any) -> Outcome[Any]:
        lost = self._ray.exceptions
        try:
            sent = self._ray.get(task)
            return unpacked(index, sent if self._spill is None else self._spill.give(sent))
        except lost.TaskCancelledError:
            return Outcome(index, error=BackendError(f"the worker of item {index} was interrupted"))
        except lost.RayTaskError as error:
            # Not the function, whose errors are outcomes: what the worker could not even begin with.
            return Outcome(index, error=error.cause)
        except lost.RuntimeEnvSetupError as error:
            return Outcome(index, error=UsageError(f"Ray cannot make what runtime_env says: {error}"))
        except (lost.RayError, OSError) as error:
            return Outcome(index, error=BackendError(f"the worker of item {index} was lost: {_briefly(error)}"))


@dataclass(frozen=True)
class _Common:
    """What all tasks of a ``map`` have in common."""

    errand: Errand
    timeout_s: float | None
    spill: Spill | None


def _run(common: _Common, index: int, item: bytes) -> bytes | Spilled:
    """The task."""
    outcome = common.errand.run(index, item, Interruptible(common.timeout_s))
    return outcome if common.spill is None else common.spill.take(outcome)


def _needs(cpus: float, gpus: float, memory: int | None, others: Mapping[str, float] | None) -> dict[str, float]:
    """What one item takes, by Ray's names."""
    for name in others or {}:
        if name in ("CPU", "GPU", "memory"):
            raise UsageError(f"{name!r} is no name for resources; use num_cpus, num_gpus or memory")
    needs = {"CPU": cpus, "GPU": gpus, "memory": memory or 0, **(others or {})}
    for name, amount in needs.items():
        if amount < 0:
            raise UsageError(f"an item cannot take {amount:g} of {name!r}")
    return needs


def _is_here(value: Any) -> bool:
    """Whether it is of this machine, and not an address."""
    return not all("://" in str(part) for part in ([value] if isinstance(value, str) else value))


def _room(needs: Mapping[str, float], found: Mapping[str, float]) -> int:
    """For how many items."""
    rooms = [int(found.get(name, 0) / amount) for name, amount in needs.items() if amount > 0]
    return max(1, min(rooms, default=int(found.get("CPU", 1))))


def _briefly(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
