"""Choose one of each group of radio buttons."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QGroupBox, QPushButton, QRadioButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import PLACES, some_of

__all__ = ["ChooseRadio"]

_COUNTS = (3, 5, 4)


class ChooseRadio(App):
    """Three places (level 1), five, two groups of the same four. The button judges."""

    theme = "pointing"
    verbs = ("click",)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        places = some_of(rng, PLACES, _COUNTS[level - 1])
        if level < 3:
            wanted = {"Place": places[0]}
            instruction = f"Choose {places[0]} and press Submit."
        else:
            wanted = {"From": places[0], "To": places[1]}
            instruction = f"Choose from {places[0]} to {places[1]} and press Submit."
        groups = {title: [places[int(index)] for index in rng.permutation(len(places))] for title in wanted}
        return {"instruction": instruction, "groups": groups, "wanted": wanted}

    def fill(self, body: QWidget) -> None:
        layout = QGridLayout(body)
        layout.setContentsMargins(2, 4, 2, 4)
        layout.setSpacing(2)
        self._buttons = {}
        for column, (title, places) in enumerate(self.params["groups"].items()):
            group = QGroupBox(title)
            inside = QVBoxLayout(group)
            inside.setContentsMargins(2, 2, 0, 2)
            inside.setSpacing(4)
            for place in places:
                self._buttons[title, place] = button = QRadioButton(place)
                button.toggled.connect(self._changed)
                # As wide as its text: what is beside it does not choose it.
                inside.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
            layout.addWidget(group, 0, column)
            layout.setColumnStretch(column, 1)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(not self._missing())))
        layout.addWidget(self._button, 1, 0, 1, len(self.params["groups"]))
        layout.setRowStretch(2, 1)

    def solve(self) -> Action | None:
        missing = self._missing()
        return Click(*self.place(missing[0] if missing else self._button))

    def _changed(self) -> None:
        self.report(0.9 * (1 - len(self._missing()) / len(self.params["wanted"])))

    def _missing(self) -> list[QRadioButton]:
        wanted = [self._buttons[choice] for choice in self.params["wanted"].items()]
        return [button for button in wanted if not button.isChecked()]
