"""OSWorld's observation types, around environments of every kind."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from lxml import etree

from agentgym.actions import Action, Click, Hotkey
from agentgym.agents.policy import wrapped
from agentgym.envs.vector import VectorDesktops
from agentgym.errors import UsageError
from agentgym.spaces import Computer13, PyAutoGUIText, UnicodeText
from agentgym.trajectory import Dataset
from agentgym.trajectory.spacejson import space_from_json, space_to_json
from agentgym.wrappers import ObservationType, Tap, TextActions, TrajectoryRecorder
from tests.wrappers.marked_desktop import MARKS, SCREEN, buttons

_TABLE = [
    "tag\tname\ttext\tclass\tdescription\tposition (top-left x&y)\tsize (w&h)",
    'push-button\tFile\t""\t\t\t(10, 10)\t(41, 20)',
    'push-button\tEdit\t""\t\t\t(60, 10)\t(40, 20)',
    'push-button\tSend it\t""\t\t\t(10, 60)\t(60, 30)',
]
_KINDS = ("screenshot", "a11y_tree", "screenshot_a11y_tree", "som")
_SHOWING = "{https://accessibility.ubuntu.example.org/ns/state}showing"
_WRAPPED = pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")


def _backend(env: gym.Env[Any, Any]) -> Any:
    return env.get_wrapper_attr("backend")


def _performed(env: gym.Env[Any, Any]) -> list[Action]:
    return list(_backend(env).performed)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("screenshot", {"screenshot", "instruction"}),
        ("a11y_tree", {"accessibility_tree", "instruction"}),
        ("screenshot_a11y_tree", {"screenshot", "accessibility_tree", "instruction"}),
        ("som", {"screenshot", "accessibility_tree", "instruction"}),
    ],
)
def test_each_type_shows_what_it_says(kind: Any, shown: set[str]) -> None:
    env = ObservationType(buttons(), kind)
    observation, info = env.reset(seed=0)
    assert {*observation} == shown
    assert observation in env.observation_space
    assert ("marks" in info) == (kind == "som")
    if "a11y" in kind:
        assert observation["accessibility_tree"].split("\n") == _TABLE
    if "screenshot" in kind:
        assert (observation["screenshot"] == _backend(env).observe(["screenshot"])["screenshot"]).all()
    env.close()


@_WRAPPED
@pytest.mark.parametrize("kind", _KINDS)
def test_gymnasiums_checker_is_content(kind: Any) -> None:
    env = ObservationType(buttons(), kind)
    check_env(env, skip_render_check=True)
    env.close()


def test_marks_are_drawn_and_listed() -> None:
    env = ObservationType(buttons(), "som")
    observation, info = env.reset(seed=0)
    plain = _backend(env).observe(["screenshot"])["screenshot"]
    assert info["marks"] == MARKS
    assert observation["accessibility_tree"].split("\n") == [
        "index\ttag\tname\ttext",
        '1\tpush-button\tFile\t""',
        '2\tpush-button\tEdit\t""',
        '3\tpush-button\tSend it\t""',
    ]
    picture = observation["screenshot"]
    for x, y, width, height in MARKS:
        assert (picture[y, x : x + width + 1] == (255, 0, 0)).all()
        assert (picture[y : y + height - 12, x] == (255, 0, 0)).all()
    assert (picture[100:] == plain[100:]).all()
    env.close()


def test_actions_name_marks() -> None:
    env = ObservationType(buttons(), "som")
    env.reset(seed=0)
    for code in ("pyautogui.click(tag_1)", "pyautogui.click(*tag_3)", "pyautogui.click(tag_2[0] + 1, tag_2[1])"):
        _, _, _, _, info = env.step(code)
        assert info["action_error"] is None
    env.step(Click(1, 2))
    env.step("pyautogui.hotkey('ctrl', 's')")
    assert _performed(env) == [Click(30, 20), Click(40, 75), Click(81, 20), Click(1, 2), Hotkey(("ctrl", "s"))]
    env.close()


def test_a_mark_is_the_one_that_was_shown_last() -> None:
    env = ObservationType(buttons(), "som")
    env.reset(seed=0)
    _, _, _, _, info = env.step("pyautogui.click(tag_4)")
    assert info["action_error"] == "no 'tag_4' on the screen; there are tag_1 to tag_3"
    assert _performed(env) == []
    _, _, _, _, info = env.step("pyautogui.write('x')")
    assert len(info["marks"]) == 4
    _, _, _, _, info = env.step("pyautogui.click(tag_4)")
    assert info["action_error"] is None
    assert _performed(env)[-1] == Click(104, 104)
    env.close()


def test_tags_are_nothing_to_other_types() -> None:
    env = ObservationType(buttons(), "a11y_tree")
    env.reset(seed=0)
    _, _, _, _, info = env.step("pyautogui.click(tag_1)")
    assert "not allowed" in info["action_error"]
    env.close()


def test_marks_and_computer_13_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="action='pyautogui'"):
        ObservationType(buttons(action="computer_13"), "som")
    assert isinstance(ObservationType(buttons(action="computer_13"), "a11y_tree").action_space, Computer13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "a11y"}, "did you mean 'a11y_tree'"),
        ({"max_tokens": 0}, "whole number from 1"),
        ({"platform": "macos"}, "ubuntu, windows"),
        ({"tokens": "words"}, "tiktoken"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ObservationType(buttons(), **options)


@pytest.mark.parametrize("kind", _KINDS[1:])
def test_what_is_not_observed_cannot_be_shown(kind: Any) -> None:
    with pytest.raises(UsageError, match=r"does not show accessibility_tree: make it with observation=\('"):
        ObservationType(buttons(observation=("screenshot",)), kind)


def test_marks_are_not_drawn_into_a_smaller_picture() -> None:
    kinds = ("screenshot", "accessibility_tree")
    env = TextActions(gym.make("agentgym/ClickButton-v0", observation=kinds, disable_env_checker=True))
    with pytest.raises(UsageError, match="marks are drawn where parts are on the screen itself"):
        ObservationType(env, "som")
    assert ObservationType(env, "a11y_tree").reset(seed=0)[0]["accessibility_tree"].count("push-button") == 1
    env.close()


def test_a_table_is_cut_between_rows() -> None:
    env = ObservationType(buttons(), "a11y_tree", max_tokens=50, tokens="estimate")
    observation, _ = env.reset(seed=0)
    assert env.counted_by == "estimate"
    assert observation["accessibility_tree"] == "".join(f"{row}\n" for row in _TABLE[:2]) + "[...]\n"
    env.close()


def test_recorders_inside_and_outside_keep_what_passes_them(tmp_path: Path) -> None:
    inside = TrajectoryRecorder(buttons(), tmp_path / "inside")
    env = TrajectoryRecorder(ObservationType(inside, "som"), tmp_path / "outside")
    shown, _ = env.reset(seed=0)
    env.step("pyautogui.click(tag_3)")
    env.step("DONE")
    env.close()
    (under,), (over,) = Dataset(tmp_path / "inside"), Dataset(tmp_path / "outside")
    assert under.actions[0] == "pyautogui.click((40, 75))"
    assert over.actions[0] == "pyautogui.click(tag_3)"
    assert under.observations[0]["accessibility_tree"].startswith("<desktop-frame")
    assert over.observations[0]["accessibility_tree"] == shown["accessibility_tree"]
    assert (over.observations[0]["screenshot"] == shown["screenshot"]).all()
    assert over.infos[0]["marks"] == MARKS


def test_a_refused_step_is_shown_as_any_other() -> None:
    env = Tap(ObservationType(buttons(), "som"))
    first, _ = env.reset(seed=0)
    observation, _, _, _, info = env.refuse("pyautogui.click(tag_1)", "not there")
    assert (info["action_error"], info["marks"]) == ("refused: not there", MARKS)
    assert observation["accessibility_tree"] == first["accessibility_tree"]
    assert (observation["screenshot"] == first["screenshot"]).all()
    env.close()


def test_an_environment_is_made_again_from_its_spec() -> None:
    made = gym.make(
        "agentgym/Desktop-v0",
        disable_env_checker=True,
        task={"id": "t", "instruction": "i"},
        backend="memory",
        observation=("screenshot", "accessibility_tree"),
    )
    env = ObservationType(made, "som", max_tokens=500, tokens="estimate")
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert isinstance(again, ObservationType)
    assert (again.kind, again.counted_by) == ("som", "estimate")
    assert (again.observation_space, again.action_space) == (env.observation_space, env.action_space)
    again.close()
    env.close()


def test_a_space_with_tags_is_described_and_made_again() -> None:
    space = PyAutoGUIText(SCREEN, tags=True)
    assert space_from_json(space_to_json(space)) == space != PyAutoGUIText(SCREEN)
    space.seed(0)
    assert any("tag_" in space.sample() for _ in range(50))
    assert space_to_json(PyAutoGUIText(SCREEN))["arguments"] == {"screen": [*SCREEN]}


@pytest.mark.parametrize("kind", _KINDS)
def test_many_at_once_are_each_shown_their_own(kind: Any) -> None:
    wrap = partial(ObservationType, kind=kind)
    for envs in (
        gym.vector.SyncVectorEnv([lambda: wrap(buttons()), lambda: wrap(buttons())]),
        VectorDesktops(buttons, 2, env_wrappers=[wrap]),
    ):
        seen, infos = envs.reset(seed=0)
        alone = wrap(buttons())
        expected, _ = alone.reset(seed=1)
        for name, value in expected.items():
            assert np.array_equal(seen[name][1], value)
        _, _, _, _, infos = envs.step(("pyautogui.click(1, 2)", "pyautogui.click(tag_9)"))
        assert infos["action_error"][0] is None
        assert "tag_9" in infos["action_error"][1]
        envs.close()
        alone.close()


def test_a_command_line_names_it() -> None:
    env = wrapped(buttons(), ['{"wrapper": "agentgym.wrappers:ObservationType", "kind": "a11y_tree"}'])
    assert isinstance(env.observation_space["accessibility_tree"], UnicodeText)  # type: ignore[index]  # a Dict's
    env.close()


@pytest.mark.desktop
def test_a_click_on_a_mark_opens_a_menu_of_a_real_application() -> None:
    setup = [{"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}]
    env = ObservationType(
        gym.make(
            "agentgym/Desktop-v0",
            disable_env_checker=True,
            task={"id": "t", "instruction": "Open the menu.", "config": setup},
            settle_timeout=10.0,
            observation=("screenshot", "accessibility_tree"),
        ),
        "som",
    )
    observation, info = env.reset(seed=0)
    number = next(
        row.split("\t")[0]
        for row in observation["accessibility_tree"].split("\n")
        if row.split("\t")[1:3] == ["menu", "Edit"]
    )
    x, y, width, _ = info["marks"][int(number) - 1]
    assert (observation["screenshot"][y, x : x + width] == (255, 0, 0)).all()
    observation, _, _, _, info = env.step(f"pyautogui.click(tag_{number})")
    assert info["action_error"] is None
    tree = etree.fromstring(_backend(env).observe(["accessibility_tree"])["accessibility_tree"])
    (menu,) = [menu for menu in tree.iter("menu") if menu.get("name") == "Edit"]
    assert any(item.get(_SHOWING) == "true" for item in menu.iter("menu-item"))
    assert len(info["marks"]) > 10
    env.close()
