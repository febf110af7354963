"""Frames of real desktops at work, for benchmarks that need some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

import agentgym  # noqa: F401 - registers the environments

Frames = Sequence[npt.NDArray[np.uint8]]

_WORDS = "the quick brown fox jumps over the lazy dog and writes it down for those who come after "
_LAUNCH_EDITOR = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}
_LAUNCH_SHEET = {"type": "launch", "parameters": {"command": ["libreoffice", "--calc"], "wait_window": "Calc"}}


def typing_session(steps: int) -> Frames:
    """Letters into a text editor, a line now and then."""
    text = (_WORDS * (steps // len(_WORDS) + 1))[:steps]
    keys = ["enter" if index % 60 == 59 else "space" if letter == " " else letter for index, letter in enumerate(text)]
    return _played([_LAUNCH_EDITOR], [f"pyautogui.press({key!r})" for key in keys])


def mixed_session(steps: int) -> Frames:
    """A spreadsheet and an editor: cells, menus, dialogues, windows that change places."""
    part = [
        "pyautogui.write('12\\n')",
        "pyautogui.write('=A1*2\\n')",
        "pyautogui.press('up')",
        "pyautogui.hotkey('ctrl', 'b')",
        "pyautogui.hotkey('alt', 'e')",
        "pyautogui.press('esc')",
        "pyautogui.click(640, 400)",
        "pyautogui.scroll(-3)",
        "pyautogui.hotkey('ctrl', 'h')",
        "pyautogui.press('esc')",
        "pyautogui.hotkey('alt', 'tab')",
        "pyautogui.write('a note ')",
        "pyautogui.hotkey('ctrl', 'f')",
        "pyautogui.press('esc')",
        "pyautogui.hotkey('ctrl', 's')",
        "pyautogui.press('esc')",
        "pyautogui.hotkey('alt', 'tab')",
    ]
    return _played([_LAUNCH_EDITOR, _LAUNCH_SHEET], [part[index % len(part)] for index in range(steps)])


def _played(setup: list[dict[str, Any]], actions: Sequence[str]) -> Frames:
    env = gym.make(
        "agentgym/Desktop-v0",
        task={"id": "bench/recording", "instruction": "", "config": setup},
        disable_env_checker=True,
    )
    try:
        frames = [env.reset(seed=0)[0]["screenshot"]]
        frames += [env.step(action)[0]["screenshot"] for action in actions]
    finally:
        env.close()
    return frames
