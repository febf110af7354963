"""A painted shape that can be clicked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from agentgym.suites.micro.drawing import COLOURS

__all__ = ["KINDS", "Shape"]

_CORNERS: Mapping[str, tuple[tuple[float, float], ...]] = {
    "square": ((0, 0), (1, 0), (1, 1), (0, 1)),
    "triangle": ((0.5, 0), (1, 1), (0, 1)),
    "diamond": ((0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)),
}
_OUTLINED_FROM = 16

KINDS = ("circle", *_CORNERS)
"""What a shape can be."""


class Shape(QWidget):
    """A shape as large as its widget; what is outside the shape does not belong to it.

    Args:
        kind: of `KINDS`.
        colour: of `agentgym.suites.micro.drawing.COLOURS`.
        clicked: called when the left button is pressed on it.
    """

    def __init__(self, kind: str, colour: str, clicked: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(f"{colour} {kind}")
        self._kind, self._colour, self._clicked = kind, colour, clicked

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(COLOURS[self._colour]))
        # An outline would leave nothing of a small one.
        painter.setPen(QColor("#404040") if self.width() >= _OUTLINED_FROM else Qt.PenStyle.NoPen)
        painter.drawPath(self._path())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() == Qt.MouseButton.LeftButton and self._path().contains(event.position()):
            self._clicked()

    def _path(self) -> QPainterPath:
        margin = 0.5 if self.width() >= _OUTLINED_FROM else 0
        box = QRectF(self.rect()).adjusted(margin, margin, -margin, -margin)
        path = QPainterPath()
        if self._kind == "circle":
            path.addEllipse(box)
            return path
        corners = [QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in _CORNERS[self._kind]]
        path.addPolygon(QPolygonF(corners))
        path.closeSubpath()
        return path
