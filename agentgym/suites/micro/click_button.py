"""Click the button with the right word on it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import WORDS, one_of, scatter, some_of

__all__ = ["ClickButton"]

_SIZE = (60, 26)
_COUNTS = (1, 3, 8)


class ClickButton(App):
    """One button (level 1), three, eight: a click on another one than the named ends the task."""

    theme = "pointing"
    verbs = ("click",)
    max_steps = 10

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        words = some_of(rng, WORDS, _COUNTS[level - 1])
        places = scatter(rng, len(words), _SIZE)
        wanted = one_of(rng, words)
        return {"instruction": f'Click the button "{wanted}".', "words": words, "places": places, "wanted": wanted}

    def fill(self, body: QWidget) -> None:
        self._buttons = {}
        for word, (x, y) in zip(self.params["words"], self.params["places"], strict=True):
            button = QPushButton(word, body)
            button.setGeometry(x, y, *_SIZE)
            button.clicked.connect(partial(self._clicked, word))
            self._buttons[word] = button

    def solve(self) -> Action | None:
        return Click(*self.place(self._buttons[self.params["wanted"]]))

    def _clicked(self, word: str) -> None:
        self.finish(float(word == self.params["wanted"]))
