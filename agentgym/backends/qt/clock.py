"""The time of applications: it passes by steps, and timers go by it instead of by the time of day."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractAnimation,
    QAbstractEventDispatcher,
    QCoreApplication,
    QEventLoop,
    QObject,
    QSocketNotifier,
    Qt,
    QTimerEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QMenu, QScrollBar, QToolButton, QWidget
from shiboken6 import Shiboken

__all__ = ["Clock", "Timeline"]

_WAITS = QEventLoop.ProcessEventsFlag.WaitForMoreEvents
# A timer without an interval means "when there is nothing else to do": as often as a screen is drawn.
_IDLE_MS = 16
_PATIENCE = 50
# What would move all animations of the process by the time of day, as Qt names its classes.
_ANIMATORS = ("QUnifiedTimer", "QDefaultAnimationDriver")
_STYLE_ANIMATIONS = ("QStyleAnimation", "QProgressStyleAnimation", "QNumberStyleAnimation", "QScrollbarStyleAnimation")


class Timeline:
    """The time of one environment, in milliseconds since its reset."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.root: QObject | None = None
        """Above all that is animated in it."""
        self.animations: list[QAbstractAnimation] = []
        """Those that go on with it."""


@dataclass
class _Timer:
    interval_ms: int
    address: int
    kind: Qt.TimerType
    timeline: Timeline
    due_ms: int


class Clock(QAbstractEventDispatcher):
    """Delivers what was posted when it is told to, and timers when their timeline has come to them.

    A timer belongs to the timeline that was current when it was started. What the whole application shares has none of
    its fire: that is the delay of tool tips. Animations go by steps too, those of styles stand still.
    """

    def __init__(self) -> None:
        super().__init__()
        self.timeline = Timeline()
        self.upcoming: deque[Callable[[], None]] = deque()
        """What is still to be done of an action; a loop that the application starts within goes on with it."""
        self.stuck = False
        """Whether an application waited in a loop of its own for something that cannot happen."""
        self._timers: dict[int, _Timer] = {}
        self._animating: set[int] = set()
        self._idle_rounds = 0
        self._was_left = self._is_recovering = False

    def deliver(self) -> None:
        """Delivers what was posted, and ends what is to be deleted."""
        QCoreApplication.sendPostedEvents()
        QCoreApplication.sendPostedEvents(None, QTimerEvent.Type.DeferredDelete.value)

    def advance(self, duration_ms: int) -> None:
        """Lets time pass on the current timeline; timers fire in the order in which they are due."""
        timeline = self.timeline
        end_ms = timeline.now_ms + duration_ms
        self.deliver()
        while (number := self._next(timeline, end_ms)) is not None:
            timer = self._timers[number]
            timeline.now_ms = max(timeline.now_ms, timer.due_ms)
            timer.due_ms = timeline.now_ms + (timer.interval_ms or _IDLE_MS)
            # Held for no longer: a wrapper that outlives that of its parent would be declared deleted.
            receiver = Shiboken.wrapInstance(timer.address, QObject)
            QCoreApplication.sendEvent(receiver, QTimerEvent(number))  # type: ignore[arg-type]  # it is a QObject
            del receiver
            self.deliver()
        timeline.now_ms = end_ms
        timeline.animations = [animation for animation in timeline.animations if Shiboken.isValid(animation)]
        for animation in timeline.animations:
            _animate(animation, duration_ms)
        self.deliver()

    def deliver_and_hold(self) -> None:
        """Delivers what was posted, and takes animations that have begun from the clock."""
        self.deliver()
        if not self._animating or self.timeline.root is None:
            return
        for animation in self.timeline.root.findChildren(QAbstractAnimation):
            if animation.state() == QAbstractAnimation.State.Running:
                self._hold(animation)
        self.deliver()

    def _hold(self, animation: QAbstractAnimation) -> None:
        if animation.metaObject().className() in _STYLE_ANIMATIONS:
            animation.stop()
            return
        # One that runs is moved by the time of day whenever another begins.
        animation.pause()
        self.timeline.animations.append(animation)

    def forget(self, timeline: Timeline) -> None:
        """Ends the timers of a timeline."""
        for number in [number for number, timer in self._timers.items() if timer.timeline is timeline]:
            del self._timers[number]

    def _next(self, timeline: Timeline, end_ms: int) -> int | None:
        due = [
            (timer.due_ms, number)
            for number, timer in self._timers.items()
            if timer.timeline is timeline and timer.due_ms <= end_ms
        ]
        return min(due)[1] if due else None

    def processEvents(self, flags: QEventLoop.ProcessEventsFlag) -> bool:  # noqa: N802 - Qt's name
        """What loops within the application call, until they are told to end."""
        if self._is_recovering:
            QCoreApplication.exit(0)
            return True
        self.deliver()
        if not flags & _WAITS:
            return True
        if self.upcoming:
            self.upcoming.popleft()()
            self._idle_rounds = 0
        else:
            self._free()
        return True

    def _free(self) -> None:
        """Ends a loop in which nothing more will happen, by closing what it waits for."""
        self._idle_rounds += 1
        awaited = _awaited()
        if isinstance(awaited, QMenu) and _opens_from_tool_button(awaited):
            self._was_left = True
            QCoreApplication.exit(0)
            return
        self.stuck |= awaited is None or not _is_of_qts_own_making(awaited)
        if awaited is not None and self._idle_rounds < _PATIENCE:
            awaited.close()
        else:
            self._was_left = True
            QCoreApplication.exit(0)

    def recover(self) -> None:
        """Lets loops begin again after one was left; Qt has them all end at once until its main loop has run."""
        if self._was_left:
            self._was_left, self._is_recovering = False, True
            QApplication.exec()
            self._is_recovering = False

    def registerTimer(  # type: ignore[override]  # noqa: N802 - this is the overload that Qt calls
        self, number: int, interval: int, kind: Qt.TimerType, receiver: QObject
    ) -> None:
        if isinstance(receiver, QCoreApplication):
            return
        if type(receiver) is QObject and receiver.metaObject().className() in _ANIMATORS:
            self._animating.add(number)
            return
        # One that is started anew whenever it fires must not keep time from passing.
        due_ms = self.timeline.now_ms + (interval or 1)
        self._timers[number] = _Timer(interval, _address(receiver), kind, self.timeline, due_ms)

    def unregisterTimer(self, number: int) -> bool:  # type: ignore[override]  # noqa: N802 - this is what Qt calls
        self._timers.pop(number, None)
        self._animating.discard(number)
        # Also for those of the whole application, which are not kept.
        return True

    def unregisterTimers(self, receiver: QObject) -> bool:  # noqa: N802
        address = _address(receiver)
        gone = [number for number, timer in self._timers.items() if timer.address == address]
        for number in gone:
            del self._timers[number]
        return bool(gone)

    def registeredTimers(self, receiver: QObject) -> list[QAbstractEventDispatcher.TimerInfo]:  # noqa: N802
        address = _address(receiver)
        return [
            QAbstractEventDispatcher.TimerInfo(number, timer.interval_ms, timer.kind)
            for number, timer in self._timers.items()
            if timer.address == address
        ]

    def remainingTime(self, number: int) -> int:  # noqa: N802
        timer = self._timers.get(number)
        return -1 if timer is None else max(0, timer.due_ms - timer.timeline.now_ms)

    def registerSocketNotifier(self, notifier: QSocketNotifier) -> None:  # noqa: N802
        """Nothing is waited for here, so a socket is never heard of."""

    def unregisterSocketNotifier(self, notifier: QSocketNotifier) -> None:  # noqa: N802
        """Nothing to do: none is registered."""

    def wakeUp(self) -> None:  # noqa: N802
        """Nothing to do: this never sleeps."""

    def interrupt(self) -> None:
        """Nothing to do: this never sleeps."""

    def startingUp(self) -> None:  # noqa: N802
        """Nothing to do."""

    def closingDown(self) -> None:  # noqa: N802
        """Nothing to do."""


def _animate(animation: QAbstractAnimation, duration_ms: int) -> None:
    if animation.state() != QAbstractAnimation.State.Paused:
        return
    is_forward = animation.direction() == QAbstractAnimation.Direction.Forward
    # The time of all its loops; the end of the last one ends it.
    now_ms = animation.currentLoop() * animation.duration() + animation.currentLoopTime()
    animation.setCurrentTime(max(0, now_ms + (duration_ms if is_forward else -duration_ms)))


def _awaited() -> QWidget | None:
    popup = QApplication.activePopupWidget()
    return QApplication.activeModalWidget() if popup is None else popup


def _opens_from_tool_button(menu: QMenu) -> bool:
    """Whether Qt itself waits for a choice, which it can do without: the menu stays open and does what it does."""
    return any(isinstance(owner, QToolButton) for owner in menu.menuAction().associatedObjects())


def _is_of_qts_own_making(popup: QWidget) -> bool:
    """Whether it is the context menu of a spin box or a scroll bar, for which Qt itself waits."""
    owner = popup.parentWidget()
    return isinstance(popup, QMenu) and (
        isinstance(owner, QScrollBar) or isinstance(owner and owner.parentWidget(), QAbstractSpinBox)
    )


def _address(receiver: QObject) -> int:
    address: int = Shiboken.getCppPointer(receiver)[0]
    return address
