"""Fill in a form that checks what is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, one_of, some_of
from agentgym.suites.micro.fields import enter, rightness

__all__ = ["FillForm"]

_SHORT_NAMES = tuple(name for name in NAMES if len(name) <= 6)
_SHORT_PLACES = tuple(place for place in PLACES if len(place) <= 6)


class FillForm(App):
    """Two fields (level 1); three, one of them with an old value; four, and terms to accept that nobody named.

    Submitting an incomplete form says what is wrong with it and can be tried again; a complete one is judged.
    """

    theme = "composing"
    verbs = ("click", "key")
    keys = ("word0", "word1", "word2", "word3", "tab", "enter", "space", "ctrl+a", "backspace")
    max_steps = 30

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        filled, old = _person(rng), _person(rng)
        chosen = some_of(rng, tuple(filled), level + 1)
        fields = [field for field in filled if field in chosen]
        # An old value that begins the new one would be progress before anything was done.
        stale = [field for field in chosen if not filled[field].startswith(old[field])][: int(level > 1)]
        named = ", ".join(f'{field.lower()} "{filled[field]}"' for field in fields)
        return {
            "instruction": f"Submit {named}.",
            "fields": [fields[int(index)] for index in rng.permutation(len(fields))],
            "wanted": {field: filled[field] for field in fields},
            "old": {field: old[field] for field in stale},
            "terms": level == 3,
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(5, 4, 5, 4)
        layout.setSpacing(3)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(3)
        self._edits: dict[str, QLineEdit] = {}
        for field in self.params["fields"]:
            self._edits[field] = edit = QLineEdit(self.params["old"].get(field, ""))
            edit.textChanged.connect(self._changed)
            edit.returnPressed.connect(self._submit)
            form.addRow(field, edit)
        layout.addLayout(form)
        self._terms = QCheckBox("I accept the terms", body)
        self._terms.toggled.connect(self._changed)
        self._terms.setVisible(self.params["terms"])
        layout.addWidget(self._terms)
        self._button, self._error = QPushButton("Submit"), QLabel()
        self._button.clicked.connect(self._submit)
        self._error.setStyleSheet("color: #b00020")
        layout.addWidget(self._button)
        layout.addWidget(self._error)
        layout.addStretch()

    def solve(self) -> Action | None:
        for field, edit in self._edits.items():
            if edit.text() != self.params["wanted"][field]:
                return enter(edit, self.params["wanted"][field])
        if self.params["terms"] and not self._terms.isChecked():
            return Click(*self.place(self._terms))
        return Click(*self.place(self._button))

    def _submit(self) -> None:
        found = {field: edit.text() for field, edit in self._edits.items()}
        wrong = next((text for field, value in found.items() if (text := _complaint(field, value))), "")
        if not wrong and self.params["terms"] and not self._terms.isChecked():
            wrong = "Accept the terms"
        self._error.setText(wrong)
        if not wrong:
            self.finish(float(found == self.params["wanted"]))

    def _changed(self) -> None:
        done = [rightness(edit.text(), self.params["wanted"][field]) for field, edit in self._edits.items()]
        if self.params["terms"]:
            done.append(float(self._terms.isChecked()))
        self.report(0.9 * sum(done) / len(done))


def _person(rng: np.random.Generator) -> dict[str, str]:
    name = one_of(rng, _SHORT_NAMES)
    return {
        "Name": name,
        "Age": str(int(rng.integers(18, 100))),
        "City": one_of(rng, _SHORT_PLACES),
        "Mail": f"{name[:2].lower()}@{one_of(rng, 'abcdefgh')}.org",
    }


def _complaint(field: str, value: str) -> str:
    """What is wrong with a value whoever it is of; empty if nothing is."""
    if not value:
        return f"{field} is missing"
    if field == "Age" and not (value.isdecimal() and 18 <= int(value) < 120):
        return "Age must be 18 or more"
    if field == "Mail" and ("@" not in value or "." not in value.rpartition("@")[2]):
        return "Mail is like a@b.org"
    if field in ("Name", "City") and not value.isalpha():
        return f"{field} has letters only"
    return ""
