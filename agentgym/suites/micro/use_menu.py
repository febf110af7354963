"""Choose an entry of a menu."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import WORDS, some_of

__all__ = ["UseMenu"]

_MENUS = ("File", "Edit", "View")


class UseMenu(App):
    """One menu of three entries (level 1), three menus of four; with submenus (level 3)."""

    theme = "choosing"
    verbs = ("click",)
    keys = ()

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        count = (3, 12, 12)[level - 1]
        words = some_of(rng, WORDS, count)
        titles = _MENUS[: 1 if level == 1 else 3]
        size = count // len(titles)
        menus: dict[str, list[Any]] = {title: words[at * size : (at + 1) * size] for at, title in enumerate(titles)}
        path = [titles[int(rng.integers(len(titles)))]]
        path.append(menus[path[0]][int(rng.integers(size))])
        if level == 3:
            # The last two entries of each menu are in a submenu.
            menus = {title: [*entries[:2], {"More": entries[2:]}] for title, entries in menus.items()}
            if path[1] not in menus[path[0]]:
                path.insert(1, "More")
        return {"instruction": f"Choose {' > '.join(path)} in the menu.", "menus": menus, "path": path}

    def fill(self, body: QWidget) -> None:
        self._bar = QMenuBar(body)
        self._bar.setGeometry(0, 0, body.width(), 24)
        self._menus = {}
        for title, entries in self.params["menus"].items():
            self._menus[title] = self._menu((title,), entries, self._bar)
            self._bar.addMenu(self._menus[title])

    def solve(self) -> Action | None:
        for depth in range(len(self.params["path"]) - 1, 0, -1):
            menu = self._menus["/".join(self.params["path"][:depth])]
            if menu.isVisible():
                return Click(*self.place(menu, _entry(menu, self.params["path"][depth])))
        return Click(*self.place(self._bar, _entry(self._bar, self.params["path"][0])))

    def _menu(self, path: tuple[str, ...], entries: list[Any], parent: QWidget) -> QMenu:
        menu = QMenu(path[-1], parent)
        menu.aboutToShow.connect(partial(self._opened, path))
        for entry in entries:
            if isinstance(entry, dict):
                for title, inner in entry.items():
                    submenu = self._menu((*path, title), inner, menu)
                    self._menus["/".join((*path, title))] = submenu
                    menu.addMenu(submenu)
            else:
                menu.addAction(entry).triggered.connect(partial(self._chosen, (*path, entry)))
        return menu

    def _opened(self, path: tuple[str, ...]) -> None:
        wanted = tuple(self.params["path"])
        self.report(len(path) / len(wanted) if wanted[: len(path)] == path else 0.0)

    def _chosen(self, path: tuple[str, ...], *_: object) -> None:
        self.finish(float(path == tuple(self.params["path"])))


def _entry(menu: QMenu | QMenuBar, text: str) -> QPoint:
    """The middle of what opens a menu, left of it else: a menu takes no click where the pointer was when it opened."""
    action = next(action for action in menu.actions() if action.text() == text)
    place = menu.actionGeometry(action)
    return (
        place.center() if action.menu() is not None else QPoint(place.left() + place.width() // 4, place.center().y())
    )
