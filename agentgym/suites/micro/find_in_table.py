"""Find a value in a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, some_of
from agentgym.suites.micro.fields import enter, rightness

__all__ = ["FindInTable"]

_ROWS = (3, 6, 6)
_ROW_PX = 18


class FindInTable(App):
    """Click the age or the city of one of three people (level 1), of six; type an age (level 3).

    At level 3 the city says who it is. A click on another cell, or a wrong age submitted, ends the task.
    """

    theme = "reading"
    verbs = ("click", "key")
    keys = (*"0123456789", "ctrl+a", "backspace")

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count = _ROWS[level - 1]
        ages = [str(18 + int(number)) for number in rng.choice(72, size=count, replace=False)]
        people = zip(some_of(rng, NAMES, count), some_of(rng, PLACES, count), ages, strict=True)
        rows = [list(person) for person in people]
        row = int(rng.integers(count))
        column = 2 if level == 3 else int(rng.integers(1, 3))
        what = ("name", "city", "age")[column]
        name, city, _ = rows[row]
        instruction = f"Click the {what} of {name}."
        if level == 3:
            instruction = f"Type the age of the one from {city} and press Submit."
        return {"instruction": instruction, "rows": rows, "row": row, "column": column, "typed": level == 3}

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(3, 3, 3, 3)
        self._table = _table_of(self.params["rows"])
        layout.addWidget(self._table)
        if not self.params["typed"]:
            self._table.cellClicked.connect(self._clicked)
            return
        line = QHBoxLayout()
        self._edit = QLineEdit()
        self._edit.textChanged.connect(lambda text: self.report(0.8 * rightness(text, self._value())))
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(self._edit.text() == self._value())))
        line.addWidget(self._edit)
        line.addWidget(self._button)
        layout.addLayout(line)

    def solve(self) -> Action | None:
        if self.params["typed"]:
            if self._edit.text() == self._value():
                return Click(*self.place(self._button))
            return enter(self._edit, self._value(), by_key=True)
        cell = self._table.model().index(self.params["row"], self.params["column"])
        return Click(*self.place(self._table.viewport(), self._table.visualRect(cell)))

    def _value(self) -> str:
        return str(self.params["rows"][self.params["row"]][self.params["column"]])

    def _clicked(self, row: int, column: int) -> None:
        self.finish(float([row, column] == [self.params["row"], self.params["column"]]))


def _table_of(rows: list[list[str]]) -> QTableWidget:
    table = QTableWidget(len(rows), 3)
    table.setHorizontalHeaderLabels(["Name", "City", "Age"])
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.verticalHeader().hide()
    table.verticalHeader().setMinimumSectionSize(_ROW_PX)
    table.verticalHeader().setDefaultSectionSize(_ROW_PX)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
    header.resizeSection(2, 30)
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            table.setItem(row, column, QTableWidgetItem(value))
    return table
