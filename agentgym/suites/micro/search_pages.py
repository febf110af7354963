"""Search, and open a result that may stand on a later page."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, one_of, some_of
from agentgym.suites.micro.fields import enter, rightness

__all__ = ["SearchPages"]

_TOPICS = ("bike", "boat", "book", "cake", "lamp", "room", "soup", "tent")
_SHORT_NAMES = tuple(name for name in NAMES if len(name) <= 5)
_PER_PAGE = 4
_PAGES = (2, 3, 4)


class SearchPages(App):
    """Results on two pages (level 1), three, four with titles that differ in one word. Opening a result judges.

    The result is on any page, on the second or later, on the third or later. A title is found by any of its words,
    so that a longer search finds more, not less.
    """

    theme = "reading"
    verbs = ("click", "key")
    keys = ("word0", "word1", "enter", "ctrl+a", "backspace")
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        topic, other = some_of(rng, _TOPICS, 2)
        size = 4 if level == 3 else 8
        names, places = some_of(rng, _SHORT_NAMES, size), some_of(rng, PLACES, size)
        pairs = [(name, place) for name in names for place in places]
        count = (_PAGES[level - 1] - 1) * _PER_PAGE + int(rng.integers(2, _PER_PAGE + 1))
        found = [f"{name}'s {topic}, {place}" for name, place in some_of(rng, pairs, min(count, len(pairs)))]
        rest = [f"{name}'s {other}, {place}" for name, place in some_of(rng, pairs, _PER_PAGE)]
        titles = [*found, *rest]
        titles = [titles[int(index)] for index in rng.permutation(len(titles))]
        later = [title for title in titles if title in found][(level - 1) * _PER_PAGE :]
        wanted = one_of(rng, later)
        return {
            "instruction": f'Search "{topic}" and open the result "{wanted}".',
            "topic": topic,
            "titles": titles,
            "wanted": wanted,
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(3, 3, 3, 3)
        layout.setSpacing(2)
        line = QHBoxLayout()
        self._edit, self._search = QLineEdit(), QPushButton("Search")
        self._edit.textChanged.connect(self._changed)
        self._edit.returnPressed.connect(self._find)
        self._search.clicked.connect(self._find)
        line.addWidget(self._edit)
        line.addWidget(self._search)
        layout.addLayout(line)
        self._links = [QPushButton() for _ in range(_PER_PAGE)]
        for link in self._links:
            link.setStyleSheet("text-align: left; color: #1a4fc0; background: white; border: none; padding: 3px")
            link.setFixedHeight(20)
            link.clicked.connect(lambda _=False, link=link: self.finish(float(link.text() == self.params["wanted"])))
            layout.addWidget(link)
        layout.addStretch()
        layout.addLayout(self._pager())
        self._found: list[str] = []
        self._show(0)

    def solve(self) -> Action | None:
        if self.params["wanted"] not in self._found:
            topic = self.params["topic"]
            return Click(*self.place(self._search)) if self._edit.text() == topic else enter(self._edit, topic)
        page, row = divmod(self._found.index(self.params["wanted"]), _PER_PAGE)
        if page != self._page:
            return Click(*self.place(self._later if page > self._page else self._earlier))
        return Click(*self.place(self._links[row]))

    def _pager(self) -> QHBoxLayout:
        self._earlier, self._where, self._later = QPushButton("Back"), QLabel(), QPushButton("Next")
        self._earlier.clicked.connect(lambda: self._show(self._page - 1))
        self._later.clicked.connect(lambda: self._show(self._page + 1))
        line = QHBoxLayout()
        for widget in (self._earlier, self._where, self._later):
            line.addWidget(widget)
        return line

    def _find(self) -> None:
        words = _words(self._edit.text())
        self._found = [title for title in self.params["titles"] if words & _words(title)]
        self._show(0)

    def _show(self, page: int) -> None:
        self._page = page
        last = max(0, len(self._found) - 1) // _PER_PAGE
        here = self._found[page * _PER_PAGE : (page + 1) * _PER_PAGE]
        for row, link in enumerate(self._links):
            link.setVisible(row < len(here))
            link.setText(here[row] if row < len(here) else "")
        self._where.setText(f"{page + 1} of {last + 1}" if here else "none")
        self._earlier.setEnabled(page > 0)
        self._later.setEnabled(page < last)
        self._changed()

    def _changed(self) -> None:
        if self.params["wanted"] not in self._found:
            self.report(0.3 * rightness(self._edit.text(), self.params["topic"]))
            return
        away = abs(self._found.index(self.params["wanted"]) // _PER_PAGE - self._page)
        self.report(0.8 / (1 + away))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{2,}", text.lower()))
