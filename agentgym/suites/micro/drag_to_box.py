"""Drag the named people into the named boxes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from agentgym.actions import Action
from agentgym.backends.qt.app import App
from agentgym.suites.micro.draggable import NOWHERE, Draggable, left_is_down
from agentgym.suites.micro.drawing import BODY, NAMES, PLACES, drop, grab, scatter, some_of

__all__ = ["DragToBox"]

_NAMES = tuple(name for name in NAMES if len(name) <= 6)
_COUNTS = ((1, 1), (3, 2), (5, 3))
_CHIP = (48, 20)
_ABOVE, _BOXES_TOP, _BOX_HEIGHT = 84, 90, 72


class DragToBox(App):
    """One name and one box (level 1), three and two, two of five names into two of three boxes.

    What is let go beside the boxes goes back; in a wrong box it ends the task.
    """

    theme = "dragging"
    verbs = ("grab", "drop")
    max_steps = 12

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count, boxes = _COUNTS[level - 1]
        people, places = some_of(rng, _NAMES, count), some_of(rng, PLACES, boxes)
        wanted = dict(zip(people[: 2 if level == 3 else 1], places, strict=False))
        names = some_of(rng, people, len(people))
        moves = " and ".join(f"{name} to {place}" for name, place in wanted.items())
        return {
            "instruction": f"Drag {moves}.",
            "people": [[name, *corner] for name, corner in zip(names, _corners(rng, len(names)), strict=True)],
            "boxes": some_of(rng, places, boxes),
            "wanted": wanted,
        }

    def fill(self, body: QWidget) -> None:
        self._boxes = {}
        width = body.width() // len(self.params["boxes"])
        for number, name in enumerate(self.params["boxes"]):
            self._boxes[name] = box = QLabel(name, body)
            box.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
            box.setStyleSheet("background: #f4f4f4; border: 1px solid #777777; padding: 2px")
            box.setGeometry(number * width + 1, _BOXES_TOP, width - 2, _BOX_HEIGHT)
        self._chips: dict[str, Draggable] = {}
        self._where: dict[str, str] = {}
        for name, *corner in self.params["people"]:
            self._chips[name] = chip = Draggable(name, body)
            chip.setAlignment(Qt.AlignmentFlag.AlignCenter)
            chip.setStyleSheet("background: #cfe2ff; border: 1px solid #3a6ea5; border-radius: 3px")
            chip.move(*corner)
            chip.resize(*_CHIP)
            chip.taken.connect(partial(self._taken, name))
            chip.dropped.connect(partial(self._dropped, name))

    def solve(self) -> Action | None:
        wanted = self.params["wanted"]
        for name, *corner in self.params["people"]:
            chip = self._chips[name]
            if chip.grip is None:
                continue
            if name in wanted:
                return drop(*self.place(self._boxes[wanted[name]]))
            return drop(*self.place(chip, chip.mapFromParent(QPoint(*corner))))
        if left_is_down():
            return drop(*NOWHERE)
        name = next(name for name in wanted if name not in self._where)
        return grab(*self.place(self._chips[name]))

    def _taken(self, name: str) -> None:
        self._where.pop(name, None)
        self.report((len(self._where) + 0.5 * (name in self.params["wanted"])) / len(self.params["wanted"]))

    def _dropped(self, name: str, point: QPoint) -> None:
        box = next((box for box, label in self._boxes.items() if label.geometry().contains(point)), None)
        wanted = self.params["wanted"]
        if box is None:
            self._chips[name].move(*next(corner for other, *corner in self.params["people"] if other == name))
        elif wanted.get(name) != box:
            self.finish(0.0)
        else:
            self._where[name] = box
            self._chips[name].move(self._boxes[box].geometry().center() - self._chips[name].rect().center())
        self.report(len(self._where) / len(wanted))
        if len(self._where) == len(wanted):
            self.finish(1.0)


def _corners(rng: np.random.Generator, count: int) -> list[list[int]]:
    return scatter(rng, count, _CHIP, area=(BODY[0], _ABOVE), gap=4)
