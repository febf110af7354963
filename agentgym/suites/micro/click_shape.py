"""Click the painted shape of one kind and colour."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import COLOURS, scatter, some_of
from agentgym.suites.micro.shapes import KINDS, Shape

__all__ = ["ClickShape"]

_COUNTS = (3, 6, 14)
_SIDES = (34, 28, 20)


class ClickShape(App):
    """Three shapes that differ in both (level 1), six that share kind or colour with the named, fourteen small ones."""

    theme = "pointing"
    verbs = ("click",)
    bins = (32, 42)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        kinds, colours = some_of(rng, KINDS, len(KINDS)), some_of(rng, tuple(COLOURS), len(COLOURS))
        count, side = _COUNTS[level - 1], _SIDES[level - 1]
        if level == 1:
            shapes = [list(shape) for shape in zip(kinds, colours, strict=False)]
        else:
            near = [[kinds[0], colour] for colour in colours[1:]] + [[kind, colours[0]] for kind in kinds[1:]]
            far = [[kind, colour] for kind in kinds[1:] for colour in colours[1:]]
            shapes = [[kinds[0], colours[0]], *some_of(rng, near, len(near) // 2), *some_of(rng, far, len(far))]
        # Their order shows in the accessibility tree, where it must not tell which is wanted.
        order = [int(index) for index in rng.permutation(count)]
        return {
            "instruction": f"Click the {colours[0]} {kinds[0]}.",
            "shapes": [shapes[index] for index in order],
            "wanted": order.index(0),
            "side": side,
            "places": scatter(rng, count, (side, side)),
        }

    def fill(self, body: QWidget) -> None:
        side = self.params["side"]
        self._shapes = []
        for number, ((kind, colour), (x, y)) in enumerate(
            zip(self.params["shapes"], self.params["places"], strict=True)
        ):
            shape = Shape(kind, colour, partial(self.finish, float(number == self.params["wanted"])), body)
            shape.setGeometry(x, y, side, side)
            self._shapes.append(shape)

    def solve(self) -> Action | None:
        return Click(*self.place(self._shapes[self.params["wanted"]]))
