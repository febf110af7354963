"""Delete a mail."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.inbox import Inbox, draw_mails, named

__all__ = ["DeleteMail"]


class DeleteMail(App):
    """Three mails (level 1); five, several from one person; nine, for which the list is scrolled."""

    theme = "reading"
    verbs = ("click", "scroll_up", "scroll_down")

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        drawn = draw_mails(rng, level)
        return {**drawn, "instruction": f"Delete {named(drawn, level)}."}

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        self._inbox = Inbox(self.params["mails"])
        self._inbox.deleted.connect(lambda number: self.finish(float(number == self.params["wanted"])))
        self._inbox.changed.connect(lambda: self.report(0.5 * (self._inbox.shown == self.params["wanted"])))
        layout.addWidget(self._inbox)

    def solve(self) -> Action | None:
        inbox = self._inbox
        if (opening := inbox.open(self, self.params["wanted"])) is not None:
            return opening
        return Click(*self.place(inbox.discard if inbox.is_answering else inbox.delete))
