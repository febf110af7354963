"""Select the named entry of a list and press the button."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click, Scroll
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import PLACES, some_of

__all__ = ["ChooseList"]

_COUNTS = (4, 7, 20)
_SCROLLED_FROM = 9
_STEP_PX = 6


class ChooseList(App):
    """Four entries (level 1), seven, twenty with the named one out of sight. The button judges."""

    theme = "choosing"
    verbs = ("click", "scroll_up", "scroll_down")
    max_steps = 15

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        entries = some_of(rng, PLACES, _COUNTS[level - 1])
        if level == 3:
            entries.sort()
        wanted = entries[int(rng.integers(_SCROLLED_FROM if level == 3 else 0, len(entries)))]
        return {
            "instruction": f"Select {wanted} in the list and press Submit.",
            "entries": entries,
            "wanted": wanted,
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        self._list = QListWidget()
        self._list.addItems(self.params["entries"])
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.verticalScrollBar().setSingleStep(_STEP_PX)
        self._list.setAutoScroll(False)
        self._list.itemSelectionChanged.connect(self._changed)
        self._list.verticalScrollBar().valueChanged.connect(self._changed)
        layout.addWidget(self._list)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(self._is_right())))
        layout.addWidget(self._button)

    def solve(self) -> Action | None:
        if self._is_right():
            return Click(*self.place(self._button))
        above, below = self._hidden()
        if above > 0 or below > 0:
            return Scroll(0, 3 if above > 0 else -3, *self.place(self._list))
        return Click(*self.place(self._list.viewport(), self._list.visualItemRect(self._item())))

    def _item(self) -> Any:
        return self._list.item(self.params["entries"].index(self.params["wanted"]))

    def _is_right(self) -> bool:
        return bool(self._item().isSelected())

    def _hidden(self) -> tuple[int, int]:
        """Pixels by which the entry lies above what is shown, and below it."""
        entry, shown = self._list.visualItemRect(self._item()), self._list.viewport().rect()
        return shown.top() - entry.top(), entry.bottom() - shown.bottom()

    def _changed(self) -> None:
        was_found = self._list.verticalScrollBar().maximum() > 0 and max(self._hidden()) <= 0
        self.report(0.8 if self._is_right() else 0.3 if was_found else 0.0)
