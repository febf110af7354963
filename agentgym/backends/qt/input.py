"""Keyboard and pointer of one environment's windows: actions as the events that a window system would send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QHoverEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import Shiboken

from agentgym.actions import (
    Action,
    Batch,
    Button,
    Click,
    DoubleClick,
    DragTo,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    TypeText,
)
from agentgym.backends.checks import check_character, check_input
from agentgym.backends.qt.clock import Clock
from agentgym.backends.qt.keyboard import Keyboard, key_named
from agentgym.backends.qt.pressed import pressed_at
from agentgym.backends.qt.quiet import Quiet
from agentgym.backends.qt.turns import Seat, is_frame

__all__ = ["ACTION_MS", "QtInput"]

ACTION_MS = 400
"""How much of an application's time an action takes: a double click's interval, and a menu's delay."""

_BUTTONS: Mapping[Button, Qt.MouseButton] = {
    "left": Qt.MouseButton.LeftButton,
    "middle": Qt.MouseButton.MiddleButton,
    "right": Qt.MouseButton.RightButton,
}
_MOVE, _PRESS = QEvent.Type.MouseMove, QEvent.Type.MouseButtonPress
_DOUBLE, _RELEASE = QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease
_WHEEL_STEP = 120
_DRAG_STEPS = 8

_Part = Callable[[], None]


class QtInput:
    """Does input actions through Qt's own windows: hover, focus, grabs and pop-ups included.

    Drags are what the pointer does. The offscreen platform has no others: ``QDrag.exec`` returns at once, as if the
    thing had been let go where nobody wants it.

    Args:
        clock: of this process.
        seat: of the environment; its turn must have come.
    """

    def __init__(self, clock: Clock, seat: Seat) -> None:
        self._clock = clock
        self._seat = seat
        self._keyboard = Keyboard(seat)
        self._size = (seat.place.width(), seat.place.height())
        self._checked: Action | None = None
        self._unpressed = Quiet(frozenset({_PRESS, QEvent.Type.ContextMenu}))

    def check(self, action: Action) -> None:
        """Returns if the action can be done.

        Raises:
            ActionError: if not.
        """
        check_input(action, screen=self._size, key=key_named, character=check_character)
        self._checked = action

    def perform(self, action: Action) -> None:
        """Does one action; every event has been handled when it returns.

        Raises:
            ActionError: if it cannot be done; nothing has happened then.
        """
        if action is not self._checked:
            self.check(action)
        upcoming = self._clock.upcoming
        upcoming.extend(self._parts(action))
        # An event in which the application starts a loop of its own comes back when that loop has done the rest.
        while upcoming:
            upcoming.popleft()()

    def hover(self) -> bool:
        """Tells the widgets where the pointer is, if something else is under it now; says whether it is."""
        seat = self._seat
        before = seat.hovered
        below = before if seat.held else _widget_below(seat)
        if below is before:
            return False
        if below is None:
            seat.hovered = None
        else:
            self._motion()
        if before is not None and Shiboken.isValid(before) and (below is None or before.window() is not below.window()):
            _leave(before)
        return True

    def _parts(self, action: Action) -> Iterator[_Part]:
        if isinstance(action, Batch):
            for number, part in enumerate(action.actions):
                if number:
                    yield partial(self._clock.advance, ACTION_MS)
                yield from self._parts(part)
            return
        yield self._keyboard.begin
        yield from self._pointer_parts(action) or self._key_parts(action)

    def _pointer_parts(self, action: Action) -> list[_Part]:  # noqa: PLR0911 - one return for each kind of action
        match action:
            case MoveTo(x, y):
                return [partial(self._move, x, y)]
            case Click(x, y, button, clicks):
                return [*self._move_if(x, y), *self._clicks(button, clicks)]
            case RightClick(x, y):
                return [*self._move_if(x, y), *self._clicks("right", 1)]
            case DoubleClick(x, y):
                return [*self._move_if(x, y), *self._clicks("left", 2)]
            case MouseDown(button):
                return [partial(self._press, _BUTTONS[button])]
            case MouseUp(button):
                return [partial(self._release, _BUTTONS[button], is_late=True)]
            case DragTo(x, y, button):
                return list(self._drag(x, y, _BUTTONS[button]))
            case Scroll(dx, dy, x, y):
                turns = [QPoint(0, _sign(dy))] * abs(dy) + [QPoint(-_sign(dx), 0)] * abs(dx)
                return [*self._move_if(x, y), *(partial(self._turn, turn * _WHEEL_STEP) for turn in turns)]
        return []

    def _key_parts(self, action: Action) -> list[_Part]:
        keyboard = self._keyboard
        match action:
            case TypeText(text):
                return [partial(keyboard.type, character) for character in text]
            case Press(key, presses):
                return [partial(keyboard.tap, key_named(key))] * presses
            case KeyDown(key):
                return [partial(keyboard.press, key_named(key))]
            case KeyUp(key):
                return [partial(keyboard.release, key_named(key))]
            case Hotkey(keys):
                names = [key_named(key) for key in keys]
                down = [partial(keyboard.press, name) for name in names]
                return [*down, *(partial(keyboard.release, name) for name in reversed(names))]
        return []

    def _move_if(self, x: int | None, y: int | None) -> list[_Part]:
        return [] if x is None or y is None else [partial(self._move, x, y)]

    def _clicks(self, button: Button, clicks: int) -> Iterator[_Part]:
        for number in range(clicks):
            yield partial(self._press, _BUTTONS[button], is_second=bool(number % 2))
            yield partial(self._release, _BUTTONS[button])

    def _drag(self, x: int, y: int, button: Qt.MouseButton) -> Iterator[_Part]:
        start_x, start_y = self._seat.pointer
        yield partial(self._press, button)
        for step in range(1, _DRAG_STEPS + 1):
            yield partial(
                self._move,
                start_x + (x - start_x) * step // _DRAG_STEPS,
                start_y + (y - start_y) * step // _DRAG_STEPS,
            )
        yield partial(self._clock.advance, ACTION_MS)
        yield partial(self._release, button, is_late=True)

    def _move(self, x: int, y: int) -> None:
        self._seat.move(x, y)
        self._seat.point()
        self._motion()

    def _motion(self) -> None:
        window = self._target()
        if window is None:
            return
        seat = self._seat
        if not seat.held and (seat.hovered is None or not Shiboken.isValid(seat.hovered)):
            spot, local = self._places(window)
            QCoreApplication.sendEvent(window.windowHandle(), QEnterEvent(local, local, spot))
        self._send(window, _MOVE, Qt.MouseButton.NoButton)
        seat.hovered = _widget_below(seat)

    def _press(self, button: Qt.MouseButton, *, is_second: bool = False) -> None:
        window = self._target()
        if window is None or button in self._seat.held:
            return
        self._seat.held[button] = pressed_at(window, self._seat.spot)
        if not is_second:
            self._send(window, _PRESS, button)
            return
        # Qt keeps the books of buttons by presses; of the second one widgets hear only that it makes a double click.
        with self._unpressed.lasting():
            self._send(window, _PRESS, button)
        self._send(window, _DOUBLE, button)

    def _release(self, button: Qt.MouseButton, *, is_late: bool = False) -> None:
        window = self._target()
        if self._seat.held.pop(button, None) is None or window is None:
            return
        if not is_late:
            self._send(window, _RELEASE, button)
            return
        # A list that opened when the button went down takes this for a choice, however soon the clock says it comes.
        interval_ms = QApplication.doubleClickInterval()
        QApplication.setDoubleClickInterval(0)
        try:
            self._send(window, _RELEASE, button)
        finally:
            QApplication.setDoubleClickInterval(interval_ms)

    def _turn(self, angle: QPoint) -> None:
        window = self._target()
        if window is None:
            return
        _, local = self._places(window)
        # As from a window system, or Qt would not offer it to what is around a widget that has no use for it.
        QTest.wheelEvent(window.windowHandle(), local, angle, QPoint(), self._keyboard.modifiers)

    def _send(self, window: QWidget, kind: QEvent.Type, button: Qt.MouseButton) -> None:
        spot, local = self._places(window)
        event = QMouseEvent(kind, local, local, spot, button, self._seat.buttons, self._keyboard.modifiers)
        QCoreApplication.sendEvent(window.windowHandle(), event)

    def _target(self) -> QWidget | None:
        """The window that gets what the pointer does: while a button is down, the one where it went down."""
        for pressed in self._seat.held.values():
            if Shiboken.isValid(pressed.window) and pressed.window.isVisible():
                return pressed.window
        return QApplication.activePopupWidget() or self._seat.below() or self._shown_since()

    def _shown_since(self) -> QWidget | None:
        root = self._seat.root
        return root if root is not None and root.isVisible() else None

    def _places(self, window: QWidget) -> tuple[QPointF, QPointF]:
        spot = self._seat.spot
        return QPointF(spot), QPointF(spot - window.geometry().topLeft())


def _widget_below(seat: Seat) -> QWidget | None:
    popup = QApplication.activePopupWidget()
    window = seat.below() if popup is None else popup
    if window is None or _is_blocked(window, seat.there()):
        return None
    return window.childAt(seat.spot - window.geometry().topLeft()) or window


def _is_blocked(window: QWidget, windows: Sequence[QWidget]) -> bool:
    """Whether a dialogue among the windows keeps the pointer from one of them."""
    return any(
        other is not window and other.isModal() and not other.isAncestorOf(window) for other in windows
    ) and is_frame(window)


def _leave(widget: QWidget) -> None:
    """Tells a widget and those around it that the pointer is elsewhere, which Qt keeps from what a dialogue blocks."""
    around: QWidget | None = widget
    while around is not None:
        if around.underMouse():
            QCoreApplication.sendEvent(around, QEvent(QEvent.Type.Leave))
            if around.testAttribute(Qt.WidgetAttribute.WA_Hover):
                away = QPointF(-1, -1)
                QCoreApplication.sendEvent(around, QHoverEvent(QEvent.Type.HoverLeave, away, away, away))
        around = None if around.isWindow() else around.parentWidget()


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
