"""Drag the corners of a panel until it is as large as an outline."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QWidget

from agentgym.actions import Action
from agentgym.backends.qt.app import App
from agentgym.suites.micro.draggable import NOWHERE, Draggable, left_is_down
from agentgym.suites.micro.drawing import BODY, drop, grab

__all__ = ["ResizeBox"]

_HANDLE = 12
_LEAST = 20
_EDGE = 6
_TOLERANCES = (6, 4, 4)


class ResizeBox(App):
    """A panel to be made larger (level 1), larger or smaller, and at two of its corners."""

    theme = "dragging"
    verbs = ("grab", "drop")
    bins = (32, 42)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        small, large = [], []
        for far, more in ((100, 50), (105, 55)):
            near = int(rng.integers(10, 23))
            small.append([near + (int(rng.integers(14, 25)) if level == 3 else 0), int(rng.integers(70, 86))])
            large.append([near, int(rng.integers(far, far + more))])
        start, wanted = (small, large) if level == 1 or rng.integers(2) else (large, small)
        what = "corners until the panel lies on" if level == 3 else "corner until the panel is as large as"
        return {
            "instruction": f"Drag the blue {what} the dashed outline.",
            "start": [list(corner) for corner in zip(*start, strict=True)],
            "wanted": [list(corner) for corner in zip(*wanted, strict=True)],
            "handles": [0, 1] if level == 3 else [1],
            "tolerance": _TOLERANCES[level - 1],
        }

    def fill(self, body: QWidget) -> None:
        self._corners = [QPoint(*corner) for corner in self.params["start"]]
        self._wanted = [QPoint(*corner) for corner in self.params["wanted"]]
        self._most = sum(self._errors())
        self._panel = QFrame(body)
        self._panel.setAccessibleName("Panel")
        self._panel.setStyleSheet("background: white; border: 1px solid #555555")
        outline = QFrame(body)
        outline.setAccessibleName("Outline")
        outline.setStyleSheet("border: 1px dashed #c00000")
        outline.setGeometry(QRect(*self._wanted))
        outline.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._handles = {}
        for number in self.params["handles"]:
            self._handles[number] = handle = Draggable("", body)
            handle.setAccessibleName("Corner")
            handle.setStyleSheet("background: #3584e4; border: 1px solid #1a4a85")
            handle.resize(_HANDLE, _HANDLE)
            handle.moved.connect(partial(self._moved, number))
            handle.dropped.connect(self._dropped)
        self._arrange()

    def solve(self) -> Action | None:
        for number, handle in self._handles.items():
            if handle.grip is not None:
                corner = self._wanted[number] + handle.grip - _half()
                return drop(*self.place(self._panel, self._panel.mapFromParent(corner)))
        if left_is_down():
            return drop(*NOWHERE)
        number = max(self._handles, key=self._error)
        return grab(*self.place(self._handles[number]))

    def _moved(self, number: int) -> None:
        corner = self._handles[number].pos() + _half()
        if number == 0:
            ranges = [(_EDGE, far - _LEAST) for far in self._corners[1].toTuple()]
        else:
            ranges = [
                (near + _LEAST, most - _EDGE) for near, most in zip(self._corners[0].toTuple(), BODY, strict=True)
            ]
        self._corners[number] = QPoint(
            *(min(max(value, least), most) for value, (least, most) in zip(corner.toTuple(), ranges, strict=True))
        )
        self._arrange()
        self.report(0.9 * max(0.0, 1 - sum(self._errors()) / self._most))

    def _dropped(self) -> None:
        if max(self._errors()) <= self.params["tolerance"]:
            self.finish(1.0)

    def _arrange(self) -> None:
        self._panel.setGeometry(QRect(*self._corners))
        for number, handle in self._handles.items():
            handle.move(self._corners[number] - _half())

    def _error(self, number: int) -> int:
        """Pixels by which a corner is off, to the side or up and down, whichever is more."""
        off = self._corners[number] - self._wanted[number]
        return max(abs(off.x()), abs(off.y()))

    def _errors(self) -> list[int]:
        return [self._error(number) for number in range(len(self._corners))]


def _half() -> QPoint:
    return QPoint(_HANDLE // 2, _HANDLE // 2)
