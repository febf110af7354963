"""Open the menu of the named file and choose what to do with it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QListWidget, QMenu, QVBoxLayout, QWidget

from agentgym.actions import Action, Click, RightClick
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import some_of

__all__ = ["ContextMenu"]

_FILES = ("budget.ods", "letter.txt", "map.png", "notes.txt", "plan.pdf", "poem.txt", "song.mp3", "trip.jpg")
_ENTRIES = ("Copy", "Cut", "Delete", "Open", "Print", "Rename", "Share")
_COUNTS = ((1, 2), (3, 3), (7, 5))
_BESIDE = 5


class ContextMenu(App):
    """One file with two things to do (level 1), three with three, seven with five.

    Another thing than the named, or with another file, ends the task.
    """

    theme = "choosing"
    verbs = ("click", "right_click")

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        files, entries = _COUNTS[level - 1]
        names = some_of(rng, _FILES, files)
        chosen = some_of(rng, _ENTRIES, entries)
        return {
            "instruction": f"Right-click {names[0]} and choose {chosen[0]}.",
            "files": sorted(names),
            "entries": sorted(chosen),
            "file": names[0],
            "entry": chosen[0],
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        self._list = QListWidget()
        self._list.setSpacing(1)
        self._list.addItems(self.params["files"])
        self._list.setAutoScroll(False)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._open)
        layout.addWidget(self._list)
        self._menus = {}
        for name in self.params["files"]:
            self._menus[name] = menu = QMenu(self)
            menu.aboutToHide.connect(partial(self.report, 0.0))
            for entry in self.params["entries"]:
                menu.addAction(entry).triggered.connect(partial(self._chosen, name, entry))

    def solve(self) -> Action | None:
        menu = self._menus[self.params["file"]]
        if menu.isVisible():
            action = menu.actions()[self.params["entries"].index(self.params["entry"])]
            return Click(*self.place(menu, menu.actionGeometry(action)))
        if any(other.isVisible() for other in self._menus.values()):
            # Beside a menu, a click closes it.
            return Click(*self.place(self, QPoint(_BESIDE, _BESIDE)))
        item = self._list.item(self.params["files"].index(self.params["file"]))
        return RightClick(*self.place(self._list.viewport(), self._list.visualItemRect(item)))

    def _open(self, point: QPoint) -> None:
        item = self._list.itemAt(point)
        if item is None:
            return
        menu = self._menus[item.text()]
        corner = self._list.viewport().mapTo(self, point)
        room = self.rect().bottomRight() - QPoint(menu.sizeHint().width(), menu.sizeHint().height())
        menu.popup(self.mapToGlobal(QPoint(min(corner.x() + 1, room.x()), min(corner.y() + 1, room.y()))))
        self.report(0.5 * (item.text() == self.params["file"]))

    def _chosen(self, name: str, entry: str, *_: object) -> None:
        self.finish(float((name, entry) == (self.params["file"], self.params["entry"])))
