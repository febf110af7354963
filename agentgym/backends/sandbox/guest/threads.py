"""A thread of a desktop as the kernel shows it in ``/proc``: what it has run, whether it sleeps, and for how long."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

_IDLE_FRAMES = 4
"""How many short sleeps of a helper thread are waited for in a row without anything being painted."""

# System call number -> (which argument is the time-out, how it is written).
_SLEEPS_OF: dict[str, dict[int, tuple[int, str]]] = {
    "x86_64": {
        7: (2, "ms"),  # poll
        232: (3, "ms"),  # epoll_wait
        281: (3, "ms"),  # epoll_pwait
        271: (2, "timespec"),  # ppoll
        441: (3, "timespec"),  # epoll_pwait2
        270: (4, "timespec"),  # pselect6
        23: (4, "timeval"),  # select
        35: (0, "timespec"),  # nanosleep
    },
    "aarch64": {
        22: (3, "ms"),  # epoll_pwait
        73: (2, "timespec"),  # ppoll
        441: (3, "timespec"),  # epoll_pwait2
        72: (4, "timespec"),  # pselect6
        101: (0, "timespec"),  # nanosleep
    },
}
_SLEEPS = _SLEEPS_OF.get(os.uname().machine, {})
_FRACTION = {"timespec": 1e-9, "timeval": 1e-6}


class Thread:
    """One thread under watch, its schedstat file held open."""

    __slots__ = ("_asleep_since", "_marked", "count", "fd", "idle_frames", "is_main", "last_ran", "name", "pid", "tid")

    def __init__(self, pid: int, tid: int, now: float) -> None:
        self.pid = pid
        self.tid = tid
        self.is_main = pid == tid
        self.fd = os.open(f"/proc/{pid}/task/{tid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        self.count = self._marked = os.pread(self.fd, 64, 0)
        self.last_ran = self._asleep_since = now
        self.idle_frames = 0
        self.name = _name(pid)

    def ran(self, now: float) -> bool:
        """Whether it has run since the last look.

        Raises:
            OSError: if it has ended.
        """
        count = os.pread(self.fd, 64, 0)
        if count == self.count:
            return False
        self.count = count
        self.last_ran = now
        return True

    def mark(self) -> None:
        """Counts `starved_s` from now on."""
        self._marked = self.count
        if self.is_main:
            self.named()
        self.idle_frames = 0

    def named(self) -> str:
        """The name of its program now; it may have been seen before it became the one that it runs."""
        self.name = _name(self.pid)
        return self.name

    def starved_s(self) -> float:
        """How long it was ready to run but had no processor, on a loaded machine."""
        return (int(self.count.split()[1]) - int(self._marked.split()[1])) * 1e-9

    def may_be_about_to_paint(self) -> bool:
        """Whether a short sleep may be that for the next frame, not one of many after which nothing was painted."""
        if self.last_ran != self._asleep_since:
            self._asleep_since = self.last_ran
            self.idle_frames += 1
        return self.idle_frames <= _IDLE_FRAMES

    def sleeping_for(self) -> float | None:
        """The time-out with which a thread went to sleep, in seconds.

        0 if it has woken; None if it waits for events alone, or cannot be seen.
        """
        call = _read(f"/proc/{self.pid}/task/{self.tid}/syscall").split()
        if call == ["running"]:
            return 0.0
        if len(call) < 7 or int(call[0]) not in _SLEEPS:
            return None
        which, form = _SLEEPS[int(call[0])]
        value = int(call[1 + which], 16)
        if form == "ms":
            milliseconds = struct.unpack("i", struct.pack("I", value & 0xFFFFFFFF))[0]
            return milliseconds / 1000 if milliseconds >= 0 else None
        return _pointed(self.pid, value, _FRACTION[form]) if value else None

    def busy(self) -> bool:
        """Whether it runs, is ready to run, waits for a disk, or was stopped other than by a shell's job control."""
        fields = _read(f"/proc/{self.pid}/task/{self.tid}/stat").rpartition(")")[2].split()
        if not fields:
            return False
        state, terminal = fields[0], fields[4]
        return state in "RD" or (state == "T" and terminal == "0")

    def close(self) -> None:
        os.close(self.fd)


def threads_of(pid: int) -> Iterator[int]:
    """The ids of a process's threads; none if it has ended."""
    try:
        yield from map(int, os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return


def _name(pid: int) -> str:
    return _read(f"/proc/{pid}/comm").strip()


def _pointed(pid: int, address: int, fraction: float) -> float | None:
    """The timespec or timeval at an address of another process."""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            seconds, rest = struct.unpack("qq", os.pread(memory.fileno(), 16, address))
    except (OSError, struct.error):
        return None
    return float(seconds + rest * fraction)


def _read(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(512).decode("ascii", "replace")
    except OSError:
        return ""
