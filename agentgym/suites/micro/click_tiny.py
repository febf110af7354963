"""Click a square of a few pixels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import one_of, scatter, some_of
from agentgym.suites.micro.shapes import Shape

__all__ = ["ClickTiny"]

_COLOURS = ("red", "green", "blue", "yellow", "purple", "black")
_SIDES = (8, 6, 5)
_COUNTS = (3, 6, 12)


class ClickTiny(App):
    """Three squares of 8 pixels (level 1), six of 6, twelve of 5; one has the named colour."""

    theme = "pointing"
    verbs = ("click",)
    bins = (80, 105)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count, side = _COUNTS[level - 1], _SIDES[level - 1]
        wanted, *others = some_of(rng, _COLOURS, len(_COLOURS))
        colours = [one_of(rng, others) for _ in range(count)]
        at = int(rng.integers(count))
        colours[at] = wanted
        return {
            "instruction": f"Click the tiny {wanted} square.",
            "colours": colours,
            "wanted": at,
            "side": side,
            # Far enough from each other that a near miss is a miss, not a hit of the next.
            "places": scatter(rng, count, (side, side), gap=10),
        }

    def fill(self, body: QWidget) -> None:
        side = self.params["side"]
        self._squares = []
        for number, (colour, (x, y)) in enumerate(zip(self.params["colours"], self.params["places"], strict=True)):
            square = Shape("square", colour, partial(self.finish, float(number == self.params["wanted"])), body)
            square.setGeometry(x, y, side, side)
            self._squares.append(square)

    def solve(self) -> Action | None:
        return Click(*self.place(self._squares[self.params["wanted"]]))
