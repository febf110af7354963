"""Scroll through a text to a line and click it."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from agentgym.actions import Action, Click, Scroll
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, PLACES, some_of

__all__ = ["ScrollToLine"]

_COUNTS = (25, 60, 60)
_FIRST = 16


class ScrollToLine(App):
    """Twenty-five numbered lines (level 1), sixty, sixty without numbers. A click on another line ends the task."""

    theme = "dragging"
    verbs = ("click", "scroll_up", "scroll_down")
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count = _COUNTS[level - 1]
        pairs = some_of(rng, range(len(NAMES) * len(PLACES)), count)
        lines = [f"{NAMES[pair % len(NAMES)]} in {PLACES[pair // len(NAMES)]}" for pair in pairs]
        wanted = int(rng.integers(_FIRST, count))
        instruction = f"Scroll to line {wanted + 1} and click it."
        if level == 3:
            instruction = f"Find the line {lines[wanted]} and click it."
        else:
            lines = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
        return {"instruction": instruction, "lines": lines, "wanted": wanted}

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(5, 5, 5, 5)
        self._text = _Text("\n".join(self.params["lines"]))
        self._text.clicked.connect(lambda line: self.finish(float(line == self.params["wanted"])))
        self._text.verticalScrollBar().valueChanged.connect(self._scrolled)
        layout.addWidget(self._text)

    def solve(self) -> Action | None:
        far = self._far()
        if far:
            return Scroll(0, 3 if far < 0 else -3, *self.place(self._text))
        block = self._text.document().findBlockByNumber(self.params["wanted"])
        row = self._text.cursorRect(QTextCursor(block)).center()
        return Click(*self.place(self._text.viewport(), QPoint(60, row.y())))

    def _far(self) -> int:
        """How many lines the wanted one is below what is shown; less than 0 if it is above."""
        first = self._text.verticalScrollBar().value()
        wanted: int = self.params["wanted"]
        return min(0, wanted - first) or max(0, wanted - first - self._text.shown_lines() + 1)

    def _scrolled(self) -> None:
        most = self.params["wanted"] - self._text.shown_lines() + 1
        self.report(0.8 * max(0.0, 1 - abs(self._far()) / most))


class _Text(QPlainTextEdit):
    """A text that can be read and whose lines can be clicked; nothing can be marked."""

    clicked = Signal(int)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._pressed = -1
        self.setReadOnly(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def shown_lines(self) -> int:
        """How many lines are seen whole."""
        room = self.viewport().height() - 2 * self.document().documentMargin()
        return int(room // self.fontMetrics().lineSpacing())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name, as below
        self._pressed = self._line(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self._line(event) == self._pressed:
            self.clicked.emit(self._pressed)

    def _line(self, event: QMouseEvent) -> int:
        return self.cursorForPosition(event.position().toPoint()).blockNumber()
