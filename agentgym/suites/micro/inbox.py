"""An inbox: a list of mails, one that is open, and an answer to it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from agentgym.actions import Action, Click, Scroll
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, some_of

__all__ = ["Inbox", "draw_mails", "named"]

_SUBJECTS = ("Lunch", "Invoice", "Holiday", "Meeting", "Photos", "Tickets", "Report", "Party", "Keys", "Garden")
_COUNTS = (3, 5, 9)
_ROW_PX = 32


def draw_mails(rng: np.random.Generator, level: int) -> dict[str, Any]:
    """``mails`` as [sender, subject], and which of them is ``wanted``.

    Three from different people (level 1); five of which several are from one; nine, more than fit on the screen.
    """
    count = _COUNTS[level - 1]
    senders = some_of(rng, NAMES, 3)
    mails = [
        [sender, subject] for sender, subject in zip((senders * 3)[:count], some_of(rng, _SUBJECTS, count), strict=True)
    ]
    mails = [mails[int(index)] for index in rng.permutation(count)]
    return {"mails": mails, "wanted": int(rng.integers(count))}


def named(drawn: dict[str, Any], level: int) -> str:
    """The wanted mail in words: by its sender, or by its subject, too, where there are several."""
    sender, subject = drawn["mails"][drawn["wanted"]]
    return f"the mail from {sender}" if level == 1 else f'the mail "{subject}" from {sender}'


class Inbox(QStackedWidget):
    """Three pages: the list, an open mail, the answer to it.

    ``shown`` is the number of the mail that is open or being answered, or None.
    """

    changed = Signal()
    starred = Signal(int, bool)
    deleted = Signal(int)
    sent = Signal(int, str)

    def __init__(self, mails: list[list[str]]) -> None:
        super().__init__()
        self._mails = mails
        self.shown: int | None = None
        self.stars: list[QToolButton] = []
        self._rows: list[QPushButton] = []
        self.addWidget(self._list())
        self.addWidget(self._mail())
        self.addWidget(self._answer())

    @property
    def is_answering(self) -> bool:
        return self.currentIndex() == 2

    def reach(self, app: App, widget: QWidget) -> Action:
        """A click on what is in the list; first whatever brings it into sight."""
        if self.currentIndex() != 0:
            return Click(*app.place(self.discard if self.is_answering else self.back))
        view = self._area.viewport()
        y = widget.mapTo(view, widget.rect().center()).y()
        if 6 <= y < view.height() - 6:
            return Click(*app.place(widget))
        return Scroll(0, -3 if y > 0 else 3, *app.place(self._area.verticalScrollBar()))

    def open(self, app: App, mail: int) -> Action | None:
        """The next action that opens a mail; None if it is open, or being answered."""
        return None if self.shown == mail else self.reach(app, self._rows[mail])

    def _list(self) -> QWidget:
        inner = QWidget()
        lines = QVBoxLayout(inner)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(1)
        for number, (sender, subject) in enumerate(self._mails):
            line = QHBoxLayout()
            line.setSpacing(1)
            star = QToolButton()
            star.setText("☆")
            star.setCheckable(True)
            star.setAccessibleName(f"star {subject}")
            star.setFixedSize(24, _ROW_PX)
            star.toggled.connect(partial(self._star, number))
            row = QPushButton(f"{sender}\n{subject}")
            row.setFixedHeight(_ROW_PX)
            row.setStyleSheet("text-align: left; background: white; border: none; padding-left: 4px")
            row.clicked.connect(partial(self._show, 1, number))
            line.addWidget(star)
            line.addWidget(row)
            lines.addLayout(line)
            self.stars.append(star)
            self._rows.append(row)
        lines.addStretch()
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inner)
        return self._area

    def _mail(self) -> QWidget:
        page = QWidget()
        lines = QVBoxLayout(page)
        lines.setContentsMargins(3, 3, 3, 3)
        bar = QHBoxLayout()
        bar.setSpacing(2)
        self.back, self.reply, self.delete = (QPushButton(text) for text in ("Back", "Reply", "Delete"))
        for button in (self.back, self.reply, self.delete):
            button.setMinimumWidth(20)
            bar.addWidget(button)
        self.back.clicked.connect(lambda: self._show(0, None))
        self.reply.clicked.connect(lambda: self._show(2, self.shown))
        self.delete.clicked.connect(self._delete)
        lines.addLayout(bar)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setStyleSheet("background: white; padding: 4px")
        lines.addWidget(self._text, 1)
        return page

    def _answer(self) -> QWidget:
        page = QWidget()
        lines = QVBoxLayout(page)
        lines.setContentsMargins(3, 3, 3, 3)
        self._to = QLabel()
        self.editor = QPlainTextEdit()
        self.editor.setTabChangesFocus(True)
        self.editor.textChanged.connect(self.changed)
        bar = QHBoxLayout()
        self.send, self.discard = QPushButton("Send"), QPushButton("Discard")
        self.send.clicked.connect(self._send)
        self.discard.clicked.connect(lambda: self._show(1, self.shown))
        bar.addWidget(self.send)
        bar.addWidget(self.discard)
        lines.addWidget(self._to)
        lines.addWidget(self.editor)
        lines.addLayout(bar)
        return page

    def _show(self, page: int, number: int | None, *_: object) -> None:
        self.shown = number
        if number is not None:
            sender, subject = self._mails[number]
            self._text.setText(f"From: {sender}\nSubject: {subject}\n\nPlease tell me what you think of it.")
            self._to.setText(f"To: {sender}")
        if page == 2:
            self.editor.clear()
        self.setCurrentIndex(page)
        self.changed.emit()

    def _star(self, number: int, checked: bool) -> None:
        self.stars[number].setText("★" if checked else "☆")
        self.starred.emit(number, checked)

    def _delete(self) -> None:
        if self.shown is not None:
            self.deleted.emit(self.shown)
            self._rows[self.shown].hide()
            self.stars[self.shown].hide()
        self._show(0, None)

    def _send(self) -> None:
        if self.shown is not None:
            self.sent.emit(self.shown, self.editor.toPlainText())
        self._show(0, None)
