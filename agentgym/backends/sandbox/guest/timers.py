"""What is known of the timers of a desktop's programs: which of them are wont to paint."""

from __future__ import annotations

import math
from collections.abc import Container

from .threads import Thread


class Habit:
    """What the firings of one timer have done so far.

    A timer that did not paint some times in a row is not waited for, but for a sample of ever fewer firings; one that
    painted has to earn trust anew, and twice as long each time.

    Args:
        needed: how many times in a row.
    """

    __slots__ = ("_distance", "_harmless", "_needed", "_skipped")

    _NEEDED_AFTER_PAINT = 32
    _NEEDED_AT_MOST = 1 << 16
    _FARTHEST = 16

    def __init__(self, needed: int) -> None:
        self._harmless = 0
        self._needed = needed
        self._skipped = 0
        self._distance = 1

    def painted(self) -> None:
        self._harmless = 0
        self._needed = min(max(self._NEEDED_AFTER_PAINT, 2 * self._needed), self._NEEDED_AT_MOST)
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


class Timers:
    """The timers that main loops sleep with: applications are never without, and most of them do not paint.

    Args:
        slow: the names of programs whose longer timers paint only now and then, as those that refresh tool bars.
    """

    _EARLIEST_S = 0.0015
    _LONG = 6
    """As an order of magnitude: 64 ms."""

    def __init__(self, slow: Container[str] = ()) -> None:
        self._slow = slow
        self._habits: dict[tuple[str, int], Habit] = {}
        self._armed: dict[int, tuple[Habit, float]] = {}
        self._fired: set[Habit] = set()
        self._suspects: set[Habit] = set()
        # What fired in a thread since somebody acted, in each.
        self._before: dict[Habit, set[Habit]] = {}
        self._chains: dict[int, set[Habit]] = {}

    def arm(self, thread: Thread, timeout: float) -> tuple[Habit, float]:
        """Notes that a thread sleeps with a time-out; gives the timer's habit and when it is due."""
        # Time-outs of one timer vary by what passed since it was set, so they are compared by order of magnitude.
        magnitude = int(math.log2(max(timeout, 0.001) * 1000))
        needed = 10 if magnitude >= self._LONG and thread.name in self._slow else 3
        habit = self._habits.setdefault((thread.name, magnitude), Habit(needed))
        self._armed[thread.tid] = (habit, thread.last_ran + timeout)
        return self._armed[thread.tid]

    def woke(self, thread: Thread, now: float) -> None:
        """Notes that a thread ran; if its timer was due, that was the timer firing."""
        habit, due = self._armed.pop(thread.tid, (None, 0.0))
        if habit is not None and now >= due - self._EARLIEST_S:
            habit.watched()
            self._fired.add(habit)
            self._chains.setdefault(thread.tid, set()).add(habit)
            self._before.setdefault(habit, set()).update(self._chains[thread.tid])

    @property
    def suspected(self) -> bool:
        """Whether the X server ran after something had fired, since the desktop rested last."""
        return bool(self._suspects)

    def drew(self) -> None:
        """Notes that the X server ran after what has fired."""
        self._suspects |= self._fired
        self._fired.clear()

    def rested(self, *, changed: bool) -> None:
        """Notes that the desktop came to rest after what has fired.

        Args:
            changed: whether the screen shows anything else than when it rested before.
        """
        # A sleep tells the nearest timer alone: who does not wait for one does not see what comes after it.
        painted = {one for habit in self._suspects for one in self._before[habit]} if changed else set()
        for habit in painted:
            habit.painted()
        for habit in (self._fired | self._suspects) - painted:
            habit.rested()
        self._fired.clear()
        self._suspects.clear()

    def interrupted(self) -> None:
        """Forgets what is under way: between two waits somebody acts, and nothing can be attributed."""
        for what in (self._armed, self._fired, self._suspects, self._before, self._chains):
            what.clear()
