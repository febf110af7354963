"""Choose entries of boxes that open, and press the button."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QComboBox, QLabel, QListView, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import COLOURS, NAMES, PLACES, some_of

__all__ = ["ChooseCombo"]

_ENTRIES = {"City": PLACES, "Name": NAMES, "Colour": tuple(COLOURS)}
_COUNTS = (3, 6, 4)
_TOP, _PITCH = 24, 46


class ChooseCombo(App):
    """One box of three entries (level 1), one of six, two of four. The button judges."""

    theme = "choosing"
    verbs = ("click",)
    max_steps = 15

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        boxes: list[dict[str, Any]] = []
        for label in some_of(rng, tuple(_ENTRIES), 2 if level == 3 else 1):
            entries = some_of(rng, _ENTRIES[label], _COUNTS[level - 1])
            start, wanted = some_of(rng, entries, 2)
            boxes.append({"label": label, "entries": entries, "start": start, "wanted": wanted})
        choices = " and ".join(f"the {box['label'].lower()} {box['wanted']}" for box in boxes)
        return {"instruction": f"Choose {choices}, then press Submit.", "boxes": boxes}

    def fill(self, body: QWidget) -> None:
        self._boxes = []
        for number, box in enumerate(self.params["boxes"]):
            QLabel(box["label"], body).setGeometry(12, _TOP - 16 + number * _PITCH, 136, 15)
            combo = _Box(body)
            combo.addItems(box["entries"])
            combo.setCurrentText(box["start"])
            combo.setGeometry(10, _TOP + number * _PITCH, 140, 24)
            combo.currentTextChanged.connect(self._changed)
            self._boxes.append(combo)
        self._button = QPushButton("Submit", body)
        self._button.setGeometry(45, 134, 70, 26)
        self._button.clicked.connect(lambda: self.finish(float(self._share() == 1)))

    def solve(self) -> Action | None:
        for box, combo in zip(self.params["boxes"], self._boxes, strict=True):
            opened = combo.view()
            if opened.isVisible():
                index = combo.model().index(combo.findText(box["wanted"]), 0)
                return Click(*self.place(opened.viewport(), opened.visualRect(index)))
            if combo.currentText() != box["wanted"]:
                return Click(*self.place(combo))
        return Click(*self.place(self._button))

    def _changed(self) -> None:
        self.report(0.8 * self._share())

    def _share(self) -> float:
        """Of the boxes, those that show what is wanted."""
        pairs = zip(self.params["boxes"], self._boxes, strict=True)
        right: list[bool] = [combo.currentText() == box["wanted"] for box, combo in pairs]
        return sum(right) / len(right)


class _Box(QComboBox):
    """One whose entries open within the part of the window that it is in."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        # PySide (6.11) forgets to forget the list that Qt makes by itself, and takes a later one at its address for it.
        self.setView(QListView(self))

    def showPopup(self) -> None:  # noqa: N802 - Qt's name
        super().showPopup()
        body = self.parentWidget()
        assert body is not None, "a box has one from the beginning"
        room = QRect(body.mapToGlobal(QPoint(0, 0)), body.size())
        popup = self.view().window()
        top = min(max(popup.y(), room.top()), room.bottom() + 1 - popup.height())
        popup.move(popup.x(), top)
