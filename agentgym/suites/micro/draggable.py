"""A label that the pointer takes along."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QLabel, QWidget

__all__ = ["NOWHERE", "Draggable", "left_is_down"]

NOWHERE = (5, 5)
"""On the instruction: what was pressed beside all that can be dragged is let go there, and nothing happens."""


class Draggable(QLabel):
    """Moves with the pointer, within its parent, while the left button is down on it.

    ``taken`` is sent when it is grabbed, ``moved`` after each move, and ``dropped`` when it is let go, with the place
    of the pointer in the parent.
    """

    taken = Signal()
    moved = Signal()
    dropped = Signal(QPoint)

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.grip: QPoint | None = None
        """Where it is held; None if it is not."""

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name, as below
        if event.button() == Qt.MouseButton.LeftButton:
            self.grip = event.position().toPoint()
            self.raise_()
            self.taken.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.grip is not None:
            corner = self.mapToParent(event.position().toPoint()) - self.grip
            parent = self.parentWidget()
            assert parent is not None, "it was made with one"
            room = parent.size() - self.size()
            self.move(min(max(corner.x(), 0), room.width()), min(max(corner.y(), 0), room.height()))
            self.moved.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.grip is not None:
            self.grip = None
            self.dropped.emit(self.mapToParent(event.position().toPoint()))


def left_is_down() -> bool:
    """Whether the left button is held, as Qt knows it."""
    return bool(QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton)
