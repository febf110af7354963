"""Applications to act in, and a person's hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("PySide6", reason="the qt backend is an extra")

from agentgym.actions import Action, Click
from agentgym.backends.qt.apps import PROGRAM, apps
from agentgym.backends.qt.backend import QtBackend

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

for _name in ("Gallery", "Pad", "Ticker", "Dragger", "Faulty"):
    apps.register_lazily(f"test-{_name.lower()}", f"tests.backends.qt.gallery:{_name}")

SIZES = {"gallery": (320, 300)}


class Desk:
    """A backend with an application, and what one does there."""

    def __init__(self, name: str) -> None:
        self.backend = QtBackend(SIZES.get(name, (160, 210)))
        self.name = name
        self.restart()

    def restart(self) -> None:
        self.backend.reset(seed=0)
        self.backend.launch([PROGRAM, f"test-{self.name}", "{}"])
        assert self.backend.settle(0)

    @property
    def app(self) -> Any:
        return self.backend.app

    def do(self, *actions: Action) -> npt.NDArray[np.uint8]:
        """Does one after the other, each a step; gives the last screen."""
        for action in actions:
            self.backend.perform(action)
            assert self.backend.settle(0)
        return self.screen()

    def screen(self) -> npt.NDArray[np.uint8]:
        shot: npt.NDArray[np.uint8] = self.backend.observe(["screenshot"])["screenshot"]
        return shot

    def tree(self) -> str:
        return str(self.backend.observe(["accessibility_tree"])["accessibility_tree"])

    def click(self, widget: QWidget) -> npt.NDArray[np.uint8]:
        return self.do(Click(*self.app.place(widget)))

    def page(self, number: int) -> None:
        """Turns to a page of the gallery."""
        bar = self.app.tabs.tabBar()
        place = bar.mapTo(self.app, bar.tabRect(number).center())
        self.do(Click(place.x(), place.y()))
        assert self.app.tabs.currentIndex() == number


@pytest.fixture
def open_desk() -> Iterator[Callable[[str], Desk]]:
    """Opens applications by name, each in an environment of its own."""
    with ExitStack() as stack:

        def make(name: str) -> Desk:
            desk = Desk(name)
            stack.callback(desk.backend.close)
            return desk

        yield make


@pytest.fixture
def gallery(open_desk: Callable[[str], Desk]) -> Desk:
    return open_desk("gallery")
