"""Code that names marks becomes code with their places."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.actions import Batch, Click, DragTo, MoveTo, TypeText, parse_action
from agentgym.actions.tags import with_places
from agentgym.errors import ActionError

PLACES = [(10, 20), (30, 40), (50, 61)]


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("pyautogui.click(tag_3)", Click(50, 61)),
        ("pyautogui.click(*tag_3)", Click(50, 61)),
        ("pyautogui.click(tag_3[0], tag_3[1])", Click(50, 61)),
        ("pyautogui.click(x=tag_1[0], y=tag_2[1], clicks=2)", Click(10, 40, clicks=2)),
        ("pyautogui.click(tag_3[0] + 10, tag_3[1] - 2 * 3)", Click(60, 55)),
        ("pyautogui.click((tag_1[0] + tag_2[0]) / 2, tag_3[1] // 2)", Click(20, 30)),
        ("```python\nimport pyautogui\npyautogui.moveTo(tag_2, duration=0.5)  # there\n```", MoveTo(30, 40)),
        ("pyautogui.moveTo(tag_1)\npyautogui.dragTo(tag_2, button='left')", Batch((MoveTo(10, 20), DragTo(30, 40)))),
        ("pyautogui.write('tag_9'); pyautogui.click(tag_1)", Batch((TypeText("tag_9"), Click(10, 20)))),
    ],
)
def test_a_tag_is_a_place(code: str, action: object) -> None:
    assert parse_action(with_places(code, PLACES)) == action


@pytest.mark.parametrize(
    "code",
    [
        "pyautogui.click(1,  2)",
        "DONE",
        "",
        "pyautogui.write( 'tag_1' )",
        "click on tag_1",
        '{"action": "tag_1"}',
        "tag_",
    ],
)
def test_code_without_tags_stays_as_it_is(code: str) -> None:
    assert with_places(code, PLACES) == code


@pytest.mark.parametrize("name", ["tag_0", "tag_4", "tag_999999999"])
def test_a_tag_that_is_not_there_is_an_error_that_says_which_are(name: str) -> None:
    with pytest.raises(ActionError, match=f"no '{name}' on the screen; there are tag_1 to tag_3"):
        with_places(f"pyautogui.click({name})", PLACES)
    with pytest.raises(ActionError, match="there is none"):
        with_places(f"pyautogui.click({name})", [])


@pytest.mark.parametrize(
    "code",
    [
        "pyautogui.click(tag_1[2])",
        "pyautogui.click(tag_1[0] / 0, 1)",
        "pyautogui.click(tag_1[0] ** 2, 1)",
        "tag_1 = (1, 2)\npyautogui.click(tag_1)",
        "pyautogui.click(" + "9" * 400 + " / 2.0, tag_1)",
        f"pyautogui.click(tag_{'9' * 5000})",
        f"pyautogui.click({'-' * 3000}tag_1[0], 2)",
        "pyautogui.click(tag_a)",
    ],
)
def test_what_is_no_place_is_refused(code: str) -> None:
    with pytest.raises(ActionError):
        parse_action(with_places(code, PLACES))


@given(st.text(alphabet="tag_123[]()+-*/. ,\n'pyautoguiclick", max_size=60))
def test_no_text_raises_anything_but_an_action_error(code: str) -> None:
    with suppress(ActionError):
        with_places(f"{code} tag_1", PLACES)
