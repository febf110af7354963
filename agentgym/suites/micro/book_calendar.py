"""Book a day and a time in a calendar."""

from __future__ import annotations

import calendar
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QLabel, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import one_of, some_of

__all__ = ["BookCalendar"]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = ("first", "second", "third", "fourth")
_TIMES = ("8:00", "9:30", "10:00", "11:30", "13:00", "14:30", "16:00", "17:30")
_AWAY = ((0,), (1, 2, 3), (-5, -4, -3, 3, 4, 5))
_WIDTH, _HEIGHT = 22, 16


class BookCalendar(App):
    """A day of the month that is shown (level 1), of a later one, a certain weekday of one far before or after.

    Booking judges.
    """

    theme = "composing"
    verbs = ("click",)
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        month = 12 * int(rng.integers(2020, 2040)) + int(rng.integers(12))
        times = sorted(some_of(rng, _TIMES, 3), key=_TIMES.index)
        day, time = int(rng.integers(1, 29)), one_of(rng, times)
        of_month = f"{_MONTHS[month % 12]} {month // 12}"
        which = f"{day} {of_month}"
        if level == 3:
            weekday = _WEEK[calendar.weekday(month // 12, month % 12 + 1, day)]
            which = f"the {_ORDINALS[(day - 1) // 7]} {weekday} of {of_month}"
        return {
            "instruction": f"Book {which} at {time}.",
            "wanted": [month, day],
            "time": time,
            "times": times,
            "start": month - one_of(rng, _AWAY[level - 1]),
        }

    def fill(self, body: QWidget) -> None:
        self._month: int = self.params["start"]
        self._chosen = [0, 0]
        self._earlier, self._later = QPushButton("<", body), QPushButton(">", body)
        for button, left, step in ((self._earlier, 3, -1), (self._later, 133, 1)):
            button.setGeometry(left, 2, 24, 20)
            button.clicked.connect(partial(self._turn, step))
        self._title = QLabel(body)
        self._title.setGeometry(28, 2, 104, 20)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for column, day in enumerate(_WEEK):
            label = QLabel(day[:2], body)
            label.setGeometry(3 + _WIDTH * column, 23, _WIDTH, 14)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._days = [self._day(day, body) for day in range(1, 32)]
        group = QButtonGroup(body)
        self._times = {}
        for column, time in enumerate(self.params["times"]):
            self._times[time] = button = QPushButton(time, body)
            button.setCheckable(True)
            button.setGeometry(3 + 37 * column, 140, 36, 24)
            button.toggled.connect(self._changed)
            group.addButton(button)
        self._book = QPushButton("Book", body)
        self._book.setGeometry(117, 140, 40, 24)
        self._book.clicked.connect(lambda: self.finish(float(self._left() == 0)))
        self._show()

    def solve(self) -> Action | None:
        month, day = self.params["wanted"]
        if self._chosen == [month, day]:
            time = self._times[self.params["time"]]
            return Click(*self.place(self._book if time.isChecked() else time))
        if self._month != month:
            return Click(*self.place(self._later if self._month < month else self._earlier))
        return Click(*self.place(self._days[day - 1]))

    def _day(self, day: int, body: QWidget) -> QPushButton:
        button = QPushButton(str(day), body)
        button.setCheckable(True)
        button.setStyleSheet(
            "QPushButton { background: white; border: 1px solid #dddddd }"
            "QPushButton:checked { background: #3584e4; color: white }"
        )
        button.clicked.connect(partial(self._choose, day))
        return button

    def _turn(self, step: int) -> None:
        self._month += step
        self._show()

    def _choose(self, day: int) -> None:
        self._chosen = [self._month, day]
        self._show()

    def _show(self) -> None:
        year, month = self._month // 12, self._month % 12
        self._title.setText(f"{_MONTHS[month]} {year}")
        first, count = calendar.monthrange(year, month + 1)
        for day, button in enumerate(self._days, 1):
            row, column = divmod(first + day - 1, 7)
            button.setGeometry(3 + _WIDTH * column, 38 + _HEIGHT * row, _WIDTH, _HEIGHT)
            button.setVisible(day <= count)
            button.setChecked(self._chosen == [self._month, day])
        self._changed()

    def _left(self) -> int:
        """How many clicks are missing before the last one."""
        has_time = self._times[self.params["time"]].isChecked()
        if self._chosen == self.params["wanted"]:
            return int(not has_time)
        return self._away() + 1 + int(not has_time)

    def _away(self) -> int:
        month: int = self.params["wanted"][0]
        return abs(self._month - month)

    def _changed(self) -> None:
        at_first = abs(self.params["start"] - self.params["wanted"][0]) + 2
        self.report(0.9 * max(0.0, 1 - self._left() / at_first))
