"""Log in and switch an option on in the settings."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import NAMES, one_of, some_of
from agentgym.suites.micro.fields import enter, rightness

__all__ = ["LoginSettings"]

_SHORT_NAMES = tuple(name for name in NAMES if len(name) <= 6)
_TABS = ("Mail", "Chat", "News")
_OPTIONS = ("Sounds", "Badges", "Backup", "Dark mode", "Previews", "Reminders")
_COUNTS = (2, 4, 3)
_LOGIN, _HOME, _SETTINGS = range(3)


class LoginSettings(App):
    """Two options (level 1); four, some of them on; three in each of two tabs, with the same names. Saving judges.

    Cancel forgets what was switched.
    """

    theme = "composing"
    verbs = ("click", "key")
    keys = ("word0", "word1", "tab", "enter", "ctrl+a", "backspace")
    max_steps = 25

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        name = one_of(rng, _SHORT_NAMES)
        password = "".join(one_of(rng, "abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5))
        tabs = some_of(rng, _TABS, 2) if level == 3 else ["General"]
        options = some_of(rng, _OPTIONS, _COUNTS[level - 1])
        wanted = [one_of(rng, tabs), one_of(rng, options)]
        on = [
            [tab, option]
            for tab in tabs
            for option in options
            if level > 1 and [tab, option] != wanted and rng.random() < 0.4
        ]
        where = f"Settings > {wanted[0]}" if level == 3 else "Settings"
        return {
            "instruction": f'Log in: "{name}", "{password}". Set {where} > {wanted[1]} on and save.',
            "name": name,
            "password": password,
            "tabs": tabs,
            "options": options,
            "on": on,
            "wanted": wanted,
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        self._pages = QStackedWidget()
        for page in (self._login(), self._home(), self._settings()):
            self._pages.addWidget(page)
        self._pages.currentChanged.connect(self._changed)
        layout.addWidget(self._pages)

    def solve(self) -> Action | None:
        page = self._pages.currentIndex()
        if page == _HOME:
            return Click(*self.place(self._open))
        if page == _LOGIN:
            for edit, wanted in ((self._name, self.params["name"]), (self._password, self.params["password"])):
                if edit.text() != wanted:
                    return enter(edit, wanted)
            return Click(*self.place(self._enter))
        wrong = self._wrong()
        if not wrong:
            return Click(*self.place(self._save))
        tab = self.params["tabs"].index(wrong[0][0])
        if self._tabs is None or self._tabs.currentIndex() == tab:
            return Click(*self.place(self._boxes[wrong[0]]))
        return Click(*self.place(self._tabs.tabBar(), self._tabs.tabBar().tabRect(tab)))

    def _login(self) -> QWidget:
        page, lines = _page()
        self._name, self._password, self._error = QLineEdit(), QLineEdit(), QLabel()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._error.setStyleSheet("color: #b00020")
        self._enter = QPushButton("Log in")
        for edit, label in ((self._name, "Name"), (self._password, "Password")):
            edit.textChanged.connect(self._changed)
            edit.returnPressed.connect(self._try)
            lines.addWidget(QLabel(label))
            lines.addWidget(edit)
        lines.addWidget(self._enter)
        lines.addWidget(self._error)
        lines.addStretch()
        self._enter.clicked.connect(self._try)
        return page

    def _home(self) -> QWidget:
        page, lines = _page()
        lines.addWidget(QLabel(f"Welcome, {self.params['name']}!"))
        self._open, leave = QPushButton("Settings"), QPushButton("Log out")
        self._open.clicked.connect(self._enter_settings)
        leave.clicked.connect(self._leave)
        lines.addWidget(self._open)
        lines.addWidget(leave)
        lines.addStretch()
        return page

    def _settings(self) -> QWidget:
        page, lines = _page()
        tabs = self.params["tabs"]
        self._boxes: dict[tuple[str, str], QCheckBox] = {}
        self._tabs = QTabWidget() if len(tabs) > 1 else None
        for tab in tabs:
            group = self._group(tab)
            if self._tabs is None:
                lines.addWidget(group)
            else:
                self._tabs.addTab(group, tab)
        if self._tabs is not None:
            lines.addWidget(self._tabs)
        lines.addStretch()
        bar = QHBoxLayout()
        self._save, cancel = QPushButton("Save"), QPushButton("Cancel")
        self._save.clicked.connect(lambda: self.finish(float(not self._wrong())))
        cancel.clicked.connect(lambda: self._pages.setCurrentIndex(_HOME))
        bar.addWidget(self._save)
        bar.addWidget(cancel)
        lines.addLayout(bar)
        return page

    def _group(self, tab: str) -> QWidget:
        group, lines = _page()
        for option in self.params["options"]:
            self._boxes[tab, option] = box = QCheckBox(option)
            box.toggled.connect(self._changed)
            lines.addWidget(box)
        return group

    def _try(self) -> None:
        found = [self._name.text(), self._password.text()]
        if found != [self.params["name"], self.params["password"]]:
            self._error.setText("Wrong name or password")
            return
        self._pages.setCurrentIndex(_HOME)

    def _enter_settings(self) -> None:
        for (tab, option), box in self._boxes.items():
            box.setChecked([tab, option] in self.params["on"])
        if self._tabs is not None:
            self._tabs.setCurrentIndex(0)
        self._pages.setCurrentIndex(_SETTINGS)

    def _leave(self) -> None:
        for edit in (self._name, self._password):
            edit.clear()
        self._error.clear()
        self._pages.setCurrentIndex(_LOGIN)

    def _wrong(self) -> list[tuple[str, str]]:
        """The options that are not as they have to be."""
        on = [*self.params["on"], self.params["wanted"]]
        return [key for key, box in self._boxes.items() if box.isChecked() != (list(key) in on)]

    def _changed(self) -> None:
        page = self._pages.currentIndex()
        if page == _SETTINGS:
            self.report(0.6 + 0.3 / (1 + len(self._wrong())))
            return
        name = rightness(self._name.text(), self.params["name"])
        password = rightness(self._password.text(), self.params["password"])
        self.report(0.5 if page == _HOME else 0.2 * (name + password))


def _page() -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    lines = QVBoxLayout(page)
    lines.setContentsMargins(6, 4, 6, 4)
    lines.setSpacing(4)
    return page, lines
