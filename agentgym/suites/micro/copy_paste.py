"""Copy a text from one field into another."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPushButton, QWidget

from agentgym.actions import Action, Click, Hotkey, Press
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, some_of
from agentgym.suites.micro.fields import SELECT_ALL, has_focus

__all__ = ["CopyPaste"]

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
_TITLES = ("Order", "Ticket", "Invoice")
_TARGETS = ("Memo", "Note")
_COPY, _PASTE = Hotkey(("ctrl", "c")), Hotkey(("ctrl", "v"))


class CopyPaste(App):
    """From a field into the only other (level 1), from one of three, into one of two that holds an old text.

    Fields that are copied from cannot be changed. The button judges.
    """

    theme = "typing"
    verbs = ("click", "key")
    keys = ("ctrl+a", "ctrl+c", "ctrl+v", "ctrl+x", "tab", "backspace")
    max_steps = 20

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        titles = some_of(rng, _TITLES, 1 if level == 1 else 3)
        targets = some_of(rng, _TARGETS, 2 if level == 3 else 1)
        sources = {title: "".join(some_of(rng, _SIGNS, 4 + 2 * level)) for title in titles}
        order = [int(index) for index in rng.permutation(len(titles))]
        return {
            "instruction": f"Copy {titles[0]} into {targets[0]} and press Submit.",
            "sources": {titles[index]: sources[titles[index]] for index in order},
            "targets": {
                target: some_of(rng, NAMES, 1)[0] if level == 3 and target == targets[0] else ""
                for target in sorted(targets)
            },
            "source": titles[0],
            "target": targets[0],
        }

    def fill(self, body: QWidget) -> None:
        layout = QFormLayout(body)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setVerticalSpacing(4)
        self.clipboard = ""
        self._edits = {}
        for title, text in {**self.params["sources"], **self.params["targets"]}.items():
            self._edits[title] = edit = _Field(self, text)
            edit.setReadOnly(title in self.params["sources"])
            edit.textChanged.connect(self.changed)
            layout.addRow(title, edit)
        self._button = QPushButton("Submit")
        self._button.clicked.connect(lambda: self.finish(float(not self._wrong())))
        layout.addRow(self._button)

    def solve(self) -> Action | None:
        wrong = self._wrong()
        if not wrong:
            return Click(*self.place(self._button))
        source, target = self._edits[self.params["source"]], self._edits[wrong[0]]
        needs_text = wrong[0] == self.params["target"]
        field = source if needs_text and self.clipboard != source.text() else target
        if not has_focus(field):
            return Click(*self.place(field))
        if field.text() and field.selectedText() != field.text():
            return SELECT_ALL
        if field is source:
            return _COPY
        return _PASTE if needs_text else Press("backspace")

    def changed(self) -> None:
        """Looks at the fields and the clipboard again."""
        wrong = self._wrong()
        if not wrong:
            self.report(0.9)
        elif wrong == [self.params["target"]] and self.clipboard == self.params["sources"][self.params["source"]]:
            self.report(0.5)
        else:
            self.report(0.0)

    def _wrong(self) -> list[str]:
        """Which of the fields hold another text than they should."""
        wanted = dict.fromkeys(self.params["targets"], "")
        wanted[self.params["target"]] = self.params["sources"][self.params["source"]]
        return [title for title, text in wanted.items() if self._edits[title].text() != text]


class _Field(QLineEdit):
    """A field with the clipboard of its application: Qt's is one for all applications of the process."""

    def __init__(self, app: CopyPaste, text: str) -> None:
        super().__init__(text)
        self._app = app
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        key = QKeySequence.StandardKey
        if event.matches(key.Paste):
            if not self.isReadOnly():
                self.insert(self._app.clipboard)
        elif event.matches(key.Copy) or event.matches(key.Cut):
            self._copy(is_cut=event.matches(key.Cut))
        elif not event.matches(key.DeleteEndOfLine):
            # That one would put the rest of the line into Qt's clipboard.
            super().keyPressEvent(event)

    def _copy(self, *, is_cut: bool) -> None:
        if not self.selectedText():
            return
        self._app.clipboard = self.selectedText()
        if is_cut and not self.isReadOnly():
            self.del_()
        self._app.changed()
