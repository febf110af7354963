"""Tools that are offered only from some point of an episode on."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest

import agentgym  # noqa: F401 - registers the environment
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext

EMPTY = {"type": "object", "properties": {}, "additionalProperties": False}


def unlock(_arguments: dict[str, Any], context: ToolContext) -> str:
    context.state["unlocked"] = True
    return "click"


UNLOCK = Tool("unlock", "Unlocks the door.", EMPTY, unlock)
WALK = Tool("walk", "Walks through.", EMPTY, lambda *_: "outside", offered=lambda context: "unlocked" in context.state)


@pytest.fixture
def env() -> Any:
    made = gym.make("agentgym/Tools-v0", task=Task("door", "Leave."), tools=[UNLOCK, WALK])
    yield made
    made.close()


def names(definitions: list[dict[str, Any]]) -> list[str]:
    return [definition["function"]["name"] for definition in definitions]


def test_a_tool_that_is_not_offered_is_one_that_nobody_has(env: Any) -> None:
    _, info = env.reset()
    assert names(info["tools"]) == ["unlock"]
    assert list(env.unwrapped.tools) == ["unlock"]
    info = env.step({"name": "walk", "arguments": {}})[4]
    assert "tools" not in info
    assert info["tool_results"][0]["content"] == "no tool named 'walk'; known are: unlock"


def test_the_step_that_brings_it_tells_of_it(env: Any) -> None:
    env.reset()
    info = env.step({"name": "unlock", "arguments": {}})[4]
    assert names(info["tools"]) == ["unlock", "walk"]
    info = env.step({"name": "walk", "arguments": {}})[4]
    assert "tools" not in info
    assert info["tool_results"][0]["content"] == "outside"


def test_going_back_takes_it_away_again(env: Any) -> None:
    env.reset()
    before = env.unwrapped.snapshot()
    env.step({"name": "unlock", "arguments": {}})
    after = env.unwrapped.snapshot()
    env.unwrapped.restore(before)
    assert list(env.unwrapped.tools) == ["unlock"]
    env.unwrapped.restore(after)
    assert list(env.unwrapped.tools) == ["unlock", "walk"]


def test_the_same_tool_under_another_name_comes_as_late() -> None:
    context = ToolContext(Task("door", "Leave."))
    assert not WALK.renamed("go").is_offered(context)
    assert UNLOCK.renamed("open").is_offered(context)
