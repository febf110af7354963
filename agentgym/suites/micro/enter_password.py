"""Type a password twice, where nothing of it can be read."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, some_of
from agentgym.suites.micro.fields import enter, rightness

__all__ = ["EnterPassword"]

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


class EnterPassword(App):
    """A password and its repetition (level 1), below a user name, below the old password. The button judges."""

    theme = "typing"
    verbs = ("click", "key")
    keys = ("word0", "word1", "tab", "enter", "ctrl+a", "backspace")
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        (user,) = some_of(rng, NAMES, 1)
        old, new = ("".join(some_of(rng, _SIGNS, 6)) for _ in range(2))
        repeated = {"Password": new, "Repeat": new}
        instruction, texts = (
            (f'Enter the password "{new}" twice and press Submit.', repeated),
            (f'Sign up as "{user}", password "{new}", and press Submit.', {"User": user, **repeated}),
            (f'Change password "{old}" to "{new}" and press Submit.', {"Old": old, "New": new, "Repeat": new}),
        )[level - 1]
        return {"instruction": instruction, "texts": texts, "top": int(rng.integers(30))}

    def fill(self, body: QWidget) -> None:
        layout = QFormLayout(body)
        layout.setContentsMargins(8, 8 + self.params["top"], 8, 8)
        self._edits = {}
        for title in self.params["texts"]:
            self._edits[title] = edit = QLineEdit()
            if title != "User":
                edit.setEchoMode(QLineEdit.EchoMode.Password)
            edit.textChanged.connect(self._changed)
            layout.addRow(title, edit)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(self._missing() is None)))
        layout.addRow(self._button)

    def solve(self) -> Action | None:
        missing = self._missing()
        if missing is None:
            return Click(*self.place(self._button))
        return enter(self._edits[missing], self.params["texts"][missing])

    def _changed(self) -> None:
        parts = [rightness(self._edits[title].text(), text) for title, text in self.params["texts"].items()]
        self.report(0.9 * sum(parts) / len(parts))

    def _missing(self) -> str | None:
        return next((title for title, text in self.params["texts"].items() if self._edits[title].text() != text), None)
