"""Tick the named boxes and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, some_of

__all__ = ["ClickCheckBoxes"]

_COUNTS = (3, 6, 10)
_ONE_COLUMN = 4


class ClickCheckBoxes(App):
    """One of three boxes (level 1), two of six, three of ten of which two others are ticked. The button judges."""

    theme = "pointing"
    verbs = ("click",)
    max_steps = 15

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count = _COUNTS[level - 1]
        names = some_of(rng, NAMES, count)
        wanted = names[:level]
        *first, last = wanted
        these = f"{', '.join(first)} and {last}" if first else last
        return {
            "instruction": f"Tick only {these}, then press Submit.",
            "names": [names[int(index)] for index in rng.permutation(count)],
            "wanted": wanted,
            "ticked": names[-2:] if level == 3 else [],
        }

    def fill(self, body: QWidget) -> None:
        layout = QGridLayout(body)
        layout.setContentsMargins(6, 8, 6, 8)
        layout.setHorizontalSpacing(2)
        names = self.params["names"]
        rows = len(names) if len(names) <= _ONE_COLUMN else (len(names) + 1) // 2
        self._boxes = {}
        for number, name in enumerate(names):
            self._boxes[name] = box = QCheckBox(name)
            box.setChecked(name in self.params["ticked"])
            box.toggled.connect(self._changed)
            # As wide as its text: what is beside it does not tick it.
            layout.addWidget(box, number % rows, number // rows, Qt.AlignmentFlag.AlignLeft)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(not self._wrong())))
        layout.addWidget(self._button, rows, 0, 1, 2)
        layout.setRowStretch(rows + 1, 1)

    def solve(self) -> Action | None:
        wrong = self._wrong()
        return Click(*self.place(wrong[0] if wrong else self._button))

    def _changed(self) -> None:
        at_first = len(self.params["wanted"]) + len(self.params["ticked"])
        self.report(0.9 * max(0.0, 1 - len(self._wrong()) / at_first))

    def _wrong(self) -> list[QCheckBox]:
        return [box for name, box in self._boxes.items() if box.isChecked() != (name in self.params["wanted"])]
