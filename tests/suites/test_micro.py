"""Every family of the suite `micro`: it can be solved, by what its policy may do, and not by doing nothing."""

import json
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.actions import Done
from agentgym.backends.qt.app import BANNER
from agentgym.backends.qt.apps import NATIVE, app_family, apps, play
from agentgym.envs.micro import MicroEnv
from agentgym.envs.microactions import VERBS
from agentgym.registration import MICRO, family_name

_SEEDS = 5
_FAMILIES = [family_name(name) for name in MICRO]
# All levels take longer than a gate may.
_LEVELS = [
    pytest.param(name, level, marks=[] if level == 3 else pytest.mark.slow) for name in _FAMILIES for level in (1, 2, 3)
]
_THEMES = ("pointing", "typing", "choosing", "dragging", "reading", "composing")


@pytest.fixture
def env(name: str, level: int) -> Iterator[MicroEnv]:
    made = MicroEnv(name, level=level, render_mode="rgb_array")
    yield made
    made.close()


def _solve(env: MicroEnv, *, encoded: bool) -> tuple[float | None, list[float]]:
    progress = []
    info: dict[str, Any] = {}
    while (action := env.backend.app.solve()) is not None:  # type: ignore[attr-defined]  # the qt backend's
        raw = env.actions.encode(action, env.words) if encoded else action
        _, _, terminated, truncated, info = env.step(raw)
        assert info["action_error"] is None
        progress.append(info["progress"])
        if terminated or truncated:
            break
    return info.get("score"), progress


@pytest.mark.parametrize(("name", "level"), _LEVELS)
def test_its_oracle_solves_it(env: MicroEnv) -> None:
    for seed in range(_SEEDS):
        env.reset(seed=seed)
        score, progress = _solve(env, encoded=False)
        assert score == 1, f"seed {seed}: {env.task.instruction}"
        assert all(0 <= value <= 1 for value in progress)
        assert progress[-1] == 1


@pytest.mark.parametrize(("name", "level"), _LEVELS)
def test_its_oracle_solves_it_with_what_a_policy_may_do(env: MicroEnv) -> None:
    for seed in range(_SEEDS):
        env.reset(seed=seed)
        score, _ = _solve(env, encoded=True)
        assert score == 1, f"seed {seed}: {env.task.instruction}"


@pytest.mark.parametrize("name", _FAMILIES)
def test_its_oracle_plays_along_in_a_window_of_its_own(name: str) -> None:
    env = MicroEnv(name, level=2)
    env.reset(seed=11)
    info: dict[str, Any] = {}
    for action in play(env.task):
        _, _, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            break
    assert info["score"] == 1
    env.close()


@pytest.mark.parametrize(("name", "level"), _LEVELS)
def test_doing_nothing_scores_nothing(env: MicroEnv) -> None:
    for seed in range(3):
        _, info = env.reset(seed=seed)
        assert info["progress"] < 1
        _, reward, terminated, _, info = env.step(Done())
        assert terminated
        assert reward == info["score"] == 0


@pytest.mark.parametrize(("name", "level"), _LEVELS)
def test_a_seed_makes_one_task_and_one_picture(env: MicroEnv) -> None:
    env.reset(seed=5)
    first, picture = env.task, env.render()
    env.reset(seed=6)
    other = env.task
    env.reset(seed=5)
    assert env.task == first
    assert other != first
    np.testing.assert_array_equal(env.render(), picture)


@pytest.mark.parametrize(("name", "level"), _LEVELS)
def test_its_instruction_fits_and_its_parameters_are_json(name: str, level: int) -> None:
    from PySide6.QtWidgets import QLabel

    from agentgym.backends.qt.toolkit import toolkit

    toolkit()
    for seed in range(_SEEDS):
        params = apps[name].draw(np.random.default_rng(seed), level)
        assert json.loads(json.dumps(params)) == params
        banner = QLabel(params["instruction"])
        banner.setWordWrap(True)
        assert banner.heightForWidth(NATIVE[0] - 6) <= BANNER, params["instruction"]


@pytest.mark.parametrize("name", _FAMILIES)
@pytest.mark.slow
def test_random_actions_keep_progress_in_bounds_and_break_nothing(name: str) -> None:
    env = MicroEnv(name, verbs=VERBS, keys=("enter", "tab", "esc", "space", "down", "ctrl+a", "delete", "x"))
    env.action_space.seed(0)
    env.reset(seed=0)
    for _ in range(150):
        _, reward, terminated, truncated, info = env.step(env.action_space.sample())
        assert info["action_error"] is None
        assert 0 <= info["progress"] <= 1
        assert 0 <= reward <= 1
        if terminated or truncated:
            env.reset()
    env.close()


@pytest.mark.parametrize("name", _FAMILIES)
def test_it_says_what_it_is(name: str) -> None:
    app = apps[name]
    assert app.theme in _THEMES
    assert app.__doc__
    assert gym.spec(f"agentgym/{app.__name__}-v0").kwargs == {"family": name}
    train, test = (app_family(name, split=split).make(np.random.default_rng(0)) for split in ("train", "test"))
    assert train.seed_params["instance"] < 2**31 <= test.seed_params["instance"]
