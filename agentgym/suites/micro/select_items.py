"""Select some entries of a list, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, some_of

__all__ = ["SelectItems"]

_COUNTS = (3, 6, 8)
_WANTED = (2, 3, 4)


class SelectItems(App):
    """Two of three (level 1), three of six, four of eight with two others selected already. The button judges."""

    theme = "choosing"
    verbs = ("click",)
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        entries = some_of(rng, NAMES, _COUNTS[level - 1])
        order = some_of(rng, entries, len(entries))
        wanted, others = order[: _WANTED[level - 1]], order[_WANTED[level - 1] :]
        listed = f"{', '.join(wanted[:-1])} and {wanted[-1]}"
        return {
            "instruction": f"Select only {listed}, then press Submit.",
            "entries": entries,
            "wanted": wanted,
            "selected": others[:2] if level == 3 else [],
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        self._list = QListWidget()
        self._list.addItems(self.params["entries"])
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self._list.setAutoScroll(False)
        for row, entry in enumerate(self.params["entries"]):
            self._list.item(row).setSelected(entry in self.params["selected"])
        self._most = len(self._wrong())
        self._list.itemSelectionChanged.connect(self._changed)
        layout.addWidget(self._list)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(not self._wrong())))
        layout.addWidget(self._button)

    def solve(self) -> Action | None:
        wrong = self._wrong()
        if not wrong:
            return Click(*self.place(self._button))
        item = self._list.item(wrong[0])
        return Click(*self.place(self._list.viewport(), self._list.visualItemRect(item)))

    def _wrong(self) -> list[int]:
        """The rows that should be selected and are not, or the other way round."""
        wanted = self.params["wanted"]
        return [
            row
            for row, entry in enumerate(self.params["entries"])
            if self._list.item(row).isSelected() != (entry in wanted)
        ]

    def _changed(self) -> None:
        self.report(0.9 * max(0.0, 1 - len(self._wrong()) / self._most))
