"""Answer a question as one was told to."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import some_of

__all__ = ["AnswerDialog"]

# A question, and what each of its answers does.
_QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Save the changes?", {"Save": "save the changes", "Discard": "drop the changes", "Cancel": "go on editing"}),
    (
        "The file exists. Replace it?",
        {"Replace": "replace the file", "Both": "keep both files", "Skip": "skip the file"},
    ),
    ("Install the update?", {"Now": "update now", "Tonight": "update tonight", "Never": "never update"}),
    ("Allow cookies?", {"All": "allow all cookies", "Some": "allow some cookies", "None": "allow no cookies"}),
)


class AnswerDialog(App):
    """A question with two answers (level 1); one with three, behind a button; two, one after the other."""

    theme = "reading"
    verbs = ("click",)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        asked = []
        tasks = []
        for question, answers in some_of(rng, _QUESTIONS, 2 if level == 3 else 1):
            offered = some_of(rng, tuple(answers), 2 if level == 1 else 3)
            wanted = offered[int(rng.integers(len(offered)))]
            asked.append({"question": question, "answers": offered, "wanted": wanted})
            tasks.append(answers[wanted])
        what = ", then ".join(tasks) + "."
        instruction = what[0].upper() + what[1:] if level == 1 else f"Press Start: {what}"
        return {"instruction": instruction, "asked": asked, "opened": level == 1}

    def fill(self, body: QWidget) -> None:
        self._start = QPushButton("Start", body)
        self._start.setGeometry(50, 8, 60, 24)
        self._start.clicked.connect(partial(self._ask, body, 0))
        self._buttons: dict[str, QPushButton] = {}
        if self.params["opened"]:
            self._ask(body, 0)

    def solve(self) -> Action | None:
        if not self._buttons:
            return Click(*self.place(self._start))
        return Click(*self.place(self._buttons[self.params["asked"][self._number]["wanted"]]))

    def _ask(self, body: QWidget, number: int, *_: object) -> None:
        self._start.setEnabled(False)
        self._number, asked = number, self.params["asked"][number]
        self._panel = panel = QFrame(body)
        panel.setFrameShape(QFrame.Shape.Panel)
        panel.setStyleSheet("QFrame { background: white } QLabel { border: none }")
        panel.setGeometry(4, 44 + 14 * number, 152, 84)
        lines = QVBoxLayout(panel)
        lines.setContentsMargins(5, 5, 5, 5)
        label = QLabel(asked["question"])
        label.setWordWrap(True)
        lines.addWidget(label)
        line = QHBoxLayout()
        line.setSpacing(2)
        lines.addLayout(line)
        self._buttons = {}
        for answer in asked["answers"]:
            self._buttons[answer] = button = QPushButton(answer)
            button.setMinimumWidth(20)
            button.clicked.connect(partial(self._answered, body, answer))
            line.addWidget(button)
        panel.show()

    def _answered(self, body: QWidget, answer: str, *_: object) -> None:
        asked = self.params["asked"]
        self._panel.hide()
        if answer != asked[self._number]["wanted"]:
            self.finish(0.0)
        elif self._number + 1 == len(asked):
            self.finish(1.0)
        else:
            self.report((self._number + 1) / len(asked))
            self._ask(body, self._number + 1)
