"""Set date fields by the keyboard, part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QDate
from PySide6.QtWidgets import QDateEdit, QDateTimeEdit, QWidget

from agentgym.actions import Action, Click, Press
from agentgym.backends.qt.app import App
from agentgym.suites.micro.fields import has_focus, submitted

__all__ = ["EnterDate"]

_FORM = "yyyy-MM-dd"
_PARTS = (QDateTimeEdit.Section.YearSection, QDateTimeEdit.Section.MonthSection, QDateTimeEdit.Section.DaySection)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class EnterDate(App):
    """The day of a date (level 1), a whole date, two dates whose months are given by name. The button judges.

    Digits go into the part that is selected: ``tab`` goes to the next one, ``up`` and ``down`` change one by one.
    """

    theme = "typing"
    verbs = ("click", "key")
    keys = (*"0123456789", "up", "down", "left", "right", "home", "tab", "backspace")
    max_steps = 50

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        titles = ("From", "To") if level == 3 else ("Date",)
        wanted = dict(zip(titles, sorted(_date(rng) for _ in titles), strict=True))
        start = {title: _other(rng, date, level) for title, date in wanted.items()}
        instruction = (
            "From {} to {}, then Submit.".format(*map(_in_words, wanted.values()))
            if level == 3
            else f"Set the date to {_shown(wanted['Date'])} and press Submit."
        )
        return {
            "instruction": instruction,
            "wanted": wanted,
            "start": start,
            "top": int(rng.integers(60)),
        }

    def fill(self, body: QWidget) -> None:
        self._edits = {title: self._edit(start) for title, start in self.params["start"].items()}
        self._button = submitted(body, self._edits, self.params["top"], self._judge)

    def solve(self) -> Action | None:
        missing = self._missing()
        if missing is None:
            return Click(*self.place(self._button))
        edit = self._edits[missing]
        if not has_focus(edit):
            return Click(*self.place(edit.lineEdit()))
        return Press(_next_key(edit, _shown(self.params["wanted"][missing]).split("-")))

    def _edit(self, start: list[int]) -> QDateEdit:
        edit = QDateEdit()
        edit.setDisplayFormat(_FORM)
        edit.setDateRange(QDate(2000, 1, 1), QDate(2099, 12, 31))
        edit.setDate(QDate(*start))
        edit.dateChanged.connect(self._changed)
        return edit

    def _judge(self) -> None:
        self.finish(float(self._missing() is None))

    def _changed(self) -> None:
        wanted, start = self.params["wanted"], self.params["start"]
        right = sum(_equal(_of(edit), wanted[title]) for title, edit in self._edits.items())
        at_first = sum(_equal(start[title], wanted[title]) for title in wanted)
        self.report(0.9 * max(0.0, (right - at_first) / (len(_PARTS) * len(wanted) - at_first)))

    def _missing(self) -> str | None:
        wanted = self.params["wanted"]
        return next((title for title, edit in self._edits.items() if _of(edit) != wanted[title]), None)


def _next_key(edit: QDateEdit, wanted: list[str]) -> str:
    """The key that leads to the first part that is wrong, or the next digit of it."""
    wrong = next(number for number, part in enumerate(_PARTS) if edit.sectionText(part) != wanted[number])
    current, line = _PARTS.index(edit.currentSection()), edit.lineEdit()
    found = edit.sectionText(_PARTS[wrong])
    if current < wrong:
        return "tab"
    if current == wrong and line.selectedText() == found:
        return wanted[wrong][0]
    start = sum(len(part) + 1 for part in wanted[:wrong])
    if current == wrong and wanted[wrong].startswith(found) and line.cursorPosition() == start + len(found):
        return wanted[wrong][len(found)]
    # Only a part that was stepped or reached by tab is selected, and takes digits.
    return "up" if current == wrong == 0 else "home"


def _date(rng: np.random.Generator) -> list[int]:
    return [int(rng.integers(2020, 2030)), int(rng.integers(1, 13)), int(rng.integers(1, 29))]


def _other(rng: np.random.Generator, date: list[int], level: int) -> list[int]:
    """A date of which the day is another, or above level 1 every part."""
    while True:
        other = _date(rng)
        if level == 1:
            other[:2] = date[:2]
        if _equal(other, date) == (2 if level == 1 else 0):
            return other


def _equal(date: list[int], other: list[int]) -> int:
    return sum(part == counterpart for part, counterpart in zip(date, other, strict=True))


def _of(edit: QDateEdit) -> list[int]:
    date = edit.date()
    return [date.year(), date.month(), date.day()]


def _shown(date: list[int]) -> str:
    return "{}-{:02}-{:02}".format(*date)


def _in_words(date: list[int]) -> str:
    year, month, day = date
    return f"{day} {_MONTHS[month - 1]} {year}"
