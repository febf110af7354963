"""What a model is told where OSWorld's observation types are around the environment, and how it names marks."""

from __future__ import annotations

from typing import Any

import pytest

from agentgym.actions import Batch, Click, Done
from agentgym.wrappers import ObservationType
from tests.agents.llm import play
from tests.agents.test_openai_screen import pictures
from tests.modelserver import call, calls, say
from tests.wrappers.marked_desktop import buttons


def _told(played: Any) -> str:
    """All text of the first request."""
    return str(played.server.requests[0])


@pytest.mark.parametrize("actions", ["tools", "text"])
@pytest.mark.parametrize("kind", ["screenshot", "a11y_tree", "screenshot_a11y_tree", "som"])
def test_a_model_is_told_what_the_type_shows(kind: Any, actions: str) -> None:
    played = play(ObservationType(buttons(), kind), [say("DONE")], actions=actions)
    told = _told(played)
    assert played.actions == [Done()]
    assert len(pictures(played.server.requests[0])) == ("screenshot" in kind or kind == "som")
    assert ("position (top-left x&y)" in told) == ("a11y_tree" in kind)
    assert ("index\\ttag\\tname" in told) == (kind == "som")
    assert ("pyautogui.click(tag_3)" in told) == (kind == "som")
    assert "200x120 pixels" in told


@pytest.mark.parametrize(
    ("actions", "reply"),
    [
        ("tools", call("act", action="pyautogui.click(tag_3)")),
        ("text", "I send it.\n```python\npyautogui.click(*tag_3)\n```"),
        ("pyautogui", "```\npyautogui.click(tag_3[0], tag_3[1])\n```"),
    ],
)
def test_a_mark_that_a_model_names_is_clicked(actions: str, reply: Any) -> None:
    env = ObservationType(buttons(), "som")
    played = play(env, [reply, say("DONE")], actions=actions)
    assert played.actions == [Click(40, 75), Done()]
    assert played.infos[0]["action_error"] is None


def test_several_marks_of_one_reply_are_clicked_in_their_order() -> None:
    uses = calls(("act", {"action": "pyautogui.click(tag_1)"}), ("act", {"action": "pyautogui.click(tag_2)"}))
    played = play(ObservationType(buttons(), "som"), [uses, say("DONE")])
    assert played.actions[0] == Batch((Click(30, 20), Click(80, 20)))


def test_a_model_that_names_no_mark_of_the_screen_is_told_which_there_are() -> None:
    script = [call("act", action="pyautogui.click(tag_9)"), call("act", action="pyautogui.click(tag_1)"), say("DONE")]
    played = play(ObservationType(buttons(), "som"), script)
    assert played.actions == [Click(30, 20), Done()]
    assert "there are tag_1 to tag_3" in str(played.server.requests[1])


def test_marks_are_those_of_the_screen_that_the_model_saw() -> None:
    script = [call("act", action="pyautogui.write('x')"), call("act", action="pyautogui.click(tag_4)"), say("DONE")]
    played = play(ObservationType(buttons(), "som"), script)
    assert played.actions[1] == Click(104, 104)
