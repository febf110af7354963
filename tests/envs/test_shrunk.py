"""What is computed in parts is what is computed at once."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.backends.qt.apps import NATIVE
from agentgym.envs.shrunk import Shrunk, resized

SIZES = [(84, 84), (64, 64), (96, 96), (128, 128), (100, 75), (80, 105), (160, 105), (83, 97), (200, 300), (320, 84)]


@pytest.mark.parametrize("size", SIZES)
def test_parts_make_what_the_whole_makes(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    # Few colours, so that many means fall between two whole numbers.
    picture = rng.choice(np.array([0, 1, 128, 255], np.uint8), (NATIVE[1], NATIVE[0], 3))
    shrunk = Shrunk(NATIVE, size)
    shrunk.follow(picture, [(0, 0, *NATIVE)])
    for _ in range(100):
        left, top = int(rng.integers(NATIVE[0])), int(rng.integers(NATIVE[1]))
        right, bottom = int(rng.integers(left, NATIVE[0])) + 1, int(rng.integers(top, NATIVE[1])) + 1
        picture[top:bottom, left:right] = rng.integers(0, 256, (bottom - top, right - left, 3))
        shrunk.follow(picture, [(left, top, right, bottom), (left, top, left + 1, top + 1)])
        assert np.array_equal(shrunk.picture, resized(picture, size))


@pytest.mark.parametrize("task", ["ClickButton", "ClickCheckBoxes", "ScrollToLine", "UseMenu", "DragToBox"])
def test_small_screenshots_are_the_large_ones_resized(task: str) -> None:
    env = gym.make(f"agentgym/{task}-v0", level=2, disable_env_checker=True)
    inner: Any = env.unwrapped
    env.action_space.seed(0)
    try:
        for seed in range(3):
            shown, _ = env.reset(seed=seed)
            for step in range(12):
                assert np.array_equal(shown, resized(inner.backend.observe(["screenshot"])["screenshot"], (84, 84)))
                action = inner.backend.solve() if step % 2 else env.action_space.sample()
                shown, _, terminated, truncated, _ = env.step(action)
                if terminated or truncated:
                    break
    finally:
        env.close()


def test_what_another_looked_at_is_shown_all_the_same() -> None:
    env = gym.make("agentgym/ClickCheckBoxes-v0", disable_env_checker=True)
    inner: Any = env.unwrapped
    try:
        env.reset(seed=0)
        env.step(inner.backend.solve())
        inner.backend.seen(object())
        shown = env.step("pyautogui.moveTo(5, 5)")[0]
        assert np.array_equal(shown, resized(inner.backend.observe(["screenshot"])["screenshot"], (84, 84)))
    finally:
        env.close()
