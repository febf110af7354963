"""Python as OSWorld's agents write it, on a real desktop."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

from agentgym.accessibility import middle
from agentgym.wrappers import ObservationType

pytestmark = pytest.mark.desktop

_EDITOR = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}
_TASK: dict[str, Any] = {"id": "write", "instruction": "Write.", "config": [_EDITOR]}
_KINDS = ("screenshot", "accessibility_tree")

_WRITES = """import pyautogui
import time
parts = ['a<b', 'C>d']
for part in parts:
    pyautogui.typewrite(part)
    time.sleep(0.05)
pyautogui.press(['enter'] * 2)
pyautogui.press('<')
width, height = pyautogui.screenshot().size
pyautogui.write(f'{width}x{height}')
"""
_SAVES = """pyautogui.hotkey(*'ctrl a'.split())
pyautogui.hotkey('ctrl', 'c')
import subprocess
copied = 'until xclip -selection c -o > /home/user/seen.txt 2>/dev/null; do sleep 0.05; done'
subprocess.run(['sh', '-c', copied], check=True)
"""


def test_scripts_drive_the_desktop_and_tell_what_failed() -> None:
    env = gym.make("agentgym/Desktop-v0", task=_TASK, allow_code=True, observation=_KINDS, settle_timeout=10.0)
    marked = ObservationType(env, "som")
    base: Any = env.unwrapped
    try:
        _, info = marked.reset(seed=0)
        assert marked.step(_WRITES)[4]["action_error"] is None
        assert marked.step(_SAVES)[4]["action_error"] is None
        assert base.backend.read("~/seen.txt") == b"a<bC>d\n\n<1280x720"

        place = "open('/home/user/place', 'w').write(str(tuple(pyautogui.position())))"
        info = marked.step(f"target = tag_1\npyautogui.moveTo(*target)\n{place}")[4]
        assert info["action_error"] is None
        assert base.backend.read("~/place").decode() == str(middle(info["marks"][0]))

        failed = marked.step("there = None\npyautogui.moveTo(5, 5)\nthere.click()")[4]["action_error"]
        assert "the code failed" in failed
        assert "'NoneType' object has no attribute 'click'" in failed

        # Literal calls go on from where the script left the pointer and the keyboard.
        assert marked.step("pyautogui.write('é')")[4]["action_error"] is None
        assert marked.step("x = 1\npyautogui.moveTo(0, 0)\npyautogui.moveTo(9, x)\nDONE")[2]
    finally:
        marked.close()
