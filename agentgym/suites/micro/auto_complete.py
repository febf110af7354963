"""Choose from what a field offers as completions."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, one_of, some_of
from agentgym.suites.micro.fields import enter

__all__ = ["AutoComplete"]

_OFFERED = (2, 4, 5)
_LENGTH = 12


class AutoComplete(App):
    """Two entries begin with what is typed (level 1), four, five that differ in a number. The button judges."""

    theme = "typing"
    verbs = ("click", "key")
    keys = ("word0", "ctrl+a", "backspace")

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        name, *others = some_of(rng, NAMES, len(NAMES))
        count = _OFFERED[level - 1]
        if level < 3:
            offered = [f"{name} {place}" for place in some_of(rng, PLACES, count)]
        else:
            place, digits = one_of(rng, PLACES), some_of(rng, range(1, 10), 3)
            numbers = [10 * tens + ones for tens in digits for ones in digits]
            offered = [f"{name} {place} {number}" for number in some_of(rng, numbers, count)]
        entries = [*offered, *(f"{other} {one_of(rng, PLACES)}" for other in others[: _LENGTH - count])]
        return {
            "instruction": f'Type "{name}", choose {offered[0]} and press Submit.',
            "entries": sorted(entries),
            "begin": name,
            "wanted": offered[0],
        }

    def fill(self, body: QWidget) -> None:
        QLabel("Customer", body).setGeometry(10, 6, 140, 16)
        self._edit = QLineEdit(body)
        self._edit.setGeometry(10, 24, 140, 22)
        self._edit.textEdited.connect(self._offer)
        self._edit.textChanged.connect(self._changed)
        self._button = QPushButton("Submit", body)
        self._button.setGeometry(50, 136, 60, 24)
        self._button.clicked.connect(lambda: self.finish(float(self._is_right())))
        self._list = QListWidget(body)
        self._list.setGeometry(10, 46, 140, 86)
        # The keyboard stays in the field; a list searches by a clock what is typed into it.
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(lambda item: self._choose(item.text()))
        self._list.hide()

    def solve(self) -> Action | None:
        if self._is_right():
            return Click(*self.place(self._button))
        found = self._list.findItems(self.params["wanted"], Qt.MatchFlag.MatchExactly)
        if self._list.isVisible() and found:
            place = self._list.visualItemRect(found[0])
            if self._list.viewport().rect().contains(place):
                return Click(*self.place(self._list.viewport(), place))
        return enter(self._edit, self.params["begin"])

    def _is_right(self) -> bool:
        return bool(self._edit.text() == self.params["wanted"])

    def _offer(self, begin: str) -> None:
        self._list.clear()
        self._list.addItems([entry for entry in self.params["entries"] if entry.lower().startswith(begin.lower())])
        self._list.setVisible(bool(begin) and self._list.count() > 0)

    def _choose(self, entry: str) -> None:
        self._edit.setText(entry)
        self._list.hide()

    def _changed(self, text: str) -> None:
        begins = bool(text) and self.params["wanted"].startswith(text)
        self.report(0.9 if self._is_right() else 0.4 * begins)
