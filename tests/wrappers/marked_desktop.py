"""A desktop in memory whose accessibility tree has three buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from agentgym.backends.base import Observed
from agentgym.backends.memory import MemoryBackend

__all__ = ["MARKS", "SCREEN", "ButtonsBackend", "buttons"]

SCREEN = (200, 120)
MARKS = [[10, 10, 41, 20], [60, 10, 40, 20], [10, 60, 60, 30]]
_NAMES = ("File", "Edit", "Send it")
_STATES = 'st:showing="true" st:visible="true" st:enabled="true"'
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="https://accessibility.ubuntu.example.org/ns/{name}"'
    for prefix, name in {"st": "state", "cp": "component"}.items()
)


class ButtonsBackend(MemoryBackend):
    """Shows a tree of three buttons, and a label for each letter that was typed."""

    def __init__(self) -> None:
        super().__init__(screen=SCREEN)

    def observe(self, kinds: Sequence[str]) -> Observed:
        known = {"screenshot": self._noise, "accessibility_tree": self._tree}
        return {
            kind: known[kind]() if kind in known else super(ButtonsBackend, self).observe([kind])[kind]
            for kind in kinds
        }

    def _noise(self) -> Any:
        """What has one colour gets no mark."""
        width, height = self.screen
        return np.random.default_rng(len(self.typed)).integers(0, 200, (height, width, 3), np.uint8)

    def _tree(self) -> str:
        parts = [
            f'<push-button name="{name}" {_STATES} cp:screencoord="({x}, {y})" cp:size="({width}, {height})"/>'
            for name, (x, y, width, height) in zip(_NAMES, MARKS, strict=True)
        ]
        labels = [
            f'<label name="{letter}" {_STATES} cp:screencoord="(100, 100)" cp:size="(9, 9)"/>' for letter in self.typed
        ]
        return f"<desktop-frame {_NAMESPACES}>{''.join([*parts, *labels])}</desktop-frame>"


def buttons(**options: Any) -> gym.Env[Any, Any]:
    made = {
        "task": {"id": "press", "instruction": "Press Send."},
        "backend": ButtonsBackend(),
        "screen": SCREEN,
        "observation": ("screenshot", "accessibility_tree", "instruction"),
        **options,
    }
    return gym.make("agentgym/Desktop-v0", disable_env_checker=True, **made)
