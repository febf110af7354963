"""Set number fields, by typing or by arrows."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QSpinBox, QWidget

from agentgym.actions import Action, Click, Press
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import some_of
from agentgym.suites.micro.fields import SELECT_ALL, has_focus, submitted

__all__ = ["EnterNumber"]

_TITLES = ("Width", "Height", "Depth", "Weight")
_MOST = (9, 99, 999)


class EnterNumber(App):
    """A number of one digit (level 1), of up to two, two of up to three. The button judges."""

    theme = "typing"
    verbs = ("click", "key")
    keys = (*"0123456789", "up", "down", "tab", "ctrl+a", "backspace")
    max_steps = 25

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        titles = some_of(rng, _TITLES, 2 if level == 3 else 1)
        numbers = some_of(rng, range(_MOST[level - 1] + 1), 2 * len(titles))
        wanted = dict(zip(titles, numbers, strict=False))
        start = list(zip(titles, numbers[len(titles) :], strict=True))
        these = " and ".join(f"{title} to {number}" for title, number in wanted.items())
        return {
            "instruction": f"Set {these} and press Submit.",
            "most": _MOST[level - 1],
            "wanted": wanted,
            "start": dict(start[int(index)] for index in rng.permutation(len(start))),
            "top": int(rng.integers(60)),
        }

    def fill(self, body: QWidget) -> None:
        self._boxes = {title: self._box(start) for title, start in self.params["start"].items()}
        self._button = submitted(body, self._boxes, self.params["top"], self._judge)

    def solve(self) -> Action | None:
        missing = self._missing()
        if missing is None:
            return Click(*self.place(self._button))
        box, digits = self._boxes[missing], str(self.params["wanted"][missing])
        edit = box.lineEdit()
        if not has_focus(box):
            return Click(*self.place(edit))
        if edit.text() and edit.selectedText() == edit.text():
            return Press(digits[0])
        if digits.startswith(edit.text()) and edit.cursorPosition() == len(edit.text()) and not edit.hasSelectedText():
            return Press(digits[len(edit.text())])
        return SELECT_ALL

    def _box(self, start: int) -> QSpinBox:
        box = QSpinBox()
        box.setRange(0, self.params["most"])
        box.setValue(start)
        box.valueChanged.connect(self._changed)
        return box

    def _judge(self) -> None:
        self.finish(float(self._missing() is None))

    def _changed(self) -> None:
        parts = [
            max(0.0, 1 - abs(self._boxes[title].value() - wanted) / abs(self.params["start"][title] - wanted))
            for title, wanted in self.params["wanted"].items()
        ]
        self.report(0.9 * sum(parts) / len(parts))

    def _missing(self) -> str | None:
        wanted = self.params["wanted"]
        return next((title for title, box in self._boxes.items() if box.value() != wanted[title]), None)
