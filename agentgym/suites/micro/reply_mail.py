"""Reply to a mail."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from agentgym.actions import Action, Click, TypeText
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import one_of
from agentgym.suites.micro.fields import SELECT_ALL, has_focus, rightness
from agentgym.suites.micro.inbox import Inbox, draw_mails, named

__all__ = ["ReplyMail"]

_REPLIES = ("Yes, thanks", "No, sorry", "See you at ten", "Not today", "I agree", "Ask me later", "Well done")


class ReplyMail(App):
    """Three mails (level 1); five, several from one person; nine, for which the list is scrolled. Sending judges."""

    theme = "reading"
    verbs = ("click", "scroll_up", "scroll_down", "key")
    keys = ("word0", "word1", "ctrl+a", "backspace")
    max_steps = 15

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        drawn, text = draw_mails(rng, level), one_of(rng, _REPLIES)
        return {**drawn, "text": text, "instruction": f'Reply "{text}" to {named(drawn, level)}.'}

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        self._inbox = Inbox(self.params["mails"])
        self._inbox.sent.connect(self._sent)
        self._inbox.changed.connect(self._changed)
        layout.addWidget(self._inbox)

    def solve(self) -> Action | None:
        inbox, wanted = self._inbox, self.params["text"]
        if (opening := inbox.open(self, self.params["wanted"])) is not None:
            return opening
        if not inbox.is_answering:
            return Click(*self.place(inbox.reply))
        text = inbox.editor.toPlainText()
        if text == wanted:
            return Click(*self.place(inbox.send))
        if not has_focus(inbox.editor):
            return Click(*self.place(inbox.editor))
        return TypeText(wanted) if inbox.editor.textCursor().selectedText() == text else SELECT_ALL

    def _changed(self) -> None:
        inbox = self._inbox
        if inbox.shown != self.params["wanted"]:
            self.report(0.0)
            return
        typed = rightness(inbox.editor.toPlainText(), self.params["text"])
        self.report(0.4 + 0.5 * typed if inbox.is_answering else 0.2)

    def _sent(self, number: int, text: str) -> None:
        self.finish(float(number == self.params["wanted"] and text.strip() == self.params["text"]))
