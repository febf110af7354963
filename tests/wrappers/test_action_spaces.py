"""Every small task, in every space that its actions can have, passes the checkers of the libraries that take it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

from agentgym.actions import Batch, Click, Done, MouseDown, MoveTo, Press, Scroll, TypeText
from agentgym.envs.desktop import DesktopEnv
from agentgym.envs.micro import MicroEnv
from agentgym.envs.microactions import VERBS
from agentgym.errors import ActionError, UsageError
from agentgym.registration import MICRO
from agentgym.wrappers import ContinuousPointer, DiscreteGrid, ElementChoice, StructuredActions, TextActions

pytestmark = pytest.mark.episodes

_Wrapper = Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]

# Stable-Baselines3 has no policies for actions that are a Dict or text.
_FOR_SB3: tuple[_Wrapper | None, ...] = (None, DiscreteGrid, ContinuousPointer, ElementChoice)
_OTHERS: tuple[_Wrapper, ...] = (StructuredActions, TextActions)
# Of which the checker warns; that a wrapper is around is what is tested here.
_WRAPPED = pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")
_QUICK = ("ClickButton", "EnterText", "ChooseCombo", "MoveSlider", "FindInTable")
# All of them take longer than a gate may.
_NAMES = [name if name in _QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MICRO]
_OBSERVATIONS = ("screenshot", ("screenshot", "instruction"))


def _made(name: str, wrapper: _Wrapper | None, **options: Any) -> gym.Env[Any, Any]:
    env = gym.make(f"agentgym/{name}-v0", disable_env_checker=True, **options)
    return env if wrapper is None else wrapper(env)


@pytest.mark.parametrize("observation", _OBSERVATIONS)
@pytest.mark.parametrize("wrapper", _FOR_SB3)
@pytest.mark.parametrize("name", _NAMES)
@_WRAPPED
def test_the_checkers_are_content(name: str, wrapper: _Wrapper | None, observation: Any) -> None:
    env = _made(name, wrapper, observation=observation, max_steps=5)
    check_env(env.unwrapped if wrapper is None else env, skip_render_check=True)
    check_env_of_sb3(env)
    env.close()


@pytest.mark.parametrize("wrapper", _OTHERS)
@pytest.mark.parametrize("name", _NAMES)
@_WRAPPED
def test_gymnasiums_checker_is_content_where_stable_baselines3_has_no_policy(name: str, wrapper: _Wrapper) -> None:
    env = _made(name, wrapper, max_steps=5)
    check_env(env, skip_render_check=True)
    env.close()


def test_a_number_is_a_place_of_a_verb_or_a_key() -> None:
    env = DiscreteGrid(MicroEnv("enter-text", bins=(4, 3)))
    assert isinstance(env.action_space, gym.spaces.Discrete)
    assert env.action_space.n == 12 + 4
    assert env.action(0).tolist() == [0, 0, 0, 0]
    assert env.action(5).tolist() == [0, 1, 1, 0]
    assert env.action(12).tolist() == [1, 0, 0, 0]
    with pytest.raises(UsageError, match="16"):
        env.action(16)
    env.close()


def test_an_action_is_the_number_that_means_it() -> None:
    env = DiscreteGrid(MicroEnv("move-slider"))
    env.reset(seed=0)
    assert isinstance(env.action_space, gym.spaces.Discrete)
    grid = env.get_wrapper_attr("actions")
    for number in range(int(env.action_space.n)):
        assert env.encode(grid.decode(env.action(number), [])) == number
    with pytest.raises(ActionError, match="none of click"):
        env.encode(Done())
    env.close()


def test_a_pointer_reaches_every_edge() -> None:
    env = ContinuousPointer(MicroEnv("enter-text"))
    env.reset(seed=0)
    assert env.action([-1, -1, 1, 0, 0, 0, 0, 0]) == Click(0, 0)
    assert env.action([1, 1, 1, 0, 0, 0, 0, 0]) == Click(159, 209)
    assert env.action([0, 0, 0, 1, 0, 1, 0, 0]) == Press("tab")
    env.close()


def test_a_dict_says_verb_place_and_key() -> None:
    env = StructuredActions(MicroEnv("enter-text"))
    _, _ = env.reset(seed=0)
    place = np.array([0.5, 1.0], np.float32)
    assert env.action({"verb": 0, "place": place, "key": 0}) == Click(80, 209)
    typed = env.action({"verb": 1, "place": place, "key": 0})
    assert isinstance(typed, TypeText)
    assert f'"{typed.text}"' in env.unwrapped.task.instruction  # type: ignore[attr-defined]
    env.close()


def test_an_element_is_clicked_by_its_number() -> None:
    env = ElementChoice(MicroEnv("click-button", level=3), most=16)
    _, info = env.reset(seed=3)
    assert info["action_mask"].tolist() == env.action_masks().tolist()
    solving = []
    for number in np.flatnonzero(info["action_mask"]):
        env.reset(seed=3)
        _, reward, *_ = env.step(number)
        solving.append(reward)
    assert sum(solving) == 1
    env.close()


def test_what_is_no_small_task_is_refused() -> None:
    desktop = DesktopEnv({"id": "t", "instruction": ""}, backend="memory")
    for wrapper in (DiscreteGrid, ElementChoice):
        with pytest.raises(UsageError, match="small tasks"):
            wrapper(desktop)


@pytest.mark.parametrize("action", [[[1], [2, 3]], [0, 0, 0], [0, 99, 0, 0], [0.5, 0, 0, 0], None])
def test_what_is_no_action_is_a_step_in_which_nothing_happens(action: Any) -> None:
    env = MicroEnv("click-button")
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(action)
    assert info["action_error"]
    assert (reward, terminated) == (0, False)
    env.close()


@pytest.mark.parametrize(
    "action",
    [Scroll(0, -10, 5, 5), Scroll(0, 0, 5, 5), Batch((MoveTo(5, 5), MouseDown("right"))), Click(5, 5, "right")],
)
def test_what_no_numbers_mean_is_not_encoded(action: Any) -> None:
    grid = MicroEnv("click-button", verbs=VERBS).actions
    with pytest.raises(ActionError):
        grid.encode(action, [])


def test_progress_is_that_of_the_last_part() -> None:
    env = MicroEnv("click-button")
    env.reset(seed=0)
    solving = env.backend.solve()  # type: ignore[attr-defined]  # the qt backend's
    *_, info = env.step(Batch((solving, Done())))
    assert (info["progress"], info["score"]) == (1, 1)
    env.close()


def _solved_by_choosing(name: str, level: int, seed: int) -> float:
    """Plays what the oracle would by the number of the element that it clicks, or of the key that it presses."""
    micro = MicroEnv(name, level=level)
    env = ElementChoice(micro)
    env.reset(seed=seed)
    while True:
        action = micro.backend.solve()  # type: ignore[attr-defined]  # the qt backend's
        if isinstance(action, Click):
            assert action.x is not None
            assert action.y is not None
            sought = np.array([action.x, action.y])
            number = int(np.abs(np.array(env.places) - sought).sum(axis=1).argmin())
        else:
            encoded = micro.actions.encode(action, micro.words)
            assert micro.actions.verbs[encoded[0]] == "key"
            number = env.most + int(encoded[3])
        _, reward, terminated, truncated, _ = env.step(number)
        if terminated or truncated:
            env.close()
            return float(reward)


@pytest.mark.parametrize("name", ["use-menu", "enter-password", "click-shape", "click-link"])
def test_elements_of_all_kinds_can_be_chosen(name: str) -> None:
    assert [_solved_by_choosing(name, level, level) for level in (1, 2, 3)] == [1, 1, 1]


def test_the_instruction_is_no_element() -> None:
    env = ElementChoice(MicroEnv("click-button", level=1))
    for seed in range(3):
        env.reset(seed=seed)
        assert env.places
        assert all(y > 42 for _, y in env.places)
    env.close()


@pytest.mark.desktop
def test_elements_of_a_real_window_can_be_chosen() -> None:
    inside, window = (
        ElementChoice(MicroEnv("click-button")),
        ElementChoice(MicroEnv("click-button", backend="x11", settle_timeout=10.0)),
    )
    try:
        for seed in range(2):
            infos = [env.reset(seed=seed)[1] for env in (inside, window)]
            assert infos[0]["action_mask"].tolist() == infos[1]["action_mask"].tolist()
            assert inside.places == window.places
            rewards = [env.step(0)[1] for env in (inside, window)]
            assert rewards[0] == rewards[1]
    finally:
        inside.close()
        window.close()
