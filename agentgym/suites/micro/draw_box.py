"""Draw a box around the named shape, by dragging."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QRubberBand, QWidget

from agentgym.actions import Action
from agentgym.backends.qt.app import App
from agentgym.suites.micro.draggable import NOWHERE, left_is_down
from agentgym.suites.micro.drawing import BODY, COLOURS, drop, grab, scatter, some_of

__all__ = ["DrawBox"]

_KINDS = ("circle", "square", "triangle", "diamond")
_INKS = tuple(name for name in COLOURS if name not in ("white", "yellow"))
_SIZE, _GAP, _EDGE = 28, 14, 8
_MARGIN = 6
_NEAR = 10


class DrawBox(App):
    """One shape (level 1), three of different kinds, six of which some differ only in colour.

    The box must contain the shape and touch no other. The last box counts; one that contains another ends the task.
    """

    theme = "dragging"
    verbs = ("grab", "drop")
    bins = (32, 42)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        if level < 3:
            kinds = some_of(rng, _KINDS, 2 * level - 1)
            names = [[colour, kind] for colour, kind in zip(some_of(rng, _INKS, len(kinds)), kinds, strict=True)]
        else:
            colours, kinds = some_of(rng, _INKS, 3), some_of(rng, _KINDS, 2)
            names = some_of(rng, [[colour, kind] for colour in colours for kind in kinds], 6)
        corners = scatter(
            rng, len(names), (_SIZE, _SIZE), area=(BODY[0] - 2 * _EDGE + _GAP, BODY[1] - 2 * _EDGE + _GAP), gap=_GAP
        )
        wanted = int(rng.integers(len(names)))
        called = " ".join(names[wanted]) if level == 3 else names[wanted][1]
        return {
            "instruction": f"Drag a box around the {called}.",
            "shapes": [
                {"colour": colour, "kind": kind, "corner": [_EDGE + x, _EDGE + y]}
                for (colour, kind), (x, y) in zip(names, corners, strict=True)
            ],
            "wanted": wanted,
        }

    def fill(self, body: QWidget) -> None:
        self._canvas = _Canvas(body)
        self._canvas.setGeometry(body.rect())
        places = []
        for shape in self.params["shapes"]:
            drawn = _Shape(shape["colour"], shape["kind"], self._canvas)
            drawn.setGeometry(QRect(QPoint(*shape["corner"]), QSize(_SIZE, _SIZE)))
            places.append(drawn.geometry())
        self._wanted = places.pop(self.params["wanted"])
        self._others = places
        self._canvas.add_band()
        self._canvas.changed.connect(self._changed)
        self._canvas.drawn.connect(self._drawn)

    def solve(self) -> Action | None:
        wanted = self._wanted.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        start = self._canvas.start
        if start is None and left_is_down():
            return drop(*NOWHERE)
        if start is None:
            return grab(*self.place(self._canvas, wanted.topLeft()))
        begun = (start - wanted.topLeft()).manhattanLength() < _NEAR
        return drop(*self.place(self._canvas, wanted.bottomRight() if begun else start))

    def _changed(self, box: QRect) -> None:
        covered = box.intersected(self._wanted)
        share = covered.width() * covered.height() / _SIZE**2
        self.report(0.4 * share if any(map(box.intersects, self._others)) else 0.8 * share)

    def _drawn(self, box: QRect) -> None:
        if any(map(box.contains, self._others)):
            self.finish(0.0)
        elif box.contains(self._wanted) and not any(map(box.intersects, self._others)):
            self.finish(1.0)


class _Canvas(QFrame):
    """Where boxes are drawn."""

    changed = Signal(QRect)
    drawn = Signal(QRect)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setStyleSheet("_Canvas { background: white; border: 1px solid #999999 }")
        self.start: QPoint | None = None
        """Where the box that is being drawn begins; None if none is."""

    def add_band(self) -> None:
        """Adds what shows the box, above what is there."""
        self._band = QRubberBand(QRubberBand.Shape.Rectangle, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name, as below
        if event.button() == Qt.MouseButton.LeftButton:
            self.start = event.position().toPoint()
            self._band.setGeometry(QRect(self.start, QSize(1, 1)))
            self._band.show()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self.start is not None:
            self._band.setGeometry(QRect(self.start, event.position().toPoint()).normalized() & self.rect())
            self.changed.emit(self._band.geometry())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.start is not None:
            self.start = None
            self.drawn.emit(self._band.geometry())


class _Shape(QWidget):
    """A filled shape as large as the widget."""

    def __init__(self, colour: str, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour, self._kind = colour, kind
        self.setAccessibleName(f"{colour} {kind}")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(COLOURS[self._colour]))
        end, middle = self.width(), self.width() // 2
        match self._kind:
            case "circle":
                painter.drawEllipse(self.rect())
            case "square":
                painter.drawRect(self.rect())
            case "triangle":
                painter.drawPolygon([QPoint(middle, 0), QPoint(end, end), QPoint(0, end)])
            case _:
                painter.drawPolygon([QPoint(middle, 0), QPoint(end, middle), QPoint(middle, end), QPoint(0, middle)])
        painter.end()
