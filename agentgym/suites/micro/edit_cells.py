"""Edit cells of a spreadsheet."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QStyledItemDelegate,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from agentgym.actions import Action, Click, DoubleClick, Press, TypeText
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import some_of
from agentgym.suites.micro.fields import SELECT_ALL, enter, has_focus

__all__ = ["EditCells"]

_COLUMNS, _ROWS = "ABCD", 6
_CELLS = [f"{column}{row + 1}" for row in range(_ROWS) for column in _COLUMNS]
_WIDTH, _HEIGHT, _SIDE = 32, 18, 22


class EditCells(App):
    """A number into an empty cell (level 1), two into cells that hold others, the sum of a column below it.

    A double click on a cell opens it, and so does typing on the selected one. Saving judges the whole sheet.
    """

    theme = "composing"
    verbs = ("click", "double_click", "key")
    keys = (*"0123456789", "word0", "word1", "enter", "tab", "esc", "ctrl+a", "backspace")
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        numbers = [str(number) for number in some_of(rng, range(2, 100), len(_CELLS))]
        sheet = dict(zip(_CELLS, numbers, strict=True))
        if level == 3:
            column, count = int(rng.integers(len(_COLUMNS))), int(rng.integers(3, _ROWS))
            sheet = {cell: number if int(cell[1]) <= count else "" for cell, number in sheet.items()}
            summed = _CELLS[column : count * len(_COLUMNS) : len(_COLUMNS)]
            target = f"{_COLUMNS[column]}{count + 1}"
            instruction = f"Put the sum of column {target[0]} into {target} and press Save."
            wanted = {target: str(sum(int(sheet[cell]) for cell in summed))}
        else:
            cells = some_of(rng, _CELLS, 12)
            wanted = {
                cell: str(number)
                for cell, number in zip(cells[:level], some_of(rng, range(100, 400), level), strict=True)
            }
            if level == 1:
                sheet.update(dict.fromkeys(cells, ""))
            these = " and ".join(f'"{number}" into {cell}' for cell, number in wanted.items())
            instruction = f"Put {these}, then press Save."
        return {"instruction": instruction, "sheet": sheet, "wanted": wanted, "quoted": level < 3}

    def fill(self, body: QWidget) -> None:
        self._goal = {**self.params["sheet"], **self.params["wanted"]}
        self._table = _table_of(body)
        self._items = {cell: QTableWidgetItem(text) for cell, text in self.params["sheet"].items()}
        for number, item in enumerate(self._items.values()):
            self._table.setItem(*divmod(number, len(_COLUMNS)), item)
        self._table.setCurrentCell(0, 0)
        self._table.cellChanged.connect(self._changed)
        self._button = QPushButton("Save", body)
        self._button.setGeometry(50, 139, 60, 24)
        self._button.clicked.connect(lambda: self.finish(float(not self._wrong())))

    def solve(self) -> Action | None:
        wrong, selected = self._wrong(), _CELLS[len(_COLUMNS) * self._table.currentRow() + self._table.currentColumn()]
        opened = self._table.window().focusWidget()
        if isinstance(opened, QLineEdit):
            return self._in_cell(opened, self._goal[selected], is_wrong=selected in wrong)
        if not wrong:
            return Click(*self.place(self._button))
        row, column = divmod(_CELLS.index(wrong[0]), len(_COLUMNS))
        place = self.place(self._table.viewport(), self._table.visualRect(self._table.model().index(row, column)))
        text = self._goal[wrong[0]]
        if not text:
            return DoubleClick(*place)
        if selected == wrong[0] and has_focus(self._table):
            return TypeText(text if self._is_quoted(text) else text[0])
        return Click(*place)

    def _in_cell(self, edit: QLineEdit, text: str, *, is_wrong: bool) -> Action:
        if edit.text() == text:
            return Press("enter")
        if not is_wrong:
            return Press("esc")
        if text:
            return enter(edit, text, by_key=not self._is_quoted(text))
        return Press("backspace") if edit.selectedText() == edit.text() else SELECT_ALL

    def _is_quoted(self, text: str) -> bool:
        return self.params["quoted"] and text in self.params["wanted"].values()

    def _wrong(self) -> list[str]:
        """The cells that do not hold what they should."""
        return [cell for cell, item in self._items.items() if item.text() != self._goal[cell]]

    def _changed(self) -> None:
        self.report(0.9 * max(0.0, 1 - len(self._wrong()) / len(self.params["wanted"])))


def _table_of(body: QWidget) -> QTableWidget:
    table = QTableWidget(_ROWS, len(_COLUMNS), body)
    table.setGeometry(3, 4, 154, 130)
    table.setHorizontalHeaderLabels(list(_COLUMNS))
    table.setItemDelegate(_Steady(table))
    table.setAutoScroll(False)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    for header, size in ((table.horizontalHeader(), _WIDTH), (table.verticalHeader(), _HEIGHT)):
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(_HEIGHT)
        header.setDefaultSectionSize(size)
    table.verticalHeader().setFixedWidth(_SIDE)
    table.horizontalHeader().setFixedHeight(_HEIGHT)
    return table


class _Steady(QStyledItemDelegate):
    """Keeps a cell open when a window of another environment becomes the active one of the process."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QFocusEvent) and event.reason() == Qt.FocusReason.ActiveWindowFocusReason:
            return False
        return super().eventFilter(watched, event)
