"""An action is done whole, or not at all, or the record says which part of it was done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.actions import Action, Batch, Click, Press, Python, TypeText, Wait
from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.envs import DesktopEnv
from agentgym.errors import ActionError, UsageError

_TASK = {"id": "a", "instruction": "b"}
_FAILING = Python("raise ValueError")
_PARTS = Batch((TypeText("one"), _FAILING, TypeText("two")))


def _python(backend: MemoryBackend, argv: Sequence[str]) -> Completed:
    """Leaves a mark, as code does that fails half way."""
    backend.write("~/mark", argv[2].encode())
    return Completed(1, b"", b"ValueError" * 1000)


class _Unsaveable(MemoryBackend):
    """A machine that is brought back by doing the episode again."""

    def __init__(self, **options: Any) -> None:
        super().__init__(commands={"python3": _python}, **options)
        self.settled = 0

    def settle(self, timeout_s: float) -> bool:
        self.settled += 1
        return super().settle(timeout_s)

    def snapshot(self) -> object:
        raise UsageError("this kind of machine cannot be saved")


class _Weary(_Unsaveable):
    """Cannot do what it thought it could."""

    def perform(self, action: Action) -> None:
        if action == Press("b"):
            raise ActionError("no key left for 'b'")
        super().perform(action)


def _env(backend: MemoryBackend) -> DesktopEnv:
    env = DesktopEnv(_TASK, backend=backend, screen=(64, 48), allow_code=True)
    env.reset(seed=0)
    return env


@pytest.mark.parametrize(
    "action",
    [
        "pyautogui.write('XYZ'); pyautogui.write('a\\x01')",
        "pyautogui.write('XYZ'); pyautogui.press('a'); pyautogui.click(64, 0)",
        "pyautogui.write('XYZ'); pyautogui.scroll(5000)",
        "pyautogui.write('XYZ'); DONE; pyautogui.click(64, 0)",
        Batch((TypeText("XYZ"), Press("nokey"))),
        Batch((TypeText("XYZ"), Batch((Press("a"),) * 101))),
        Batch((Batch((Press("a"),) * 101),)),
        Batch((TypeText("XYZ"), Wait(61.0))),
        Batch((TypeText("XYZ"), Python("x" * 30_000))),
        Press("nokey"),
        Click(5, None),
    ],
    ids=str,
)
def test_nothing_is_done_of_a_sequence_of_which_a_part_cannot_be_done(action: Any) -> None:
    backend = _Unsaveable()
    env = _env(backend)
    before = backend.settled
    _, _, terminated, _, info = env.step(action)
    assert info["action_error"]
    assert not backend.performed
    assert not terminated
    assert env.snapshot().actions == (Wait(),)
    assert backend.settled == before + 1, "settled is looked at, not guessed"


@pytest.mark.parametrize(
    ("machine", "action", "done"),
    [
        (_Unsaveable, _PARTS, Batch((TypeText("one"), _FAILING))),
        (_Unsaveable, _FAILING, _FAILING),
        (_Weary, Batch((Press("a"), TypeText("one"), Press("b"), Press("c"))), Batch((Press("a"), TypeText("one")))),
        (_Weary, Batch((Press("a"), Press("b"))), Press("a")),
        (_Weary, Press("b"), Wait()),
    ],
)
def test_what_was_done_before_a_part_failed_is_kept_and_done_again(
    machine: Callable[[], _Unsaveable], action: Action, done: Action
) -> None:
    backend = machine()
    env = _env(backend)
    after, _, _, _, info = env.step(action)
    assert info["action_error"]
    assert env.snapshot().actions == (done,)
    token = env.snapshot()
    env.step("pyautogui.write('more')")
    assert np.array_equal(env.restore(token)["screenshot"], after["screenshot"])


def test_unsettled_screen_is_told_of_an_action_that_was_refused() -> None:
    env = _env(_Unsaveable(settles=False))
    assert env.step("pyautogui.clik()")[4]["settled"] is False


@pytest.mark.parametrize("action", [_FAILING, "pyautogui." + "x" * 9999 + "()", {"kind": "é" * 9999}])
def test_error_is_short(action: Any) -> None:
    error = _env(_Unsaveable()).step(action)[4]["action_error"]
    assert 0 < len(error) <= 1000


@pytest.fixture
def desktop() -> Iterator[gym.Env[Any, Any]]:
    editor = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}
    env = gym.make("agentgym/Desktop-v0", task={**_TASK, "config": [editor]}, allow_code=True, settle_timeout=10.0)
    yield env
    env.close()


@pytest.mark.desktop
def test_desktop_shows_nothing_of_a_sequence_that_was_refused(desktop: gym.Env[Any, Any]) -> None:
    before = desktop.reset(seed=0)[0]["screenshot"]
    for action in (
        "pyautogui.write('XYZ'); pyautogui.write('a\\x01')",
        "pyautogui.write('Q'); pyautogui.scroll(5000)",
        "pyautogui.write('R'); pyautogui.press('fn')",
    ):
        observation, _, _, _, info = desktop.step(action)
        assert info["action_error"]
        assert np.array_equal(observation["screenshot"], before), action


@pytest.mark.desktop
def test_desktop_comes_back_to_where_code_failed(desktop: gym.Env[Any, Any]) -> None:
    base: Any = desktop.unwrapped
    desktop.reset(seed=0)
    after, _, _, _, info = desktop.step(Batch((TypeText("one"), Python("raise ValueError"), TypeText("two"))))
    assert "ValueError" in info["action_error"]
    token = base.snapshot()
    desktop.step("pyautogui.write('more')")
    assert np.array_equal(base.restore(token)["screenshot"], after["screenshot"])
