"""Keeps a desktop within its share of memory and processes."""

from __future__ import annotations

import os
import resource
import time
from typing import NamedTuple

from .processes import Processes

_LOOK_EVERY_S = 0.2
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BLOCK = 512


class Limits(NamedTuple):
    """Memory of all processes together in bytes, and their number."""

    memory: int
    processes: int


class Watchdog:
    """Looks at the desktop now and then, and kills what takes too much.

    The kernel's limits are set too, where they hold: a single allocation fails at once, and the number of processes is
    counted for every user but root.
    """

    def __init__(self, limits: Limits, processes: Processes) -> None:
        # Where there is one, applications share their pictures with it, each of which would be counted several times.
        self.screen = False
        self._limits = limits
        self._processes = processes
        self._next_look = 0.0

    def set_kernel_limits(self, *, processes: bool) -> None:
        """Bounds what one process may allocate and, if asked, how many the user may have in this namespace."""
        _lower(resource.RLIMIT_DATA, self._limits.memory)
        _lower(resource.RLIMIT_CORE, 0)
        if processes:
            _lower(resource.RLIMIT_NPROC, self._limits.processes)

    def look(self) -> None:
        """Kills the largest process if memory runs over, or all of them if there are too many."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_EVERY_S
        pids = self._processes.all()
        if len(pids) > self._limits.processes:
            self._processes.kill_all()
            raise TooManyProcessesError(f"more than {self._limits.processes} processes: the desktop was ended")
        sizes = {pid: self._bytes_of(pid) for pid in pids}
        if sum(sizes.values()) > self._limits.memory:
            largest = max(sizes, key=lambda pid: sizes[pid])
            self._processes.blame(largest, f"all together took more than {self._limits.memory >> 20} MB of memory")

    def _bytes_of(self, pid: int) -> int:
        """What a process takes for itself; where there is no screen also what it shares."""
        return _private_bytes(pid) + (0 if self.screen else _shared_bytes(pid))


class TooManyProcessesError(RuntimeError):
    """The desktop had to be ended as a whole."""


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (bound, bound))


def _private_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            _, resident, shared, *_ = map(int, file.read(256).split())
    except (OSError, ValueError):
        return 0
    return (resident - shared) * _PAGE


def _shared_bytes(pid: int) -> int:
    """Memory that a process has mapped to share it, or keeps in files without a name, whichever is more."""
    return max(_mapped_bytes(pid), _unnamed_bytes(pid))


def _mapped_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            lines = [line for line in file if line.startswith("RssShmem:")]
    except OSError:
        return 0
    return int(lines[0].split()[1]) << 10 if lines else 0


def _unnamed_bytes(pid: int) -> int:
    sizes: dict[int, int] = {}
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{name}"
            if os.readlink(path).startswith("/memfd:"):
                status = os.stat(path)
                sizes[status.st_ino] = status.st_blocks * _BLOCK
    except OSError:
        # It has ended meanwhile, or is one of ours, into which nobody may look.
        return 0
    return sum(sizes.values())
