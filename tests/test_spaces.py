"""Spaces of text and actions behave as Gymnasium expects of a space."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces as gym_spaces
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.actions import Click, Press, Wait, parse_action
from agentgym.envs.microactions import MicroActions
from agentgym.errors import ActionError, UsageError
from agentgym.spaces import ActionGrid, Computer13, PyAutoGUIText, UnicodeText, action_form, observation_space

_OURS = [UnicodeText(100), PyAutoGUIText((64, 48)), Computer13((64, 48))]


@pytest.mark.parametrize("space", _OURS, ids=repr)
def test_samples_are_seeded_members_that_survive_json_and_pickle(space: Any) -> None:
    space.seed(3)
    first = [space.sample() for _ in range(30)]
    space.seed(3)
    assert [space.sample() for _ in range(30)] == first
    assert all(sample in space for sample in first)
    assert space.from_jsonable(space.to_jsonable(first)) == first
    copy = pickle.loads(pickle.dumps(space))
    assert copy == space
    assert hash(copy) == hash(space)
    assert type(space)(**space.arguments) == space


def test_text_takes_any_unicode_up_to_its_length() -> None:
    assert "<é 中文 😀>\n" in UnicodeText(100)
    assert "" in UnicodeText(0)
    assert "ab" not in UnicodeText(1)
    assert b"ab" not in UnicodeText(10)
    assert UnicodeText(1) != UnicodeText(2)


def test_sampled_actions_can_be_read() -> None:
    for space in (PyAutoGUIText((64, 48)), Computer13((64, 48))):
        space.seed(0)
        for _ in range(50):
            parse_action(space.sample())


def test_computer_13_holds_actions_on_its_screen_alone() -> None:
    space = Computer13((64, 48))
    assert {"action_type": "CLICK", "parameters": {"x": 63, "y": 47}} in space
    assert {"action_type": "CLICK", "parameters": {"x": 64, "y": 47}} not in space
    assert {"action_type": "MOUSE_DOWN", "parameters": {"x": 64, "y": 47}} not in space
    assert {"action_type": "CLICK", "parameters": {"x": np.int64(1), "y": np.int64(2)}} in space
    assert {"action_type": "CLIK"} not in space
    assert "DONE" not in space


def test_discrete_actions_cover_the_screen() -> None:
    form = action_form("discrete", (1280, 720))
    assert isinstance(form.space, gym_spaces.MultiDiscrete)
    assert form.decode(np.array([0, 0, 0, 0])) == Wait()
    assert form.decode(np.array([1, 0, 0, 0])) == Click(20, 20)
    assert form.decode([1, 31, 17, 0]) == Click(1260, 700)
    assert form.decode(np.array([7, 0, 0, 0])) == Press("a")
    assert form.decode("pyautogui.press('b')") == Press("b")


@pytest.mark.parametrize(
    "raw",
    [
        [1, 2],
        [99, 0, 0, 0],
        [-1, 0, 0, 0],
        3,
        None,
        [0, 0, 0, "a"],
        [[1], 2, 3, 4],
        [[1, 2], [3, 4]],
        [None] * 4,
        [1, 2, 3, 10**30],
        [1.7, 0, 0, 0],
        np.array([2**63, 0, 0, 0], np.uint64),
        ["x" * 10_000] * 4,
    ],
    ids=lambda raw: str(raw)[:20],
)
def test_discrete_action_outside_the_space_is_refused(raw: Any) -> None:
    with pytest.raises(ActionError, match="a discrete action is") as caught:
        action_form("discrete", (1280, 720)).decode(raw)
    assert len(str(caught.value)) < 300


@pytest.mark.episodes
@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.lists(st.integers())), max_size=5))
def test_anything_at_all_is_a_discrete_action_or_refused(raw: list[Any]) -> None:
    try:
        action_form("discrete", (1280, 720)).decode(raw)
    except ActionError:
        return
    assert all(type(one) is int for one in raw)
    assert np.array(raw) in action_form("discrete", (1280, 720)).space


def test_unknown_forms_and_kinds_are_refused() -> None:
    with pytest.raises(
        UsageError, match="action is 'mouse'; known are: pyautogui, computer_13, desktop_action, discrete"
    ):
        action_form("mouse", (1, 1))  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(UsageError, match="action is 'pyautogu'; did you mean 'pyautogui'"):
        action_form("pyautogu", (1, 1))  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(UsageError, match="no observation named 'smell'; known are: screenshot, accessibility_tree"):
        observation_space(["smell"], (64, 48))
    with pytest.raises(UsageError, match="no observation named 'screenshots'; did you mean 'screenshot'"):
        observation_space(["instruction", "screenshots"], (64, 48))
    with pytest.raises(UsageError, match="choose from screenshot"):
        observation_space([], (64, 48))


def test_a_desktops_discrete_actions_are_those_of_small_tasks() -> None:
    verbs = ("wait", "click", "double_click", "right_click", "move", "scroll_up", "scroll_down", "key")
    keys = ("a", "enter", "pagedown")
    small = MicroActions(verbs, keys, (32, 18), (1280, 720))
    desktop = action_form("discrete", (1280, 720))
    space = small.space
    space.seed(0)
    places = {"a": 0, "enter": 37, "pagedown": 49}
    for _ in range(200):
        verb, column, row, key = space.sample()
        assert desktop.decode([verb, column, row, places[keys[key]]]) == small.decode([verb, column, row, key], [])
    assert isinstance(small, ActionGrid)


def test_a_desktops_grid_may_be_finer_than_its_pixels_but_a_small_tasks_may_not() -> None:
    assert action_form("discrete", (16, 9)).decode([1, 31, 17, 0]) == Click(15, 8)
    with pytest.raises(UsageError, match="at most one for a pixel"):
        MicroActions(("click",), (), (32, 18), (16, 9))
    with pytest.raises(UsageError, match="one at least"):
        MicroActions(("click",), (), (0, 18), (16, 9))
