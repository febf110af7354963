"""The least that a click on a small task can cost: its widgets, driven by Qt's own events, and nothing of ours."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import gymnasium as gym
import msgspec
import numpy as np
import numpy.typing as npt
from micro_peers import Click
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from agentgym.backends.qt.apps import NATIVE, apps

__all__ = ["Bare", "Pair", "pairs"]

_Button, _Kind = Qt.MouseButton, QEvent.Type
_CLICK = (
    (_Kind.MouseMove, _Button.NoButton, _Button.NoButton),
    (_Kind.MouseButtonPress, _Button.LeftButton, _Button.LeftButton),
    (_Kind.MouseButtonRelease, _Button.LeftButton, _Button.NoButton),
)


class Bare:
    """The window of a task on a screen of Qt's that no environment uses.

    Args:
        name: of the application.
        params: as its ``draw`` gave them.
    """

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        self._window: QWidget = (app := apps[name](params))
        self._corner = QApplication.screens()[-1].geometry().topLeft()
        app.setWindowFlags(Qt.WindowType.FramelessWindowHint)
        app.setFixedSize(*NATIVE)
        app.move(self._corner)
        app.build()
        app.show()
        app.activateWindow()
        QCoreApplication.sendPostedEvents()
        self._image = QImage(*NATIVE, QImage.Format.Format_RGB32)

    def click(self, click: Click) -> None:
        """Delivers what a click is to Qt's window, and what comes of it; no painting."""
        x, y = click.pixel
        inside = QPointF(x, y)
        spot = QPointF(self._corner.x() + x, self._corner.y() + y)
        handle = self._window.windowHandle()
        for kind, button, down in _CLICK:
            event = QMouseEvent(kind, inside, inside, spot, button, down, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.sendEvent(handle, event)

    def paint(self) -> None:
        """Has Qt paint what changed into the window's picture in memory."""
        QCoreApplication.sendPostedEvents()
        QCoreApplication.sendEvent(self._window, QEvent(_Kind.UpdateRequest))

    def render(self) -> None:
        """Has Qt paint all of the window into a picture of the caller's, as who does not follow changes must."""
        self._window.render(self._image)

    @property
    def picture(self) -> npt.NDArray[np.uint8]:
        """What has been painted, uint8 (height, width, 3) RGB."""
        image = self._window.backingStore().paintDevice()
        assert isinstance(image, QImage), "it is painted in memory"
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
        return cv2.cvtColor(rows[:, : image.width()], cv2.COLOR_BGRA2RGB)  # type: ignore[return-value]

    def close(self) -> None:
        self._window.hide()
        self._window.deleteLater()
        QCoreApplication.sendPostedEvents(None, _Kind.DeferredDelete.value)


@dataclass
class Pair:
    """Seconds of one click on both sides; ``hit`` says whether anything was painted for it."""

    hit: bool
    ours: float
    delivery: float
    painting: float
    rendering: float = field(default=0.0)


def pairs(env: gym.Env[Any, Any], clicks: Sequence[Click], *, episode: int = 10) -> list[Pair]:
    """Plays the same clicks on the same windows, with ours and without, an episode of each in turn.

    Raises:
        RuntimeError: if the two do not show the same in the end.
    """
    found: list[Pair] = []
    seed = 0
    while len(found) < len(clicks):
        env.reset(seed=seed)
        played = _ours(env, clicks[len(found) : len(found) + episode])
        machine = env.unwrapped.backend  # type: ignore[attr-defined]
        command = env.unwrapped.task.setup[0].parameters["command"]  # type: ignore[attr-defined]
        shown = machine.observe(["screenshot"])["screenshot"]
        bare = Bare(command[1], msgspec.json.decode(command[2]))
        before = bare.picture
        for click, ours in played:
            start = time.perf_counter()
            bare.click(click)
            delivered = time.perf_counter()
            bare.paint()
            painted = time.perf_counter()
            bare.render()
            rendered = time.perf_counter()
            after = bare.picture
            hit = not np.array_equal(before, after)
            found.append(Pair(hit, ours, delivered - start, painted - delivered, rendered - painted))
            before = after
        bare.close()
        _check_same(shown, before, played[-1][0])
        seed += 1
    return found


def _ours(env: gym.Env[Any, Any], clicks: Sequence[Click]) -> list[tuple[Click, float]]:
    played: list[tuple[Click, float]] = []
    for click in clicks:
        action = np.array([0, *click, 0])
        start = time.perf_counter()
        _, _, terminated, truncated, _ = env.step(action)
        played.append((click, time.perf_counter() - start))
        if terminated or truncated:
            break
    return played


def _check_same(ours: npt.NDArray[np.uint8], theirs: npt.NDArray[np.uint8], pointer: Click) -> None:
    x, y = pointer.pixel
    differing = np.argwhere((ours != theirs).any(axis=2))
    # The pointer is ours: an arrow of 8 by 11 pixels.
    if any(not (x <= column < x + 8 and y <= row < y + 11) for row, column in differing):
        raise RuntimeError("the widgets show something else without us: the two sides did not do the same")
