"""Count the shapes of a kind."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import COLOURS, one_of, scatter, some_of

__all__ = ["CountShapes"]

_COLOURS = ("red", "green", "blue", "yellow", "purple", "black")
_KINDS = ("circle", "square", "triangle")
_COUNTS = ((2, 5), (5, 9), (10, 16))
_SIZE = (18, 18)
_AREA = (150, 108)
_BUTTON = (30, 23)


class CountShapes(App):
    """Up to 5 circles of two colours (level 1); up to 9 of three; up to 16 shapes, of which colour and shape count."""

    theme = "reading"
    verbs = ("click",)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        least, most = _COUNTS[level - 1]
        colours = some_of(rng, _COLOURS, 2 if level == 1 else 3)
        kinds = _KINDS if level == 3 else ("circle",)
        wanted = [colours[0], one_of(rng, kinds)]
        total = int(rng.integers(least, most + 1))
        answer = int(rng.integers(min(total, 9) + 1))
        others = [[colour, kind] for colour in colours for kind in kinds if [colour, kind] != wanted]
        shapes = [wanted] * answer + [one_of(rng, others) for _ in range(total - answer)]
        places = scatter(rng, total, _SIZE, area=_AREA)
        return {
            "instruction": f"How many {' '.join(wanted)}s are there? Click the number.",
            "shapes": [[*shape, *place] for shape, place in zip(shapes, places, strict=True)],
            "answer": answer,
        }

    def fill(self, body: QWidget) -> None:
        picture = _Picture(self.params["shapes"], body)
        picture.setGeometry(4, 4, _AREA[0] + 2, _AREA[1] + 2)
        self._buttons = []
        for number in range(10):
            button = QPushButton(str(number), body)
            row, column = divmod(number, 5)
            button.setGeometry(4 + 31 * column, 118 + 25 * row, *_BUTTON)
            button.clicked.connect(partial(self._answered, number))
            self._buttons.append(button)

    def solve(self) -> Action | None:
        return Click(*self.place(self._buttons[self.params["answer"]]))

    def _answered(self, number: int) -> None:
        self.finish(float(number == self.params["answer"]))


class _Picture(QWidget):
    """Shapes on white: [colour, kind, x, y] each."""

    def __init__(self, shapes: list[list[Any]], parent: QWidget) -> None:
        super().__init__(parent)
        self._shapes = shapes

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor("white"))
        for colour, kind, x, y in self._shapes:
            painter.setBrush(QColor(COLOURS[colour]))
            place = QRectF(x + 1.5, y + 1.5, _SIZE[0] - 1, _SIZE[1] - 1)
            if kind == "circle":
                painter.drawEllipse(place)
            elif kind == "square":
                painter.drawRect(place)
            else:
                top = QPointF(place.center().x(), place.top())
                painter.drawPolygon(QPolygonF([top, place.bottomLeft(), place.bottomRight()]))
        painter.end()
