"""Hit a target that goes elsewhere when it is missed."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QCursor, QMouseEvent
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import BODY

__all__ = ["ClickMoving"]

_SIDES = (40, 28, 20)
_PLACES = 24


class ClickMoving(App):
    """One hit of a large button (level 1), two of a smaller one, three of a small one.

    It goes to the next of its places whenever it was hit, and whenever the pointer moves or presses beside it.
    """

    theme = "pointing"
    verbs = ("click",)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        side = _SIDES[level - 1]
        places = [[int(rng.integers(extent - side + 1)) for extent in BODY] for _ in range(_PLACES)]
        often = ("once", "2 times", "3 times")[level - 1]
        return {
            "instruction": f"Hit the button {often}. It flees when missed.",
            "hits": level,
            "side": side,
            "places": places,
        }

    def fill(self, body: QWidget) -> None:
        side = self.params["side"]
        self._hits = self._at = 0
        self._field = _Field(self, body)
        self._field.setGeometry(body.rect())
        self._button = _Target("X", self._field)
        x, y = self.params["places"][0]
        self._button.setGeometry(x, y, side, side)
        self._button.clicked.connect(self._hit)

    def solve(self) -> Action | None:
        return Click(*self.place(self._button))

    def flee(self, pointer: QPoint) -> None:
        """Moves the button to the next of its places that is not below the pointer."""
        places, side = self.params["places"], self.params["side"]
        for ahead in range(1, len(places)):
            number = (self._at + ahead) % len(places)
            x, y = places[number]
            if not QRect(x, y, side, side).contains(pointer):
                self._at = number
                self._button.move(x, y)
                return

    def _hit(self) -> None:
        self._hits += 1
        self.report(self._hits / self.params["hits"])
        if self._hits == self.params["hits"]:
            self.finish(1.0)
            return
        self._field.note()
        self.flee(self._button.geometry().center())


class _Target(QPushButton):
    """A button that does not show that the pointer is over it: a real window hears late that it no longer is."""

    def initStyleOption(self, option: QStyleOptionButton) -> None:  # noqa: N802 - Qt's name
        super().initStyleOption(option)
        option.state &= ~QStyle.StateFlag.State_MouseOver


class _Field(QWidget):
    """The ground, which tells of the pointer on it."""

    def __init__(self, app: ClickMoving, parent: QWidget) -> None:
        super().__init__(parent)
        self._app = app
        self.setMouseTracking(True)
        self.note()

    def note(self) -> None:
        """Takes the pointer to be where it is now: what comes or goes below it does not move it."""
        self._pointer = QCursor.pos()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        before, self._pointer = self._pointer, event.globalPosition().toPoint()
        if self._pointer != before:
            self._app.flee(event.position().toPoint())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        self._app.flee(event.position().toPoint())
