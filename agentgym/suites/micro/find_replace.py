"""Find and replace in a text editor."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, one_of, some_of
from agentgym.suites.micro.fields import Text, enter, rightness

__all__ = ["FindReplace"]

_LONGER = {
    "Ada": "Adam",
    "Alan": "Alana",
    "Jean": "Jeanne",
    "John": "Johnny",
    "Ken": "Kenneth",
    "Mary": "Maryam",
    "Rosa": "Rosalie",
    "Tim": "Timothy",
}
_SENTENCES = ("{name} is in {place}.", "{name} likes {place}.", "{name} left {place}.", "{place} suits {name}.")


class FindReplace(App):
    """A name that stands once (level 1), twice with an old search in the fields, thrice beside a longer one of it.

    At level 3 only whole words may be replaced. Saving judges the text, however it was changed.
    """

    theme = "composing"
    verbs = ("click", "key")
    keys = ("word0", "word1", "ctrl+a", "backspace", "tab")
    max_steps = 25

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        name = one_of(rng, tuple(_LONGER))
        new, *others = some_of(rng, [other for other in NAMES if other not in _LONGER], 4)
        names = [*[name] * level, *([_LONGER[name]] if level == 3 else others[: 3 - level])]
        who_where = zip(some_of(rng, names, len(names)), some_of(rng, PLACES, len(names)), strict=True)
        sentences = [one_of(rng, _SENTENCES).format(name=who, place=where) for who, where in who_where]
        what = "only the whole word" if level == 3 else "all"
        return {
            "instruction": f'Replace {what} "{name}" by "{new}" and press Save.',
            "text": "\n".join(sentences),
            "find": name,
            "replace": new,
            "start": others[1:] if level > 1 else ["", ""],
        }

    def fill(self, body: QWidget) -> None:
        self._goal = _replaced(self.params["text"], self.params["find"], self.params["replace"], whole=True)
        self._text = Text(self.params["text"], body)
        self._text.setGeometry(4, 4, 152, 70)
        self._edits = {}
        for row, (title, start) in enumerate(zip(("Find", "Replace"), self.params["start"], strict=True)):
            QLabel(title, body).setGeometry(5, 78 + 22 * row, 50, 20)
            self._edits[title] = edit = QLineEdit(start, body)
            edit.setGeometry(58, 78 + 22 * row, 98, 20)
            edit.textChanged.connect(self._changed)
        self._whole = QCheckBox("Whole words", body)
        self._whole.setGeometry(5, 121, 120, 18)
        self._whole.toggled.connect(self._changed)
        self._all, self._revert, self._save = (QPushButton(text, body) for text in ("Replace all", "Revert", "Save"))
        for button, left, width in ((self._all, 3, 66), (self._revert, 71, 46), (self._save, 119, 38)):
            button.setGeometry(left, 141, width, 24)
        self._all.clicked.connect(self._replace)
        self._revert.clicked.connect(lambda: self._text.setPlainText(self.params["text"]))
        self._save.clicked.connect(lambda: self.finish(float(self._text.toPlainText() == self._goal)))
        self._text.textChanged.connect(self._changed)

    def solve(self) -> Action | None:
        text = self._text.toPlainText()
        if text == self._goal:
            return Click(*self.place(self._save))
        if text != self.params["text"]:
            return Click(*self.place(self._revert))
        for title, wanted in self._wanted().items():
            if self._edits[title].text() != wanted:
                return enter(self._edits[title], wanted)
        return Click(*self.place(self._all if self._is_exact() else self._whole))

    def _wanted(self) -> dict[str, str]:
        return {"Find": self.params["find"], "Replace": self.params["replace"]}

    def _is_exact(self) -> bool:
        """Whether as much is replaced as should be."""
        found = _replaced(
            self.params["text"], self.params["find"], self.params["replace"], whole=self._whole.isChecked()
        )
        return found == self._goal

    def _replace(self) -> None:
        find, replace = (edit.text() for edit in self._edits.values())
        if find:
            text = _replaced(self._text.toPlainText(), find, replace, whole=self._whole.isChecked())
            self._text.setPlainText(text)

    def _changed(self) -> None:
        text = self._text.toPlainText()
        if text != self.params["text"]:
            self.report(0.9 * (text == self._goal))
            return
        parts = [rightness(self._edits[title].text(), wanted) for title, wanted in self._wanted().items()]
        self.report(0.3 * sum(parts) + 0.1 * (sum(parts) == len(parts) and self._is_exact()))


def _replaced(text: str, find: str, replace: str, *, whole: bool) -> str:
    pattern = rf"(?<!\w){re.escape(find)}(?!\w)" if whole else re.escape(find)
    return re.sub(pattern, lambda _: replace, text)
