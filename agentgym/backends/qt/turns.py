"""Whose turn it is: what Qt has once in a process is put away for one environment while another acts."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from operator import or_

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QCursor, QEnterEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import Shiboken

from agentgym.backends.qt.clipboard import contents, fill
from agentgym.backends.qt.clock import Clock, Timeline
from agentgym.backends.qt.pressed import Pressed
from agentgym.backends.qt.quiet import Quiet

__all__ = ["ELSEWHERE", "Seat", "Turns", "is_frame"]

_Type = QEvent.Type
# What widgets would otherwise hear of the change: none of it has happened in their environment.
_UNHEARD = frozenset(
    {
        *(_Type.FocusIn, _Type.FocusOut, _Type.FocusAboutToChange, _Type.WindowActivate, _Type.WindowDeactivate),
        *(_Type.ActivationChange, _Type.ApplicationActivate, _Type.ApplicationDeactivate, _Type.ApplicationStateChange),
        *(
            _Type.Move,
            _Type.Show,
            _Type.Hide,
            _Type.ShowToParent,
            _Type.HideToParent,
            _Type.ShowWindowRequest,
            _Type.Close,
        ),
        *(_Type.Enter, _Type.Leave, _Type.HoverEnter, _Type.HoverLeave, _Type.HoverMove),
        *(_Type.MouseMove, _Type.MouseButtonPress, _Type.MouseButtonRelease, _Type.ContextMenu, _Type.CursorChange),
    }
)
_Button = Qt.MouseButton
# Whether a window shows where its focus is.
_BY_KEYS = Qt.WidgetAttribute.WA_KeyboardFocusChange
ELSEWHERE = QPoint(1_000_000, 0)
"""How much further right, beyond all screens, windows stand while it is another's turn."""


class Seat:
    """One environment's place at the one keyboard and pointer.

    Args:
        place: of the environment's screen among Qt's.
    """

    def __init__(self, place: QRect) -> None:
        self.place = place
        self.corner = (place.x(), place.y())
        self._unmoved = Quiet(frozenset({_Type.Enter, _Type.Leave, _Type.MouseMove}), windows=True)
        self.renew()

    def renew(self) -> None:
        """Nothing is open, nothing is held, the pointer is in the middle."""
        self.timeline = Timeline()
        self.root: QWidget | None = None
        self.windows: list[QWidget] = []
        """Those that are to be seen, the lowest first."""
        self.move(self.place.width() // 2, self.place.height() // 2)
        self.held: dict[Qt.MouseButton, Pressed] = {}
        """What has the pointer for as long as a button is down."""
        self.keys: list[str] = []
        self.hovered: QWidget | None = None
        self._put_away: list[QWidget] = []
        self._active: QWidget | None = None
        self._focus: QWidget | None = None
        self._grabber: QWidget | None = None
        self._clipboard: dict[str, bytes] = {}
        self._by_keys: list[QWidget] = []
        self._withdrawn: list[QWidget] = []

    def move(self, x: int, y: int) -> None:
        """Puts the pointer at a place of the screen."""
        self.pointer = (x, y)
        self.spot = QPoint(self.place.x() + x, self.place.y() + y)
        """The same among Qt's screens."""

    @property
    def buttons(self) -> Qt.MouseButton:
        return reduce(or_, self.held) if self.held else _Button.NoButton

    def below(self) -> QWidget | None:
        """The window under the pointer."""
        spot = self.spot
        for window in reversed(self.there()):
            if window.geometry().contains(spot):
                return window
        return None

    def there(self) -> list[QWidget]:
        """Those of the windows that are still to be seen, the lowest first."""
        return [window for window in self.windows if Shiboken.isValid(window) and window.isVisible()]

    def point(self) -> None:
        """Tells Qt where the pointer is, by which it goes when widgets come and go, and applications ask.

        Qt sends that to whichever window is there; who acts sends it to the right one.
        """
        with self._unmoved.lasting():
            QCursor.setPos(self.spot)

    def let_go(self) -> None:
        """Has Qt take the buttons that are down for released."""
        for button, pressed in self.held.items():
            _send_mouse(pressed.window, self.spot, _Type.MouseButtonRelease, button, _Button.NoButton)

    def leave(self) -> None:
        """Puts away what would stand in another's way."""
        self._active, self._focus = QApplication.activeWindow(), QApplication.focusWidget()
        self._grabber = QWidget.mouseGrabber()
        if self._grabber is not None:
            self._grabber.releaseMouse()
        self.let_go()
        self._put_away = []
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.hide()
            self._put_away.insert(0, popup)
        for window in self.there():
            if window.windowModality() == Qt.WindowModality.ApplicationModal:
                window.hide()
                self._put_away.insert(0, window)
        self._unhover()
        self._clipboard = contents(QApplication.clipboard())
        self._by_keys = [window for window in self.windows if _alive(window) and window.testAttribute(_BY_KEYS)]

    def withdraw(self) -> None:
        """Takes the windows off the screen, once they were left, for those of another environment that shares it.

        Qt asks what is at a place, and must find one thing there.
        """
        self._withdrawn = self.there()
        for window in self._withdrawn:
            window.move(window.pos() + ELSEWHERE)

    def enter(self, nobody: QWidget) -> None:
        """Puts everything back as it was.

        Args:
            nobody: a window that has the keyboard when none of the environment's does.
        """
        away = [window for window in self._put_away if Shiboken.isValid(window)]
        self._put_away = []
        for window in filter(Shiboken.isValid, self._withdrawn):
            window.move(window.pos() - ELSEWHERE)
        self._withdrawn = []
        for window in filter(is_frame, away):
            window.show()
        active = _alive(self._active) or _alive(self.root)
        # Not while something is popped up: then Qt takes no notice. Nor is it left to another's, which would hear when
        # the first window here takes it.
        (active if active is not None and active.isVisible() else nobody).activateWindow()
        for window in away:
            window.show()
        self.point()
        self._hover()
        down = _Button.NoButton
        for button, pressed in self.held.items():
            down |= button
            _send_mouse(pressed.window, pressed.now(), _Type.MouseButtonPress, button, down)
        if (grabber := _alive(self._grabber)) is not None:
            grabber.grabMouse()
        if (focus := _alive(self._focus)) is not None:
            focus.setFocus()
        elif (other := QApplication.focusWidget()) is not None and active is not None:
            other.clearFocus()
        fill(QApplication.clipboard(), self._clipboard)
        for window in self.windows:
            if Shiboken.isValid(window):
                window.setAttribute(_BY_KEYS, window in self._by_keys)

    def steady(self) -> None:
        """Has Qt take what is under the pointer for what it was over last, as it does when a turn comes.

        Its own books may say something else after windows came or went, and a turn would change what comes then.
        """
        self._unhover()
        self._hover()

    def _unhover(self) -> None:
        if (root := _alive(self.root)) is not None and (handle := root.windowHandle()) is not None:
            QCoreApplication.sendEvent(handle, QEvent(_Type.Leave))

    def _hover(self) -> None:
        hovered = _alive(self.hovered)
        if hovered is None or (handle := hovered.window().windowHandle()) is None:
            return
        spot = QPointF(self.spot)
        local = spot - QPointF(handle.geometry().topLeft())
        QCoreApplication.sendEvent(handle, QEnterEvent(local, local, spot))


class Turns:
    """Lets one environment after the other act; each finds keyboard, pointer and pop-ups as it left them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quiet = Quiet(_UNHEARD)
        self._current: Seat | None = None
        self._seats: list[Seat] = []
        self._known: weakref.WeakSet[Seat] = weakref.WeakSet()
        self._standing: dict[tuple[int, int], Seat] = {}
        self._abandoned: list[tuple[Seat, object]] = []
        self._nobody = _nobody()

    @property
    def places(self) -> list[QRect]:
        """The screens of all environments that there are."""
        return [seat.place for seat in self._known]

    def seat(self, place: QRect) -> Seat:
        """A seat for a new environment.

        Args:
            place: of its screen among Qt's.
        """
        seat = Seat(place)
        self._known.add(seat)
        return seat

    def take(self, seat: Seat) -> None:
        """Makes it the turn of one environment."""
        if self._abandoned:
            self._clear_away()
        if self._current is not seat:
            self._change(seat)

    def abandon(self, seat: Seat, kept: object) -> None:
        """Says that nobody will act for an environment any more; what it has open is ended when the next turn begins.

        Whoever collects garbage may call this from any thread, in the middle of anything.

        Args:
            kept: until then.
        """
        self._abandoned.append((seat, kept))

    def _clear_away(self) -> None:
        while self._abandoned:
            seat, _ = self._abandoned.pop()
            if seat in self._seats:
                self.take(seat)
                self.give_up(seat, seat.root)

    def _change(self, seat: Seat) -> None:
        with self._unheard():
            if self._current is not None:
                self._current.leave()
            standing = self._standing.get(seat.corner)
            if standing is not None and standing is not seat:
                standing.withdraw()
            self._standing[seat.corner] = seat
            self._begin(seat)

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        clipboard = QApplication.clipboard()
        clipboard.blockSignals(True)
        try:
            with self._quiet.lasting():
                yield
        finally:
            clipboard.blockSignals(False)

    def _begin(self, seat: Seat) -> None:
        if seat not in self._seats:
            self._seats.append(seat)
        self._current = seat
        self._clock.timeline = seat.timeline
        seat.enter(self._nobody)

    def steady(self, seat: Seat) -> None:
        """Ends a step of the environment whose turn it is, so that what comes does not depend on who acts next."""
        if not seat.held:
            with self._quiet.lasting():
                seat.steady()
            return
        # Qt's books of several buttons, and of what opened below one, are not all that a turn can put back.
        with self._unheard():
            seat.leave()
            self._begin(seat)

    def give_up(self, seat: Seat, root: QWidget | None) -> None:
        """Ends all that the environment whose turn it is has open, and gives it a time and a clipboard anew.

        Args:
            root: its application.
        """
        with self._quiet.lasting():
            seat.let_go()
        self.look(seat)
        for window in reversed(seat.windows):
            window.hide()
            if window is not root:
                window.deleteLater()
        if root is not None:
            root.hide()
            root.deleteLater()
        self._clock.deliver()
        self._clock.forget(seat.timeline)
        fill(QApplication.clipboard(), {})
        seat.renew()
        self._clock.timeline = seat.timeline
        self._seats.remove(seat)
        del self._standing[seat.corner]
        self._current = None

    def end(self) -> None:
        """Ends what all environments have open."""
        for seat in list(self._seats):
            self.take(seat)
            self.give_up(seat, seat.root)
        Shiboken.delete(self._nobody)

    def give_focus(self, seat: Seat) -> None:
        """Gives the keyboard to the topmost window if none of the environment's has it, as a window manager does."""
        active = QApplication.activeWindow()
        if active is not None and active in seat.windows:
            return
        for window in reversed(seat.windows):
            if is_frame(window):
                window.activateWindow()
                return

    def look(self, seat: Seat) -> list[QWidget]:
        """Brings the windows of the environment whose turn it is up to date; gives those that are new."""
        visible = [
            widget for widget in QApplication.topLevelWidgets() if widget.isVisible() and widget is not self._nobody
        ]
        staying = [window for window in seat.windows if window in visible]
        others = {id(window) for other in self._seats if other is not seat for window in other.windows}
        new = [window for window in visible if window not in staying and id(window) not in others]
        new = [window for window in new if self._belongs(window, seat)]
        # Those that stay are in order.
        seat.windows = sorted([*staying, *new], key=_height) if new else staying
        return new

    def _belongs(self, window: QWidget, seat: Seat) -> bool:
        eldest = _eldest(window)
        return not any(eldest is other.root for other in self._seats if other is not seat)


def is_frame(window: QWidget) -> bool:
    """Whether a window manager would know of a window: pop-ups come and go without one."""
    return window.windowType() not in (Qt.WindowType.Popup, Qt.WindowType.ToolTip)


def _nobody() -> QWidget:
    """A window on no screen, which Qt has active while it is nobody's turn."""
    window = QWidget(None, Qt.WindowType.FramelessWindowHint)
    window.setGeometry(-100, -100, 1, 1)
    window.show()
    return window


def _height(window: QWidget) -> int:
    """The storey of a window: the application, its dialogues, what pops up."""
    kind = window.windowType()
    if not is_frame(window):
        return 2
    return 1 if window.parentWidget() is not None or kind == Qt.WindowType.Dialog else 0


def _eldest(widget: QWidget) -> QWidget:
    parent = widget.parentWidget()
    return widget if parent is None else _eldest(parent)


def _alive(widget: QWidget | None) -> QWidget | None:
    return widget if widget is not None and Shiboken.isValid(widget) else None


def _send_mouse(window: QWidget, spot: QPoint, kind: QEvent.Type, button: Qt.MouseButton, down: Qt.MouseButton) -> None:
    if _alive(window) is None or (handle := window.windowHandle()) is None:
        return
    local = QPointF(spot - handle.geometry().topLeft())
    event = QMouseEvent(kind, local, local, QPointF(spot), button, down, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(handle, event)
