"""Give the text or the background of a note the named colour."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QRadioButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import COLOURS, some_of

__all__ = ["PickColour"]

_PLAIN = tuple(name for name in COLOURS if name not in ("black", "white"))
_TONES = {
    "light red": "#f5a3a3",
    "red": "#d62728",
    "dark red": "#7a1010",
    "light green": "#a5e3a5",
    "green": "#2ca02c",
    "dark green": "#125412",
    "light blue": "#a9c4f7",
    "blue": "#1f4fd6",
    "dark blue": "#0e2366",
    "light purple": "#d9b8ee",
    "purple": "#8b3fc4",
    "dark purple": "#44176a",
}
_PARTS = ("Text", "Background")
_START = {"Text": "black", "Background": "white"}
_SWATCH, _PITCH, _COLUMNS = 19, 21, 7


class PickColour(App):
    """Three colours for the background (level 1), seven for it or the text, fourteen in tones. The button judges."""

    theme = "choosing"
    verbs = ("click",)
    max_steps = 12

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        names = some_of(rng, tuple(_TONES) if level == 3 else _PLAIN, (3, 5, len(_TONES))[level - 1])
        # With these, what was done to the wrong part can be undone.
        palette = names if level == 1 else [*names, *_START.values()]
        part = "Background" if level == 1 else _PARTS[int(rng.integers(2))]
        return {
            "instruction": f"Make the {part.lower()} {names[0]} and press Submit.",
            "colours": some_of(rng, palette, len(palette)),
            "wanted": names[0],
            "part": part,
            "parts": ["Background"] if level == 1 else list(_PARTS),
            "active": "Background" if level == 1 else _PARTS[int(rng.integers(2))],
        }

    def fill(self, body: QWidget) -> None:
        self._given = dict(_START)
        self._sample = QLabel("Sample", body)
        self._sample.setGeometry(8, 6, 144, 30)
        self._sample.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._parts: dict[str, QRadioButton] = {}
        for number, part in enumerate(self.params["parts"]):
            self._parts[part] = radio = QRadioButton(part, body)
            radio.setGeometry(8 + 52 * number, 44, 48 if part == "Text" else 92, 20)
            radio.setVisible(len(self.params["parts"]) > 1)
            radio.setChecked(part == self.params["active"])
        self._swatches = {}
        for number, name in enumerate(self.params["colours"]):
            row, column = divmod(number, _COLUMNS)
            self._swatches[name] = swatch = QPushButton(body)
            swatch.setAccessibleName(name)
            swatch.setStyleSheet(f"background: {_hex(name)}; border: 1px solid #555555")
            swatch.setGeometry(7 + _PITCH * column, 74 + _PITCH * row, _SWATCH, _SWATCH)
            swatch.clicked.connect(partial(self._picked, name))
        self._button = QPushButton("Submit", body)
        self._button.setGeometry(45, 134, 70, 26)
        self._button.clicked.connect(lambda: self.finish(float(self._given == self._goal())))
        self._show()

    def solve(self) -> Action | None:
        for part, name in self._goal().items():
            if self._given[part] == name:
                continue
            return Click(*self.place(self._swatches[name] if self._active() == part else self._parts[part]))
        return Click(*self.place(self._button))

    def _goal(self) -> dict[str, str]:
        return _START | {self.params["part"]: self.params["wanted"]}

    def _active(self) -> str:
        return next(part for part, radio in self._parts.items() if radio.isChecked())

    def _picked(self, name: str) -> None:
        self._given[self._active()] = name
        self._show()
        self.report(0.8 * (self._given == self._goal()))

    def _show(self) -> None:
        text, ground = (_hex(self._given[part]) for part in _PARTS)
        self._sample.setStyleSheet(f"color: {text}; background: {ground}; border: 1px solid #555555")


def _hex(name: str) -> str:
    return str({**COLOURS, **_TONES}[name])
