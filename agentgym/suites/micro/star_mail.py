"""Mark mails with a star."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from agentgym.actions import Action
from agentgym.backends.qt.app import App
from agentgym.suites.micro.inbox import Inbox, draw_mails, named

__all__ = ["StarMail"]


class StarMail(App):
    """One of three mails (level 1), of five; all of one person among nine, for which the list is scrolled.

    A star on another mail ends the task.
    """

    theme = "reading"
    verbs = ("click", "scroll_up", "scroll_down")
    max_steps = 15

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        drawn = draw_mails(rng, level)
        if level < 3:
            return {**drawn, "instruction": f"Give {named(drawn, level)} a star.", "stars": [drawn["wanted"]]}
        sender = drawn["mails"][drawn["wanted"]][0]
        stars = [number for number, mail in enumerate(drawn["mails"]) if mail[0] == sender]
        return {**drawn, "instruction": f"Give each mail from {sender} a star.", "stars": stars}

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        self._inbox = Inbox(self.params["mails"])
        self._inbox.starred.connect(self._starred)
        layout.addWidget(self._inbox)

    def solve(self) -> Action | None:
        missing = (number for number in self.params["stars"] if not self._inbox.stars[number].isChecked())
        number = next(missing, None)
        return None if number is None else self._inbox.reach(self, self._inbox.stars[number])

    def _starred(self, number: int, _: bool) -> None:
        wanted = self.params["stars"]
        given = sum(self._inbox.stars[star].isChecked() for star in wanted)
        self.report(given / len(wanted))
        if number not in wanted:
            self.finish(0.0)
        elif given == len(wanted):
            self.finish(1.0)
