"""Write several lines into a text."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click, Press, TypeText
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, some_of
from agentgym.suites.micro.fields import SELECT_ALL, Text, has_focus, rightness

__all__ = ["EnterLines"]


class EnterLines(App):
    """Two lines (level 1), three, three in place of a draft. The button judges."""

    theme = "typing"
    verbs = ("click", "key")
    keys = ("word0", "word1", "word2", "enter", "ctrl+a", "backspace", "up", "down")
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        lines, draft = some_of(rng, NAMES, 6), ""
        lines, rest = lines[: min(level + 1, 3)], lines[3:]
        if level == 3:
            draft = "\n".join(rest)
        these = ", ".join(f'"{line}"' for line in lines)
        verb = "Replace all by" if level == 3 else "Write"
        return {
            "instruction": f"{verb} the lines {these}, then Submit.",
            "text": "\n".join(lines),
            "draft": draft,
            "height": int(rng.integers(70, 120)),
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        self._edit = Text(self.params["draft"])
        self._edit.setFixedHeight(self.params["height"])
        self._edit.setTabChangesFocus(True)
        self._edit.textChanged.connect(lambda: self.report(0.9 * rightness(self._text(), self.params["text"])))
        layout.addWidget(self._edit)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(self._text() == self.params["text"])))
        layout.addWidget(self._button)
        layout.addStretch()

    def solve(self) -> Action | None:
        wanted, text, cursor = self.params["text"], self._text(), self._edit.textCursor()
        if text == wanted:
            return Click(*self.place(self._button))
        if not has_focus(self._edit):
            return Click(*self.place(self._edit))
        if text and abs(cursor.position() - cursor.anchor()) == len(text):
            text = ""
        elif not wanted.startswith(text) or cursor.position() != len(text) or cursor.hasSelection():
            return SELECT_ALL
        if wanted[len(text)] == "\n":
            return Press("enter")
        if text and text[-1] != "\n":
            return SELECT_ALL
        return TypeText(wanted[len(text) :].split("\n")[0])

    def _text(self) -> str:
        return self._edit.toPlainText()
