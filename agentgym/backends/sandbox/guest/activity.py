"""Tells when a desktop has come to rest, by looking at its threads instead of at a clock.

A desktop rests when no thread of it has run for a moment, none is ready to run or waits for a disk, and no main loop
sleeps with a timer that is about to fire. The X server is one of the threads, so whatever is drawn shows as activity.

``/proc/PID/task/TID/schedstat`` counts the time a thread has run, ``stat`` has its state, and ``syscall`` shows the
time-out with which a main loop went to sleep. See docs/decisions/0004-when-a-desktop-has-settled.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Set

from .threads import Thread, threads_of
from .timers import Habit, Timers

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


class Activity:
    """Watches the threads of a desktop.

    Args:
        processes: gives the process ids of the desktop as they are now.
    """

    def __init__(self, processes: Callable[[], Set[int]]) -> None:
        self._processes = processes
        self._threads: dict[int, Thread] = {}
        self._servers: frozenset[int] = frozenset()
        self._painter: int | None = None
        self._painted_at = 0.0
        self._timers = Timers()
        # The same timers do other things while a program starts.
        self._starting_timers = Timers()

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

    def _look(self, now: float, timers: Timers) -> bool:
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
            for tid in threads_of(pid):
                if tid not in self._threads:
                    try:
                        self._threads[tid] = Thread(pid, tid, now)
                    except OSError:
                        continue

    def _all_asleep(self) -> bool:
        return not any(thread.busy() for thread in self._threads.values())

    def _timers_are_far(self, until: float, timers: Timers) -> bool:
        """Whether no timer that may paint fires before ``until``."""
        trusted: list[Habit] = []
        for thread in self._threads.values():
            if thread.pid in self._servers:
                continue
            timeout = thread.sleeping_for()
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
