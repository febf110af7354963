"""Open the folders of a tree and click what is in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import one_of, some_of

__all__ = ["OpenTree"]

_FOLDERS = ("Home", "Music", "Photos", "School", "Travel", "Work")
_INNER = ("Drafts", "Done", "Old", "Shared", "Private")
_LEAVES = ("Budget", "Letter", "List", "Map", "Notes", "Plan", "Report", "Table", "Ticket")


class OpenTree(App):
    """Two folders of two (level 1), three of three, three of two folders each; the same names in all of them.

    A click on another leaf than the named ends the task.
    """

    theme = "choosing"
    verbs = ("click",)

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        size = 2 if level == 1 else 3
        leaves = some_of(rng, _LEAVES, size)
        inner = some_of(rng, _INNER, 2)
        tree: dict[str, Any] = {
            folder: dict.fromkeys(inner, leaves) if level == 3 else leaves for folder in some_of(rng, _FOLDERS, size)
        }
        path = [one_of(rng, tuple(tree)), *([one_of(rng, inner)] if level == 3 else []), one_of(rng, leaves)]
        return {"instruction": f"Open the tree and click {' > '.join(path)}.", "tree": tree, "path": path}

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        self._tree = QTreeWidget()
        self._tree.setHeaderHidden(True)
        self._tree.setAutoScroll(False)
        self._items: dict[tuple[str, ...], QTreeWidgetItem] = {}
        self._add((), self.params["tree"], self._tree.invisibleRootItem())
        self._tree.itemExpanded.connect(self._opened)
        self._tree.itemCollapsed.connect(self._opened)
        self._tree.itemClicked.connect(self._clicked)
        layout.addWidget(self._tree)

    def solve(self) -> Action | None:
        path = tuple(self.params["path"])
        opened = self._depth()
        row = self._tree.visualItemRect(self._items[path[: opened + 1]])
        if opened == len(path) - 1:
            return Click(*self.place(self._tree.viewport(), row))
        arrow = QPoint(row.left() - self._tree.indentation() // 2, row.center().y())
        return Click(*self.place(self._tree.viewport(), arrow))

    def _add(self, path: tuple[str, ...], names: Mapping[str, Any] | Sequence[str], parent: QTreeWidgetItem) -> None:
        for name in names:
            item = self._items[(*path, name)] = QTreeWidgetItem(parent, [name])
            if isinstance(names, Mapping):
                self._add((*path, name), names[name], item)

    def _depth(self) -> int:
        """How many folders are open on the way to what is wanted."""
        path = tuple(self.params["path"])
        for depth in range(1, len(path)):
            if not self._items[path[:depth]].isExpanded():
                return depth - 1
        return len(path) - 1

    def _opened(self) -> None:
        self.report(self._depth() / len(self.params["path"]))

    def _clicked(self, item: QTreeWidgetItem) -> None:
        if not item.childCount():
            self.finish(float(item is self._items[tuple(self.params["path"])]))
