"""Delete or rename a file in a folder."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from agentgym.actions import Action, Click, DoubleClick
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import one_of, some_of
from agentgym.suites.micro.fields import enter, rightness

__all__ = ["ManageFiles"]

_FOLDERS = ("Home", "Music", "Photos", "School", "Travel", "Work")
_INNER = ("Done", "Drafts", "Old", "Shared")
_FILES = ("budget", "letter", "list", "map", "notes", "plan", "report", "table", "ticket")
_LIST, _DELETE, _RENAME = range(3)


class ManageFiles(App):
    """Delete a file in one of two folders (level 1); rename one in three; either, in a folder of a folder.

    All folders hold files of the same names. The first thing deleted or renamed ends the task.
    """

    theme = "composing"
    verbs = ("click", "double_click", "key")
    keys = ("word0", "enter", "ctrl+a", "backspace", "delete")
    max_steps = 22

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        *names, new = some_of(rng, _FILES, 4)
        files: dict[str, Any] = dict.fromkeys(f"{name}.txt" for name in names)
        inner = some_of(rng, _INNER, 2)
        folder = {**dict.fromkeys(inner, files), **files} if level == 3 else files
        folders = some_of(rng, _FOLDERS, 2 if level == 1 else 3)
        path = [one_of(rng, folders), *([one_of(rng, inner)] if level == 3 else [])]
        wanted, renames = one_of(rng, tuple(files)), level == 2 or (level == 3 and rng.random() < 0.5)
        where = " > ".join(path)
        told = f'rename {wanted} to "{new}.txt"' if renames else f"delete {wanted}"
        return {
            "instruction": f"In {where} {told}.",
            "tree": dict.fromkeys(folders, folder) | dict.fromkeys([f"{names[0]}.txt"]),
            "path": path,
            "wanted": wanted,
            "new": f"{new}.txt" if renames else None,
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(4, 4, 4, 4)
        # A copy in which no two folders are one dictionary, as they may be in what ``draw`` gave.
        self._tree: dict[str, Any] = json.loads(json.dumps(self.params["tree"]))
        self._path: list[str] = []
        self._pages = QStackedWidget()
        for page in (self._browser(), self._question(), self._naming()):
            self._pages.addWidget(page)
        self._pages.currentChanged.connect(self._changed)
        layout.addWidget(self._pages)
        self._show([])

    def solve(self) -> Action | None:
        page, new = self._pages.currentIndex(), self.params["new"]
        if page == _LIST:
            return self._seek()
        asked = _DELETE if new is None else _RENAME
        if page != asked or not self._is_chosen():
            return Click(*self.place(self._no if page == _DELETE else self._cancel))
        if new is None:
            return Click(*self.place(self._yes))
        return Click(*self.place(self._save)) if self._edit.text() == new else enter(self._edit, new)

    def _seek(self) -> Action:
        """The next action in the list of files."""
        path, here = self.params["path"], self._path
        if path[: len(here)] != here:
            return Click(*self.place(self._up))
        if here != path:
            return DoubleClick(*self._place_of(path[len(here)]))
        if not self._is_chosen():
            return Click(*self._place_of(self.params["wanted"]))
        return Click(*self.place(self._delete if self.params["new"] is None else self._rename))

    def _browser(self) -> QWidget:
        self._where, self._rows = QLabel(), QListWidget()
        self._rows.setAutoScroll(False)
        self._rows.itemDoubleClicked.connect(self._open)
        self._rows.itemSelectionChanged.connect(self._changed)
        self._up, self._rename, self._delete = (QPushButton(text) for text in ("Up", "Rename", "Delete"))
        self._up.clicked.connect(lambda: self._show(self._path[:-1]))
        self._rename.clicked.connect(self._ask_name)
        self._delete.clicked.connect(self._ask)
        return _page([self._where, self._rows], [self._up, self._rename, self._delete])

    def _question(self) -> QWidget:
        self._asked, self._yes, self._no = QLabel(), QPushButton("Yes"), QPushButton("No")
        self._yes.clicked.connect(lambda: self._change(None))
        self._no.clicked.connect(lambda: self._pages.setCurrentIndex(_LIST))
        return _page([self._asked], [self._yes, self._no])

    def _naming(self) -> QWidget:
        self._edit, self._error = QLineEdit(), QLabel()
        self._error.setStyleSheet("color: #b00020")
        self._edit.textChanged.connect(self._changed)
        self._edit.returnPressed.connect(self._try_name)
        self._save, self._cancel = QPushButton("Save"), QPushButton("Cancel")
        self._save.clicked.connect(self._try_name)
        self._cancel.clicked.connect(lambda: self._pages.setCurrentIndex(_LIST))
        return _page([QLabel("New name:"), self._edit, self._error], [self._save, self._cancel])

    def _folder(self) -> dict[str, Any]:
        folder: dict[str, Any] = self._tree
        for name in self._path:
            folder = folder[name]
        return folder

    def _show(self, path: list[str]) -> None:
        self._path = path
        self._where.setText(" > ".join(["Files", *path]))
        self._rows.clear()
        for name, inside in self._folder().items():
            icon = QStyle.StandardPixmap.SP_FileIcon if inside is None else QStyle.StandardPixmap.SP_DirIcon
            QListWidgetItem(self.style().standardIcon(icon), name, self._rows)
        self._up.setEnabled(bool(path))
        self._pages.setCurrentIndex(_LIST)
        self._changed()

    def _place_of(self, name: str) -> tuple[int, int]:
        row = list(self._folder()).index(name)
        return self.place(self._rows.viewport(), self._rows.visualItemRect(self._rows.item(row)))

    def _chosen(self) -> str | None:
        items = self._rows.selectedItems()
        return items[0].text() if items else None

    def _is_chosen(self) -> bool:
        where: tuple[list[str], str] = self.params["path"], self.params["wanted"]
        return (self._path, self._chosen()) == where

    def _open(self, item: QListWidgetItem) -> None:
        if self._folder()[item.text()] is not None:
            self._show([*self._path, item.text()])

    def _ask(self) -> None:
        if (name := self._chosen()) is not None:
            self._asked.setText(f"Delete {name}?")
            self._pages.setCurrentIndex(_DELETE)

    def _ask_name(self) -> None:
        if (name := self._chosen()) is not None:
            self._edit.setText(name)
            self._error.clear()
            self._pages.setCurrentIndex(_RENAME)

    def _try_name(self) -> None:
        name = self._edit.text().strip()
        if not name or name in self._folder():
            self._error.setText("Name is taken" if name else "Name is missing")
            return
        self._change(name)

    def _change(self, new: str | None) -> None:
        """Deletes what is chosen, or gives it another name."""
        self.finish(float(self._is_chosen() and new == self.params["new"]))
        folder, chosen = self._folder(), self._chosen()
        kept = {new if name == chosen else name: inside for name, inside in folder.items()}
        folder.clear()
        folder.update({name: inside for name, inside in kept.items() if name is not None})
        self._show(self._path)

    def _changed(self) -> None:
        path, page, new = self.params["path"], self._pages.currentIndex(), self.params["new"]
        if not self._is_chosen():
            right = self._path if path[: len(self._path)] == self._path else []
            self.report(0.4 * len(right) / len(path))
        elif page == _RENAME and new is not None:
            self.report(0.6 + 0.3 * rightness(self._edit.text(), new))
        else:
            self.report(0.8 if page == _DELETE and new is None else 0.5)


def _page(widgets: list[QWidget], buttons: list[QPushButton]) -> QWidget:
    page = QWidget()
    lines = QVBoxLayout(page)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.setSpacing(3)
    for widget in widgets:
        lines.addWidget(widget)
    bar = QHBoxLayout()
    bar.setSpacing(2)
    for button in buttons:
        button.setMinimumWidth(20)
        bar.addWidget(button)
    if not isinstance(widgets[-1], QListWidget):
        lines.insertStretch(-1)
    lines.addLayout(bar)
    return page
