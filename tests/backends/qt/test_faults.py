"""What an application does wrong is its fault by name, and over with the next reset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from agentgym.actions import Action, Click
from agentgym.backends.qt.app import App
from agentgym.backends.qt.apps import STATE_FILE, apps
from agentgym.backends.qt.backend import QtBackend
from agentgym.envs.micro import MicroEnv
from agentgym.errors import BackendError


class Clumsy(App):
    """Raises where it is told to."""

    fails_in = ""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.fail("__init__")

    @classmethod
    def fail(cls, method: str) -> None:
        if method == cls.fails_in:
            raise KeyError(f"lost in {method}")

    @classmethod
    def draw(cls, rng: np.random.Generator, level: int) -> dict[str, Any]:
        cls.fail("draw")
        return {"instruction": 'Press the button "Go".', "level": level, "number": int(rng.integers(9))}

    def fill(self, body: QWidget) -> None:
        button = QPushButton("Go", body)
        button.setGeometry(10, 10, 60, 30)
        button.clicked.connect(lambda: self.finish(1.0))
        self.fail("build")

    def solve(self) -> Action | None:
        self.fail("solve")
        return Click(40, 67)

    def state(self) -> dict[str, Any]:
        self.fail("state")
        return super().state()


apps.register("test-clumsy")(Clumsy)


def _windows() -> int:
    return sum(window.isVisible() for window in QApplication.topLevelWidgets())


def _begin(env: MicroEnv) -> Any:
    env.reset(seed=1)
    return env.backend.solve()  # type: ignore[attr-defined]  # the qt backend's


@pytest.mark.parametrize("method", ["draw", "__init__", "build", "state", "solve"])
def test_a_fault_is_the_applications_and_over_with_the_next_reset(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    env = MicroEnv("test-clumsy")
    env.reset(seed=0)
    before = _windows()
    monkeypatch.setattr(Clumsy, "fails_in", method)
    with pytest.raises(BackendError, match=rf"'test-clumsy' raised KeyError.* in {method}\(\)") as raised:
        _begin(env)
    assert raised.value.kind == "application"
    assert isinstance(raised.value.__cause__, KeyError)
    monkeypatch.setattr(Clumsy, "fails_in", "")
    action = _begin(env)
    assert _windows() == before
    assert env.step(action)[1] == 1
    env.close()


def test_a_fault_in_a_step_ends_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    env = MicroEnv("test-clumsy")
    env.reset(seed=0)
    monkeypatch.setattr(Clumsy, "fails_in", "state")
    with pytest.raises(BackendError, match="'test-clumsy' raised KeyError"):
        env.step(Click(1, 1))
    monkeypatch.setattr(Clumsy, "fails_in", "")
    env.reset(seed=0)
    assert env.step(Click(40, 67))[1] == 1
    env.close()


def test_there_is_no_state_without_an_application() -> None:
    backend = QtBackend()
    backend.reset(seed=0)
    with pytest.raises(BackendError, match="no application is running") as raised:
        backend.read(STATE_FILE)
    assert raised.value.kind == "application"
    backend.close()
