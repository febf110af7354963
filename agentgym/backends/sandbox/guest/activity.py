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

_SLOW_PROGRAMS = {"soffice.bin": 0.75, "pcmanfm": 0.3, "thunderbird": 0.3}
"""Programs that answer on far timers behind nearer, idle ones, where no sleep tells of them, and how long they take:
LibreOffice's tool bars (300 ms, once or twice in a row), the file manager's notion of what is selected (200 ms), and a
list that Thunderbird filters by what was typed (100 ms), for whose timers it has a thread of its own."""

_PLAYERS = frozenset({"vlc"})
_PLAYED_S = 2.0
"""Programs that paint without end while they play a film, and how long they are waited for all the same."""

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
        self._picture: Callable[[], object] = object
        # What it was when the desktop rested last; None where that is not known.
        self._shown: object = None
        self._drawn = False
        self._painted_at = 0.0
        # What is not waited for any longer.
        self._playing: frozenset[int] = frozenset()
        self._timers = Timers(_SLOW_PROGRAMS)
        # The same timers do other things while a program starts.
        self._starting_timers = Timers(_SLOW_PROGRAMS)

    def know_servers(self, pids: Iterable[int], *, painter: int, picture: Callable[[], object] | None = None) -> None:
        """Tells the desktop's own servers, whose timers draw nothing, and which of them is the X server.

        Args:
            picture: gives what is equal as long as the screen shows the same. Without it the X server counts as
                painting whenever it runs.
        """
        self._servers = frozenset(pids)
        self._painter = painter
        self._picture = object if picture is None else picture

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
        self._shown = None
        self._playing, players_at = frozenset(), start + _PLAYED_S
        while True:
            looked_at = time.monotonic()
            if looked_at >= players_at:
                self._playing = self._players(looked_at - start)
                players_at = looked_at + _PLAYED_S / 4
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
                if not ran and self._playing:
                    # What is drawn may be the film's: beside one nothing is learnt.
                    timers.interrupted()
                elif not ran:
                    # Looking at the screen takes a millisecond or more; what rests at once is not looked at.
                    timers.rested(changed=(timers.suspected or not far) and self._shows_another())
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

    def _shows_another(self) -> bool:
        """Whether the screen shows anything else than when this was asked before, as far as that is known."""
        if self._shown is not None and not self._drawn:
            return False
        before, self._shown, self._drawn = self._shown, self._picture(), False
        return before != self._shown

    def _answering_s(self, start: float) -> float:
        """How long the slowest program that ran since ``start`` may take to answer."""
        answers = (
            _SLOW_PROGRAMS[thread.name] + thread.starved_s()
            for thread in self._threads.values()
            if thread.name in _SLOW_PROGRAMS and thread.is_main and thread.last_ran > start
        )
        return max(answers, default=0.0)

    def _players(self, waited_s: float) -> frozenset[int]:
        """The processes of players that have had their time."""
        return frozenset(
            thread.pid
            for thread in self._threads.values()
            if thread.is_main and thread.named() in _PLAYERS and waited_s >= _PLAYED_S + thread.starved_s()
        )

    def close(self) -> None:
        for thread in self._threads.values():
            thread.close()
        self._threads.clear()

    def _look(self, now: float, timers: Timers) -> bool:
        """Whether any thread ran since the last look; forgets those that ended.

        What the servers do while of all programs only a player runs, they do for its film.
        """
        ran = painted = False
        filmed = bool(self._playing)
        for tid, thread in list(self._threads.items()):
            try:
                if not thread.ran(now):
                    continue
            except OSError:
                self._threads.pop(tid).close()
            if thread.pid in self._playing:
                continue
            ran = True
            filmed = filmed and thread.pid in self._servers
            timers.woke(thread, now)
            painted |= thread.pid == self._painter
        if filmed:
            return False
        if painted:
            self._painted_at = now
            self._drawn = True
            timers.drew()
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
        return not any(thread.busy() for thread in self._threads.values() if thread.pid not in self._playing)

    def _timers_are_far(self, until: float, timers: Timers) -> bool:
        """Whether no timer that may paint fires before ``until``."""
        trusted: list[Habit] = []
        for thread in self._threads.values():
            if thread.pid in self._servers or thread.pid in self._playing:
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
