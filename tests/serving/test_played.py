"""An environment played by calls, in this process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium as gym
import pytest
from PIL import Image

import agentgym
from agentgym import spaces
from agentgym.errors import UsageError
from agentgym.serving import Played
from agentgym.tools import ToolContext, tool

TASK: dict[str, Any] = {
    "id": "sum",
    "instruction": "Submit 6 * 7.",
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "answer"},
        "expected": {"type": "rule", "rules": {"expected": "42"}},
    },
    "tools": ["calculator", "submit"],
}


@contextmanager
def playing(env_id: str = "agentgym/Tools-v0", *, hidden: tuple[str, ...] = (), **options: Any) -> Iterator[Played]:
    played = Played(gym.make(env_id, **options), seed=0, hidden=hidden)
    try:
        yield played
    finally:
        played.close()


def names(played: Played) -> list[str]:
    return [one.name for one in played.offered()]


def test_a_tasks_tools_are_offered_as_they_are_with_what_belongs_to_an_episode() -> None:
    with playing(task=TASK) as played:
        assert names(played) == ["calculator", "submit", "done", "fail", "task", "evaluate", "reset"]
        assert played.offered()[0].schema["required"] == ["expression"]
        assert played.call("task", {}).text == "Submit 6 * 7."
        assert played.call("calculator", {"expression": "6 * 7"}).text.strip() == "42"
        assert played.call("evaluate", {}).value == {"score": 0.0, "terms": {"0:exact_match": 0.0}}
        last = played.call("submit", {"answer": "42"})
        assert last.ok
        assert last.value == {"over": True, "score": 1.0}
        assert last.text.endswith("The episode is over. Its score is 1.")


def test_what_cannot_be_called_is_told_so() -> None:
    with playing(task=TASK) as played:
        assert "known are" in played.call("nothing", {}).text
        assert "$.expression" in played.call("calculator", {"expression": 7}).text
        assert not played.call("calculator", {"expression": "1/0"}).ok
        assert "whole number" in played.call("reset", {"seed": -1}).text
        assert "whole number" in played.call("reset", {"seed": True}).text
        assert played.call("done", {}).value == {"over": True, "score": 0.0}
        over = played.call("calculator", {"expression": "1"})
        assert (over.ok, over.text) == (
            False,
            "The episode is over. Its score is 0. Call reset for another episode.",
        )
        assert played.call("reset", {}).text == "Submit 6 * 7."
        assert played.call("calculator", {"expression": "1"}).ok


def test_the_score_of_a_hidden_evaluation_is_not_told() -> None:
    with playing(task=TASK, hidden=("evaluate", "reset")) as played:
        assert names(played) == ["calculator", "submit", "done", "fail", "task"]
        assert not played.call("evaluate", {}).ok
        assert played.call("done", {}).text == "The episode is over."


def test_what_is_hidden_has_to_be_there() -> None:
    with (
        pytest.raises(UsageError, match="'evaluat' cannot be hidden; did you mean 'evaluate'"),
        playing(task=TASK, hidden=("evaluat",)),
    ):
        pass


def test_a_tool_of_the_task_keeps_its_name() -> None:
    @tool
    def reset(context: ToolContext) -> str:
        """The task's own."""
        context.state["reset"] = True
        return "ours"

    @tool
    def done() -> str:
        """The task's own, too."""
        return "not yet"

    with playing(task=TASK, tools=[reset, done]) as played:
        assert names(played) == ["reset", "done", "env_done", "fail", "task", "evaluate", "env_reset"]
        assert played.call("reset", {}).text == "ours"
        assert played.call("done", {}).text == "not yet"
        assert played.call("env_reset", {"seed": 3}).text == "Submit 6 * 7."
        assert played.call("env_done", {}).value == {"over": True, "score": 0.0}


def test_a_desktops_actions_are_tools_that_answer_with_the_screen() -> None:
    with playing("agentgym/ClickButton-v0") as played:
        assert {"click", "type_text", "hotkey", "screenshot", "done"} <= set(names(played))
        assert not {"python", "batch", "tool_call"} & set(names(played))
        shown = played.call("screenshot", {})
        assert Image.open(io.BytesIO(shown.images[0])).size == (84, 84)
        assert played.call("click", {"x": 1, "y": 1}).images
        refused = played.call("click", {"x": 1, "y": "one", "kind": "Python"})
        assert (refused.ok, len(refused.images)) == (False, 1)
        assert "$.y" in refused.text
        assert not played.call("no_such_action", {}).ok


def test_closing_scores_what_was_done_as_it_was_left(tmp_path: Any) -> None:
    env = agentgym.wrappers.TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=TASK), tmp_path)
    played = Played(env, seed=0)
    played.call("calculator", {"expression": "1"})
    played.close()
    (episode,) = agentgym.Dataset(tmp_path)
    assert list(episode.terminations) == [False, True]
    assert episode.infos[-1]["score"] == 0.0


def test_closing_an_episode_in_which_nothing_was_done_scores_nothing(tmp_path: Any) -> None:
    env = agentgym.wrappers.TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=TASK), tmp_path)
    played = Played(env, seed=0)
    assert played.instruction
    played.close()
    (episode,) = agentgym.Dataset(tmp_path)
    assert len(episode.actions) == 0


class Echo(gym.Env[str, str]):
    """Says what was said."""

    observation_space = spaces.UnicodeText()
    action_space = spaces.UnicodeText()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        return "say something", {}

    def step(self, action: Any) -> tuple[str, float, bool, bool, dict[str, Any]]:
        if not isinstance(action, str):
            return "", 0.0, False, False, {"action_error": "no text"}
        return f"you said {action}", 1.0, True, False, {"score": 1.0}


def test_an_environment_of_text_is_spoken_with() -> None:
    played = Played(Echo())
    assert names(played) == ["say", "task", "evaluate", "reset"]
    assert played.call("task", {}).text == "say something"
    assert not played.call("say", {}).ok
    last = played.call("say", {"text": "hello"})
    assert last.text == "you said hello\n\nThe episode is over. Its score is 1."
    assert played.call("evaluate", {}).text == "Nothing here is scored."
    played.close()


def test_numbers_cannot_be_called() -> None:
    env = gym.make("CartPole-v1")
    with pytest.raises(UsageError, match=r"actions of Discrete\(2\) cannot be called by name"):
        Played(env)
    env.close()
