"""Go to the named tab and press the named button there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QTabWidget, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import WORDS, one_of, some_of

__all__ = ["SwitchTab"]

_OUTER = ("Disk", "File", "Font", "Keys", "Mail", "Text", "Time", "User")
_INNER = ("Basic", "Colour", "Rules", "Size", "Style")


class SwitchTab(App):
    """Two tabs of a button (level 1), three of two, three with two tabs in each; the same buttons in all of them.

    A click on another button than the named ends the task.
    """

    theme = "choosing"
    verbs = ("click",)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        outer = some_of(rng, _OUTER, 2 if level == 1 else 3)
        inner = some_of(rng, _INNER, 2)
        words = some_of(rng, WORDS, min(level, 2))
        pages: dict[str, Any] = {title: dict.fromkeys(inner, words) if level == 3 else words for title in outer}
        # The first tab is open from the beginning.
        path = [one_of(rng, outer[1:]), *([one_of(rng, inner)] if level == 3 else [])]
        return {
            "instruction": f"Press {words[0]} in the tab {' > '.join(path)}.",
            "pages": pages,
            "path": [*path, words[0]],
            "swapped": bool(rng.integers(2)),
        }

    def fill(self, body: QWidget) -> None:
        self._tabs: dict[tuple[str, ...], QTabWidget] = {}
        self._buttons: dict[tuple[str, ...], QPushButton] = {}
        layout = QVBoxLayout(body)
        layout.setContentsMargins(3, 4, 3, 3)
        layout.addWidget(self._page((), self.params["pages"]))

    def solve(self) -> Action | None:
        path = tuple(self.params["path"])
        depth = self._depth()
        if depth == len(path) - 1:
            return Click(*self.place(self._buttons[path]))
        bar = self._tabs[path[:depth]].tabBar()
        return Click(*self.place(bar, bar.tabRect(_titles(self._tabs[path[:depth]]).index(path[depth]))))

    def _page(self, path: tuple[str, ...], content: Mapping[str, Any] | list[str]) -> QWidget:
        if isinstance(content, Mapping):
            tabs = self._tabs[path] = QTabWidget()
            for title, inner in content.items():
                tabs.addTab(self._page((*path, title), inner), title)
            tabs.currentChanged.connect(self._turned)
            return tabs
        page = QWidget()
        layout = QVBoxLayout(page)
        for word in reversed(content) if self.params["swapped"] else content:
            button = self._buttons[(*path, word)] = QPushButton(word)
            button.setFixedWidth(70)
            button.clicked.connect(partial(self._pressed, (*path, word)))
            layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch()
        return page

    def _depth(self) -> int:
        """How many tabs are open on the way to the button."""
        path = tuple(self.params["path"])
        for depth in range(len(path) - 1):
            tabs = self._tabs[path[:depth]]
            if tabs.tabText(tabs.currentIndex()) != path[depth]:
                return depth
        return len(path) - 1

    def _turned(self) -> None:
        self.report(self._depth() / len(self.params["path"]))

    def _pressed(self, path: tuple[str, ...]) -> None:
        self.finish(float(path == tuple(self.params["path"])))


def _titles(tabs: QTabWidget) -> list[str]:
    return [tabs.tabText(index) for index in range(tabs.count())]
