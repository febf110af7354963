"""The same task as a real window: the oracle that plays along in process solves it there, on the same picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from agentgym.actions import Done, MoveTo
from agentgym.backends.qt.apps import play
from agentgym.envs.micro import MicroEnv
from agentgym.errors import BackendError

pytestmark = pytest.mark.desktop

_FAMILIES = (
    *("click-button", "click-check-boxes", "enter-text", "enter-password", "use-menu", "choose-combo"),
    *("move-slider", "draw-box", "find-in-table", "delete-mail", "enter-number"),
)
# The pointer stands in the middle of the screen; the desktop's picture of it is the larger.
_POINTER = np.s_[95:126, 74:96]


@pytest.fixture
def window(name: str) -> Iterator[MicroEnv]:
    made = MicroEnv(name, split="test", size=None, backend="x11", settle_timeout=10.0)
    yield made
    made.close()


@pytest.mark.parametrize("name", _FAMILIES)
def test_the_oracle_solves_it_and_doing_nothing_does_not(window: MicroEnv) -> None:
    for seed in range(2):
        window.reset(seed=seed)
        score = None
        for action in play(window.task):
            _, _, terminated, truncated, info = window.step(action)
            score = info.get("score")
            if terminated or truncated:
                break
        assert score == 1, f"seed {seed}: {window.task.instruction}"
    window.reset(seed=0)
    assert window.step(Done())[4]["score"] == 0


@pytest.mark.parametrize("name", _FAMILIES)
def test_its_first_picture_is_the_one_in_process(window: MicroEnv, name: str) -> None:
    inside = MicroEnv(name, split="test", size=None)
    for seed in range(2):
        pictures = [env.reset(seed=seed)[0].copy() for env in (inside, window)]
        for picture in pictures:
            picture[_POINTER] = 0
        assert window.observation_space == inside.observation_space
        np.testing.assert_array_equal(*pictures)
    inside.close()


@pytest.mark.parametrize("name", ["click-moving"])
def test_what_flees_does_so_as_in_process(name: str) -> None:
    inside = MicroEnv(name, level=3, split="test", size=None)
    window = MicroEnv(name, level=3, split="test", size=None, backend="x11", settle_timeout=10.0)
    try:
        pictures = [env.reset(seed=0)[0] for env in (inside, window)]
        np.testing.assert_array_equal(*pictures)
        steps = [env.step(MoveTo(5, 60)) for env in (inside, window)]
        np.testing.assert_array_equal(steps[0][0], steps[1][0])
        # Where it fled to the oracle of its own window does not know.
        for env in (inside, window):
            env.reset(seed=0)
        for action in play(window.task):
            steps = [env.step(action) for env in (inside, window)]
            np.testing.assert_array_equal(steps[0][0], steps[1][0])
        assert [step[4]["score"] for step in steps] == [1, 1]
    finally:
        inside.close()
        window.close()


@pytest.mark.parametrize("name", ["click-button"])
def test_without_a_sandbox_it_is_the_same(name: str) -> None:
    env = MicroEnv(name, size=None, backend="x11", settle_timeout=10.0, sandbox="none")
    try:
        env.reset(seed=0)
        assert [env.step(action)[4]["score"] for action in play(env.task)] == [1]
    finally:
        env.close()


@pytest.mark.parametrize("name", ["click-button"])
def test_an_application_that_cannot_start_says_why(window: MicroEnv) -> None:
    window.reset(seed=0)
    window.backend.launch(["agentgym-app", "no-such-app", "{}"])
    window.backend.settle(20)
    with pytest.raises(BackendError, match="no-such-app"):
        window.backend.read("~/.agentgym-app.json")


@pytest.mark.parametrize("name", ["click-button"])
def test_an_agent_cannot_read_how_tasks_are_solved_and_judged(window: MicroEnv) -> None:
    window.reset(seed=0)
    found = window.backend.run(
        ["sh", "-c", "cd /run/agentgym-app/agentgym && ls -A agents cli evaluators suites/apps testing"]
    )
    assert found.returncode == 0
    assert [line for line in found.stdout.decode().splitlines() if line and not line.endswith(":")] == []
