"""Click the largest or smallest of several numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import one_of, scatter

__all__ = ["CompareNumbers"]

_SIZE = (50, 24)
_COUNTS = (3, 6, 9)
_RANKS = (
    (("largest", -1), ("smallest", 0)),
    (("largest", -1), ("smallest", 0)),
    (("highest", -1), ("lowest", 0), ("second highest", -2), ("second lowest", 1)),
)


class CompareNumbers(App):
    """Three numbers below 100 (level 1); six, some negative; nine prices, of which the second may be asked for."""

    theme = "reading"
    verbs = ("click",)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count = _COUNTS[level - 1]
        least, most = ((1, 100), (-150, 1200), (480, 1320))[level - 1]
        numbers = [least + int(number) for number in rng.choice(most - least, size=count, replace=False)]
        word, rank = one_of(rng, _RANKS[level - 1])
        what = "price" if level == 3 else "number"
        return {
            "instruction": f"Click the {word} {what}.",
            "labels": [f"${number / 100:.2f}" if level == 3 else str(number) for number in numbers],
            "places": scatter(rng, count, _SIZE),
            "wanted": numbers.index(sorted(numbers)[rank]),
        }

    def fill(self, body: QWidget) -> None:
        self._buttons = []
        for at, (label, (x, y)) in enumerate(zip(self.params["labels"], self.params["places"], strict=True)):
            button = QPushButton(label, body)
            button.setGeometry(x, y, *_SIZE)
            button.clicked.connect(partial(self._clicked, at))
            self._buttons.append(button)

    def solve(self) -> Action | None:
        return Click(*self.place(self._buttons[self.params["wanted"]]))

    def _clicked(self, at: int) -> None:
        self.finish(float(at == self.params["wanted"]))
