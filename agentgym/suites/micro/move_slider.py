"""Drag a slider to a number."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSlider, QStyle, QStyleOptionSlider, QWidget

from agentgym.actions import Action, Click, Press
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import drop, grab

__all__ = ["MoveSlider"]

_STEPS = (5, 10, 20)


class MoveSlider(App):
    """Six numbers (level 1), eleven, twenty-one. The button judges."""

    theme = "dragging"
    verbs = ("click", "grab", "drop", "key")
    keys = ("left", "right")
    max_steps = 15

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        most = _STEPS[level - 1]
        start, wanted = (int(number) for number in rng.choice(most + 1, size=2, replace=False))
        return {
            "instruction": f"Move the slider to {wanted} and press Submit.",
            "most": most,
            "start": start,
            "wanted": wanted,
            "top": int(rng.integers(20, 100)),
        }

    def fill(self, body: QWidget) -> None:
        top = self.params["top"]
        self._label = QLabel(str(self.params["start"]), body)
        self._label.setGeometry(70, top - 20, 40, 16)
        self._slider = slider = QSlider(Qt.Orientation.Horizontal, body)
        slider.setRange(0, self.params["most"])
        slider.setPageStep(1)
        slider.setValue(self.params["start"])
        slider.setGeometry(8, top, 144, 24)
        slider.valueChanged.connect(self._moved)
        self._button = QPushButton("Submit", body)
        self._button.setGeometry(50, top + 34, 60, 24)
        self._button.clicked.connect(lambda: self.finish(float(slider.value() == self.params["wanted"])))

    def solve(self) -> Action | None:
        slider, wanted = self._slider, self.params["wanted"]
        x, y = self._handle()
        if slider.isSliderDown():
            return drop(self._x_of(wanted), y)
        if slider.value() == wanted:
            return Click(*self.place(self._button))
        if abs(slider.value() - wanted) == 1 and slider.hasFocus():
            return Press("right" if slider.value() < wanted else "left")
        return grab(x, y)

    def _x_of(self, value: int) -> int:
        x, _ = self._handle()
        space = self._slider.width() - self._handle_width()
        return x + round((value - self._slider.value()) * space / int(self.params["most"]))

    def _handle_width(self) -> int:
        width: int = self._slider.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, None, self._slider)
        return width

    def _handle(self) -> tuple[int, int]:
        option = QStyleOptionSlider()
        self._slider.initStyleOption(option)
        handle = self._slider.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self._slider
        )
        return self.place(self._slider, handle)

    def _moved(self, value: int) -> None:
        self._label.setText(str(value))
        far = abs(self.params["wanted"] - self.params["start"])
        self.report(0.9 * max(0.0, 1 - abs(self.params["wanted"] - value) / far))
