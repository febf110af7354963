"""Bring the rows of a list into order by dragging them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.draggable import NOWHERE, Draggable, left_is_down
from agentgym.suites.micro.drawing import PLACES, drop, grab, some_of

__all__ = ["SortList"]

_COUNTS = (3, 4, 6)
_ROW = 20
_WIDTH = 140
_GRIP = "\N{IDENTICAL TO}"
_ORDERS = {"from A to Z": False, "from Z to A": True, "from small to large": False, "from large to small": True}


class SortList(App):
    """Three words from A to Z (level 1), four words or numbers, six of them either way round.

    The button judges. A row that is let go pushes the others aside.
    """

    theme = "dragging"
    verbs = ("click", "grab", "drop")
    max_steps = 25

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        choices = (("from A to Z",), ("from A to Z", "from small to large"), tuple(_ORDERS))[level - 1]
        order = choices[int(rng.integers(len(choices)))]
        count = _COUNTS[level - 1]
        if order in ("from A to Z", "from Z to A"):
            rows = some_of(rng, PLACES, count)
        else:
            rows = [str(number) for number in some_of(rng, range(2, 300 if level == 3 else 100), count)]
        if rows == _sorted(rows, order):
            rows.reverse()
        return {
            "instruction": f"Drag the rows into order {order} and press Submit.",
            "rows": rows,
            "order": order,
        }

    def fill(self, body: QWidget) -> None:
        self._goal = _sorted(self.params["rows"], self.params["order"])
        self._order = list(self.params["rows"])
        self._most = self._wrong()
        self._frame = QFrame(body)
        self._frame.setGeometry(10, 8, _WIDTH, _ROW * len(self._order))
        self._rows = {}
        for text in self._order:
            self._rows[text] = row = Draggable(f"{_GRIP}  {text}", self._frame)
            row.resize(_WIDTH, _ROW)
            row.setStyleSheet("background: white; border: 1px solid #999999; padding-left: 4px")
            row.dropped.connect(partial(self._dropped, text))
        self._arrange()
        self._button = QPushButton("Submit", body)
        self._button.setGeometry(45, 136, 70, 26)
        self._button.clicked.connect(lambda: self.finish(float(self._order == self._goal)))

    def solve(self) -> Action | None:
        for text, row in self._rows.items():
            if row.grip is not None:
                return drop(*self._slot(self._goal.index(text)))
        if left_is_down():
            return drop(*NOWHERE)
        for here, wanted in zip(self._order, self._goal, strict=True):
            if here != wanted:
                return grab(*self.place(self._rows[wanted]))
        return Click(*self.place(self._button))

    def _slot(self, index: int) -> tuple[int, int]:
        return self.place(self._frame, QPoint(_WIDTH // 2, index * _ROW + _ROW // 2))

    def _dropped(self, text: str, point: QPoint) -> None:
        self._order.remove(text)
        self._order.insert(min(max(point.y() // _ROW, 0), len(self._order)), text)
        self._arrange()
        self.report(0.9 * max(0.0, 1 - self._wrong() / self._most))

    def _arrange(self) -> None:
        for index, text in enumerate(self._order):
            self._rows[text].move(0, index * _ROW)

    def _wrong(self) -> int:
        """The pairs of rows that stand the wrong way round."""
        ranks = [self._goal.index(text) for text in self._order]
        return sum(rank > later for at, rank in enumerate(ranks) for later in ranks[at + 1 :])


def _sorted(rows: list[str], order: str) -> list[str]:
    return sorted(rows, key=lambda row: (int(row) if row.isdigit() else 0, row), reverse=_ORDERS[order])
