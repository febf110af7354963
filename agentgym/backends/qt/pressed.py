"""Buttons of the pointer that stay down while it is another's turn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget
from shiboken6 import Shiboken

__all__ = ["Pressed", "pressed_at"]


@dataclass(frozen=True)
class Pressed:
    """Where a button went down.

    Attributes:
        window: to which it was sent.
        spot: in pixels of Qt's screens.
        widget: that was there, and gets all that the pointer does until the button is let go.
        within: where in it.
    """

    window: QWidget
    spot: QPoint
    widget: QWidget
    within: QPoint

    def now(self) -> QPoint:
        """Where to press again so that the same widget has the pointer: it may have come along since."""
        if not (Shiboken.isValid(self.widget) and Shiboken.isValid(self.window) and self.widget.isVisible()):
            return self.spot
        for point in (self.within, *_parts(self.widget)):
            spot = self.widget.mapToGlobal(point)
            if _widget_at(self.window, spot) is self.widget:
                return spot
        return self.spot


def pressed_at(window: QWidget, spot: QPoint) -> Pressed:
    widget = _widget_at(window, spot)
    return Pressed(window, spot, widget, widget.mapFromGlobal(spot))


def _widget_at(window: QWidget, spot: QPoint) -> QWidget:
    return window.childAt(window.mapFromGlobal(spot)) or window


def _parts(widget: QWidget) -> list[QPoint]:
    """Its middle and near its corners, one of which may be all that is to be seen of it."""
    inside = widget.rect().adjusted(1, 1, -1, -1)
    return [
        inside.center(),
        *(inside.topLeft(), inside.topRight(), inside.bottomLeft(), inside.bottomRight()),
    ]
