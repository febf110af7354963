"""Tells when a desktop has come to rest, by looking at its threads instead of at a clock.

A desktop rests when no thread of it has run for a moment, none is ready to run or waits for a disk, and no main loop
sleeps with a timer that is about to fire. The X server is one of the threads, so whatever is drawn shows as activity.

``/proc/PID/task/TID/schedstat`` counts the time a thread has run, ``stat`` has its state, and ``syscall`` shows the
time-out with which a main loop went to sleep. See docs/decisions/0004-when-a-desktop-has-settled.md.
"""

from __future__ import annotations

import math
import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Set

_LOOK_EVERY_S = 0.001
_LOOK_COSTS_AT_MOST = 0.25
"""Share of the waiting time that looking may take; a desktop of hundreds of threads is looked at less often."""

_START_CALM = 0.2
"""A starting program must not have painted for this share of the time it has taken: the slower, the later its last."""

_SLOW_PROGRAMS = {"soffice.bin": 0.75, "pcmanfm": 0.3}
"""Programs that answer on far timers behind nearer, idle ones, where no sleep tells of them, and how long they take:
LibreOffice's tool bars (300 ms, once or twice in a row), the file manager's notion of what is selected (200 ms)."""

_SHORT_TIMER_S = 0.03
"""A shorter timer of a main loop is always waited for: that costs little, and it is with such that toolkits paint in
frames."""

_IDLE_FRAMES = 4
"""How many short sleeps of a helper thread are waited for in a row without anything being painted."""

# System call number -> (which argument is the time-out, how it is written).
_SLEEPS: dict[str, dict[int, tuple[int, str]]] = {
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
_FRACTION = {"timespec": 1e-9, "timeval": 1e-6}


class _Thread:
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
        # It may have been seen before it became the program that it runs.
        if self.is_main:
            self.name = _name(self.pid)
        self.idle_frames = 0

    def starved_s(self) -> float:
        """How long it was ready to run but had no processor, on a loaded machine."""
        return (int(self.count.split()[1]) - int(self._marked.split()[1])) * 1e-9

    def may_be_about_to_paint(self) -> bool:
        """Whether a short sleep may be that for the next frame, not one of many after which nothing was painted."""
        if self.last_ran != self._asleep_since:
            self._asleep_since = self.last_ran
            self.idle_frames += 1
        return self.idle_frames <= _IDLE_FRAMES

    def close(self) -> None:
        os.close(self.fd)


class _Habit:
    """What the firings of one timer have done so far.

    A timer that did not paint some times in a row is not waited for, but for a sample of ever fewer firings; one that
    painted has to earn trust anew, and twice as long each time.

    Args:
        needed: how many times in a row.
    """

    __slots__ = ("_distance", "_harmless", "_needed", "_skipped")

    _NEEDED_AFTER_PAINT = 32
    _FARTHEST = 16

    def __init__(self, needed: int) -> None:
        self._harmless = 0
        self._needed = needed
        self._skipped = 0
        self._distance = 1

    def painted(self) -> None:
        self._harmless = 0
        self._needed = max(self._NEEDED_AFTER_PAINT, 2 * self._needed)
        self._distance = 1

    def rested(self) -> None:
        self._harmless += 1
        if self._harmless > self._needed and self._harmless % 2:
            self._distance = min(2 * self._distance, self._FARTHEST)

    def trusted(self) -> bool:
        """Whether it need not be waited for now."""
        return self._harmless >= self._needed and self._skipped < self._distance

    def skipped(self) -> None:
        self._skipped += 1

    def watched(self) -> None:
        self._skipped = 0


class _Timers:
    """The timers that main loops sleep with: applications are never without, and most of them do not paint."""

    _EARLIEST_S = 0.0015

    def __init__(self) -> None:
        self._habits: dict[tuple[str, int], _Habit] = {}
        self._armed: dict[int, tuple[_Habit, float]] = {}
        self._fired: set[_Habit] = set()

    def arm(self, thread: _Thread, timeout: float) -> tuple[_Habit, float]:
        """Notes that a thread sleeps with a time-out; gives the timer's habit and when it is due."""
        # Time-outs of one timer vary by what passed since it was set, so they are compared by order of magnitude.
        magnitude = int(math.log2(max(timeout, 0.001) * 1000))
        # Office programs refresh their tool bars on timers of a quarter of a second, which only now and then paint.
        habit = self._habits.setdefault((thread.name, magnitude), _Habit(needed=3 if magnitude < 6 else 10))
        self._armed[thread.tid] = (habit, thread.last_ran + timeout)
        return self._armed[thread.tid]

    def woke(self, thread: _Thread, now: float) -> None:
        """Notes that a thread ran; if its timer was due, that was the timer firing."""
        habit, due = self._armed.pop(thread.tid, (None, 0.0))
        if habit is not None and now >= due - self._EARLIEST_S:
            habit.watched()
            self._fired.add(habit)

    def painted(self) -> None:
        """Notes that the X server ran after what has fired."""
        for habit in self._fired:
            habit.painted()
        self._fired.clear()

    def rested(self) -> None:
        """Notes that the desktop came to rest after what has fired."""
        for habit in self._fired:
            habit.rested()
        self._fired.clear()

    def interrupted(self) -> None:
        """Forgets what is under way: between two waits somebody acts, and nothing can be attributed."""
        self._armed.clear()
        self._fired.clear()


class Activity:
    """Watches the threads of a desktop.

    Args:
        processes: gives the process ids of the desktop as they are now.
    """

    def __init__(self, processes: Callable[[], Set[int]]) -> None:
        self._processes = processes
        self._threads: dict[int, _Thread] = {}
        self._servers: frozenset[int] = frozenset()
        self._painter: int | None = None
        self._painted_at = 0.0
        self._timers = _Timers()
        # The same timers do other things while a program starts.
        self._starting_timers = _Timers()
        self._sleeps = _SLEEPS.get(os.uname().machine, {})

    def know_servers(self, pids: Iterable[int], *, painter: int) -> None:
        """Tells the desktop's own servers, whose timers draw nothing, and which of them is the X server."""
        self._servers = frozenset(pids)
        self._painter = painter

    def wait(
        self,
        *,
        quiet_s: float,
        timers_s: float,
        timeout_s: float,
        starting: bool,
        tick: Callable[[], None],
    ) -> bool:
        """Waits until the desktop rests; False if ``timeout_s`` passed first.

        Args:
            quiet_s: how long no thread may have run.
            timers_s: a timer that is due within this time is waited for, unless it is known not to paint.
            starting: whether a program is starting, whose timers have habits of their own.
            tick: called at every look; may raise to end the wait.
        """
        start = time.monotonic()
        timers = self._starting_timers if starting else self._timers
        timers.interrupted()
        self._scan(start)
        for thread in self._threads.values():
            thread.mark()
        quiet_since = self._painted_at = start
        while True:
            looked_at = time.monotonic()
            ran = self._look(looked_at, timers)
            if not ran and looked_at - quiet_since >= quiet_s and self._all_asleep():
                calm = not starting or looked_at - self._painted_at >= _START_CALM * (self._painted_at - start)
                far = (
                    calm
                    and looked_at - start >= self._answering_s(start)
                    and self._timers_are_far(looked_at + timers_s, timers)
                )
                # Threads are looked at one after the other: of two that wake each other in turn, each may have been
                # asleep when it was its turn. What ran meanwhile says so.
                ran = self._look(looked_at, timers)
                if not ran:
                    timers.rested()
                if far and not ran:
                    return True
            if ran:
                self._scan(looked_at)
                # After the look, which on a loaded machine may take longer than the rest that is waited for.
                quiet_since = time.monotonic()
            if looked_at - start >= timeout_s:
                return False
            tick()
            cost = time.monotonic() - looked_at
            time.sleep(max(_LOOK_EVERY_S, cost / _LOOK_COSTS_AT_MOST))

    def _answering_s(self, start: float) -> float:
        """How long the slowest program that ran since ``start`` may take to answer."""
        answers = (
            _SLOW_PROGRAMS[thread.name] + thread.starved_s()
            for thread in self._threads.values()
            if thread.name in _SLOW_PROGRAMS and thread.is_main and thread.last_ran > start
        )
        return max(answers, default=0.0)

    def close(self) -> None:
        for thread in self._threads.values():
            thread.close()
        self._threads.clear()

    def _look(self, now: float, timers: _Timers) -> bool:
        """Whether any thread ran since the last look; forgets those that ended."""
        ran = painted = False
        for tid, thread in list(self._threads.items()):
            try:
                if not thread.ran(now):
                    continue
            except OSError:
                self._threads.pop(tid).close()
            ran = True
            timers.woke(thread, now)
            painted |= thread.pid == self._painter
        if painted:
            self._painted_at = now
            timers.painted()
            for thread in self._threads.values():
                thread.idle_frames = 0
        return ran

    def _scan(self, now: float) -> None:
        """Takes up new threads. A new thread means that a known one ran, so this is needed only then."""
        for pid in self._processes():
            for tid in _tasks(pid):
                if tid not in self._threads:
                    try:
                        self._threads[tid] = _Thread(pid, tid, now)
                    except OSError:
                        continue

    def _all_asleep(self) -> bool:
        return not any(_busy(thread.pid, thread.tid) for thread in self._threads.values())

    def _timers_are_far(self, until: float, timers: _Timers) -> bool:
        """Whether no timer that may paint fires before ``until``."""
        trusted: list[_Habit] = []
        for thread in self._threads.values():
            if thread.pid in self._servers:
                continue
            timeout = self._sleeping_for(thread)
            if timeout is None:
                continue
            if not timeout:
                return False
            if not thread.is_main:
                # Helpers have timers of all kinds; those that paint, as Chromium's compositors, have short ones.
                if timeout <= _SHORT_TIMER_S and thread.may_be_about_to_paint():
                    return False
                continue
            habit, due = timers.arm(thread, timeout)
            if due > until:
                continue
            if timeout < _SHORT_TIMER_S or not habit.trusted():
                return False
            trusted.append(habit)
        for habit in trusted:
            habit.skipped()
        return True

    def _sleeping_for(self, thread: _Thread) -> float | None:
        """The time-out with which a thread went to sleep, in seconds.

        0 if it has woken; None if it waits for events alone, or cannot be seen.
        """
        call = _read(f"/proc/{thread.pid}/task/{thread.tid}/syscall").split()
        if call == ["running"]:
            return 0.0
        if len(call) < 7 or int(call[0]) not in self._sleeps:
            return None
        which, form = self._sleeps[int(call[0])]
        value = int(call[1 + which], 16)
        if form == "ms":
            milliseconds = struct.unpack("i", struct.pack("I", value & 0xFFFFFFFF))[0]
            return milliseconds / 1000 if milliseconds >= 0 else None
        return _pointed(thread.pid, value, _FRACTION[form]) if value else None


def _pointed(pid: int, address: int, fraction: float) -> float | None:
    """The timespec or timeval at an address of another process."""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            seconds, rest = struct.unpack("qq", os.pread(memory.fileno(), 16, address))
    except (OSError, struct.error):
        return None
    return float(seconds + rest * fraction)


def _busy(pid: int, tid: int) -> bool:
    """Whether a thread runs, is ready to run, waits for a disk, or was stopped other than by a shell's job control."""
    fields = _read(f"/proc/{pid}/task/{tid}/stat").rpartition(")")[2].split()
    if not fields:
        return False
    state, terminal = fields[0], fields[4]
    return state in "RD" or (state == "T" and terminal == "0")


def _name(pid: int) -> str:
    return _read(f"/proc/{pid}/comm").strip()


def _tasks(pid: int) -> Iterator[int]:
    try:
        yield from map(int, os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return


def _read(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(512).decode("ascii", "replace")
    except OSError:
        return ""
