"""Type a text into the right field and press the button."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click, TypeText
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, one_of, some_of

__all__ = ["EnterText"]

_FIELDS = ("Name", "City", "Street", "Team")


class EnterText(App):
    """One field (level 1), two, three; the last two with a text of two words. The button judges."""

    theme = "typing"
    verbs = ("click", "key")
    keys = ("word0", "tab", "enter", "backspace")

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        fields = some_of(rng, _FIELDS, level)
        text = one_of(rng, NAMES) if level == 1 else f"{one_of(rng, NAMES)} {one_of(rng, PLACES)}"
        return {
            "instruction": f'Type "{text}" into {fields[0]} and press Submit.',
            "text": text,
            "fields": [fields[int(index)] for index in rng.permutation(level)],
            "wanted": fields[0],
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        self._edits = {}
        for field in self.params["fields"]:
            layout.addWidget(QLabel(field))
            self._edits[field] = edit = QLineEdit()
            edit.textChanged.connect(self._changed)
            layout.addWidget(edit)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(self._reached() == 1)))
        layout.addWidget(self._button)
        layout.addStretch()

    def solve(self) -> Action | None:
        wanted = self._edits[self.params["wanted"]]
        if self._reached() == 1:
            return Click(*self.place(self._button))
        return TypeText(self.params["text"]) if wanted.hasFocus() else Click(*self.place(wanted))

    def _changed(self) -> None:
        self.report(0.8 * self._reached())

    def _reached(self) -> float:
        """How much of the text stands where it belongs; 0 if anything stands elsewhere."""
        text = self.params["text"]
        found = {field: edit.text() for field, edit in self._edits.items()}
        here = found.pop(self.params["wanted"])
        if any(found.values()) or not text.startswith(here):
            return 0.0
        return len(here) / len(text)
