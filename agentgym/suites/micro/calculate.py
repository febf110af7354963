"""Compute something with a calculator, and answer."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.suites.micro.drawing import one_of, some_of
from agentgym.suites.micro.fields import enter, rightness

__all__ = ["Calculate"]

_PAD = ("789/", "456x", "123-", "C0=+")
_NEAR = (-11, -10, -9, -2, -1, 1, 2, 9, 10, 11)


class Calculate(App):
    """One digit and another (level 1); two digits; two operations, whose result is typed rather than chosen.

    A wrong answer ends the task; how it was found is not asked.
    """

    theme = "reading"
    verbs = ("click", "key")
    keys = (*"0123456789", "ctrl+a", "backspace")
    max_steps = 35

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        most = 10 if level == 1 else 60
        high, low = sorted((int(number) for number in rng.integers(2, most, size=2)), reverse=True)
        sign = one_of(rng, ("+", "-") if level == 1 else ("+", "-", "x"))
        shown, answer = f"{high} {sign} {low}", _computed(high, sign, low)
        if level == 3:
            third = int(rng.integers(2, 10))
            then = one_of(rng, ("+", "x"))
            shown, answer = f"({shown}) {then} {third}", _computed(answer, then, third)
        choices = [answer, *(answer + near for near in some_of(rng, _NEAR, 2))]
        how = "Type the result and press OK." if level == 3 else "Click the result."
        return {
            "instruction": f"What is {shown}? {how}",
            "presses": "".join(letter for letter in shown if letter not in "( )") + "=",
            "answer": str(answer),
            "choices": [] if level == 3 else [str(choices[int(index)]) for index in rng.permutation(3)],
        }

    def fill(self, body: QWidget) -> None:
        layout = QVBoxLayout(body)
        layout.setContentsMargins(4, 4, 4, 4)
        self._calculator = _Calculator()
        self._calculator.changed.connect(self._changed)
        layout.addWidget(self._calculator)
        line = QHBoxLayout()
        layout.addLayout(line)
        self._buttons = {}
        self._edit = None if self.params["choices"] else QLineEdit()
        if self._edit is not None:
            self._edit.textChanged.connect(self._changed)
            line.addWidget(self._edit)
        for label in self.params["choices"] or ["OK"]:
            self._buttons[label] = button = QPushButton(label)
            button.setMinimumWidth(20)
            button.clicked.connect(partial(self._answered, label))
            line.addWidget(button)

    def solve(self) -> Action | None:
        wanted, pressed = self.params["presses"], self._calculator.pressed
        if pressed != wanted:
            key = wanted[len(pressed)] if wanted.startswith(pressed) else "C"
            return Click(*self.place(self._calculator.buttons[key]))
        if self._edit is None:
            return Click(*self.place(self._buttons[self.params["answer"]]))
        if self._edit.text() == self.params["answer"]:
            return Click(*self.place(self._buttons["OK"]))
        return enter(self._edit, self.params["answer"], by_key=True)

    def _changed(self) -> None:
        shown = self._calculator.display.text() == self.params["answer"]
        found = 1.0 if shown else rightness(self._calculator.pressed, self.params["presses"])
        if self._edit is not None:
            typed = rightness(self._edit.text(), self.params["answer"])
            self.report(0.9 if typed == 1 else 0.5 * found + 0.4 * typed)
            return
        self.report(0.8 * found)

    def _answered(self, label: str) -> None:
        given = label if self._edit is None else self._edit.text().strip()
        self.finish(float(given == self.params["answer"]))


class _Calculator(QWidget):
    """A pocket calculator: each operation is done when the next key of one is pressed."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pressed = ""
        self._clear()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self.display = QLabel("0")
        self.display.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.display.setStyleSheet("background: #e8f0e0; border: 1px solid #888; padding: 1px 4px")
        grid.addWidget(self.display, 0, 0, 1, 4)
        self.buttons = {}
        for row, keys in enumerate(_PAD, start=1):
            for column, key in enumerate(keys):
                self.buttons[key] = button = QPushButton(key)
                button.setMinimumSize(20, 23)
                # Keys go to the field of the answer, whichever button was clicked before.
                button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                button.clicked.connect(partial(self._press, key))
                grid.addWidget(button, row, column)

    def _clear(self) -> None:
        self._total: float | None = 0
        self._sign = "+"
        self._entry = ""

    def _press(self, key: str) -> None:
        self.pressed = "" if key == "C" else self.pressed + key
        if key == "C":
            self._clear()
            shown: float | None = 0
        elif key.isdigit():
            self._start_anew_after_result()
            self._entry = (self._entry + key)[-9:]
            shown = float(self._entry)
        else:
            if self._entry and self._total is not None:
                self._total = _computed(self._total, self._sign, float(self._entry))
            self._entry, self._sign = "", key
            shown = self._total
        self.display.setText("Error" if shown is None else f"{shown:.10g}")
        self.changed.emit()

    def _start_anew_after_result(self) -> None:
        if self._sign == "=":
            self._clear()


def _computed(left: Any, sign: str, right: Any) -> Any:
    """None for what is divided by zero."""
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "x":
            return left * right
    return left / right if right else None
