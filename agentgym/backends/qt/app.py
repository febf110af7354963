"""What an application of the qt backend is: a window that a seed draws, and that knows how far its task has come."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QRadioButton, QWidget

from agentgym.actions import Action
from agentgym.backends.qt.turns import ELSEWHERE

__all__ = ["BANNER", "App"]

BANNER = 42
"""Pixels at the top, in which the instruction stands."""


class App(QWidget):
    """One task in one window: the instruction at the top, and widgets below it.

    Parameters say all of it, so that the same ones make the same window wherever it is shown. A subclass draws
    parameters, fills the window, reports what is reached, and knows the next action that leads to the end.

    It never waits: dialogues are opened with ``open``, menus with ``popup``, not ``exec``; things are dragged by
    following the pointer, not with ``QDrag``, and items of Qt's lists not by ``DragDropMode``. What moves, moves when
    there was input: Qt's timers go by steps, 0.4 s of them to an action, and no date or time of day is taken.

    Args:
        params: plain JSON, as ``draw`` gave it.
    """

    theme: ClassVar[str] = ""
    verbs: ClassVar[tuple[str, ...]] = ("click",)
    """What a policy may do here by default, of `agentgym.envs.microactions.VERBS`."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Keys that a policy may press here by default, when ``"key"`` is among the verbs."""
    bins: ClassVar[tuple[int, int]] = (16, 21)
    """Columns and rows that a policy points at by default."""
    max_steps: ClassVar[int] = 10
    levels: ClassVar[int] = 3

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__()
        self.params = params
        self.progress = 0.0
        self.score = 0.0
        self.is_over = False

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        """Parameters as plain JSON: ``instruction``, and what ``fill`` reads.

        What has to be typed stands in the instruction in double quotes.

        Args:
            level: from 1, which is the easiest, to ``levels``.
        """
        raise NotImplementedError

    def fill(self, body: QWidget) -> None:
        """Puts widgets into the window, below the instruction."""
        raise NotImplementedError

    def solve(self) -> Action | None:
        """The next action of one who knows how, from the present state; None if there is nothing left to do."""
        raise NotImplementedError

    def build(self) -> None:
        """Makes the widgets; the window has its size."""
        banner = QLabel(self.params["instruction"], self)
        banner.setTextFormat(Qt.TextFormat.PlainText)
        banner.setWordWrap(True)
        banner.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        banner.setStyleSheet("background: #fff6bf; color: black; padding: 1px 3px")
        banner.setGeometry(0, 0, self.width(), BANNER)
        body = QWidget(self)
        body.setGeometry(QRect(0, BANNER, self.width(), self.height() - BANNER))
        self.fill(body)

    def report(self, progress: float) -> None:
        """Says how far the task has come, in [0, 1]; what is over stays as it is."""
        if not self.is_over:
            self.progress = progress

    def finish(self, score: float) -> None:
        """Ends the task with a score in [0, 1]; the first call counts."""
        if not self.is_over:
            self.is_over = True
            self.score = score
            self.progress = max(self.progress, score)

    def state(self) -> dict[str, Any]:
        """What the environment and evaluators read."""
        return {"progress": self.progress, "score": self.score, "over": self.is_over}

    @staticmethod
    def place(widget: QWidget, at: QPoint | QRect | None = None) -> tuple[int, int]:
        """Where a widget is, in pixels of the screen.

        Of check boxes and radio buttons it is the middle of box and text, which is where they are pressed.

        Args:
            at: a point or a part of it, in its own pixels; None for what can be seen of it.
        """
        window = widget.window()
        if at is None:
            point = _unclipped(widget).center()
        else:
            point = widget.mapTo(window, at.center() if isinstance(at, QRect) else at)
        place = window.mapToGlobal(point) - window.screen().geometry().topLeft()
        if place.x() >= ELSEWHERE.x() // 2:
            place -= ELSEWHERE
        return place.x(), place.y()


def _unclipped(widget: QWidget) -> QRect:
    """What the widgets around a widget leave of it, in pixels of its window; all of it if they leave nothing."""
    window = widget.window()
    size = widget.size()
    if isinstance(widget, QCheckBox | QRadioButton):
        size = size.boundedTo(widget.sizeHint())
    whole = seen = QRect(widget.mapTo(window, widget.rect().topLeft()), size)
    around = widget.parentWidget() if widget is not window else None
    while around is not None:
        seen = seen.intersected(QRect(around.mapTo(window, around.rect().topLeft()), around.size()))
        around = around.parentWidget() if around is not window else None
    return whole if seen.isEmpty() else seen
