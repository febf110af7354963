"""Environments as skyrl-gym makes and plays them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import skyrl_gym

from agentgym.adapters.skyrl import AgentGymTextEnv, register
from agentgym.errors import UsageError
from agentgym.tools.replies import action_in
from tests.adapters.sums import SUM

pytestmark = pytest.mark.episodes

PROMPT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Here is a task."}]


def call(name: str, **arguments: Any) -> str:
    return f"I think.\n<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


@pytest.fixture
def registered() -> Iterator[str]:
    register("agentgym-tested")
    register("agentgym-tested")
    yield "agentgym-tested"
    skyrl_gym.envs.deregister("agentgym-tested")


def made(name: str, **row: Any) -> Any:
    return skyrl_gym.make(name, env_config={"id": "agentgym/Tools-v0", "arguments": {"task": SUM}}, extras=row)


def test_skyrl_gym_makes_and_plays_it(registered: str) -> None:
    env = made(registered)
    assert isinstance(env, skyrl_gym.envs.base_text_env.BaseTextEnv)
    messages, _ = env.init(PROMPT)
    assert [message["role"] for message in messages] == ["system", "user"]
    assert messages[0]["content"].startswith("Be brief.\n\nYou may call")
    assert '"name": "add"' in messages[0]["content"]
    assert messages[1]["content"] == "Here is a task.\n\nWhat is 2 + 3?"
    first = env.step(call("add", a=2, b=3))
    assert first == {
        "observations": [{"role": "user", "content": "5"}],
        "reward": 0.0,
        "done": False,
        "metadata": {"ok": True},
    }
    last = env.step(call("answer", text="5"))
    assert last == {"observations": [], "reward": 1.0, "done": True, "metadata": {"ok": True, "scored": True}}
    assert env.get_metrics() == {"turns": 2, "score": 1.0}
    assert AgentGymTextEnv.aggregate_metrics([env.get_metrics(), {"turns": 4, "score": 0.0}])["score"] == 0.5
    with pytest.raises(UsageError, match="call init"):
        env.step("more")
    env.close()


def test_a_second_episode_begins_anew(registered: str) -> None:
    env = made(registered, max_turns=2)
    openings = []
    for _ in range(2):
        openings.append(env.init(PROMPT))
        assert not env.step(call("add", a=1))["done"]
        cut = env.step(call("add", a=1))
        assert (cut["done"], cut["reward"], cut["metadata"]["scored"]) == (True, 0.0, True)
    assert openings[0] == openings[1]
    assert PROMPT[1]["content"] == "Here is a task."


def test_what_cannot_be_read_is_told(registered: str) -> None:
    env = made(registered)
    env.init([])
    said = env.step("Five.")
    assert "tool call is" in said["observations"][0]["content"]
    assert not said["metadata"]["ok"]


def test_the_row_says_which_environment_and_seed(registered: str) -> None:
    row = {"id": "agentgym/TextArena-v0", "arguments": {"game": "FrozenLake-v0-random"}}
    openings = [made(registered, seed=seed, **row).init(PROMPT)[0] for seed in (1, 1, 2, 3)]
    assert openings[0] == openings[1]
    assert openings[0] not in openings[2:]
    assert openings[0][0] == PROMPT[0], "text needs no manual"


def test_a_desktop_takes_calls_and_actions(registered: str) -> None:
    arguments = {
        "task": {"id": "both", "instruction": "Look.", "tools": SUM["tools"]},
        "backend": "memory",
        "screen": (64, 48),
        "observation": ("instruction",),
    }
    env = made(registered, id="agentgym/Desktop-v0", arguments=arguments)
    messages, _ = env.init(PROMPT)
    assert '"name": "add"' in messages[0]["content"]
    assert '"name": "act"' in messages[0]["content"]
    assert env.step(call("add", a=2, b=3))["observations"][0]["content"] == "5"
    assert env.step(call("act", action="pyautogui.click(3, 4)"))["observations"][0]["content"] == "Look."
    assert env.step("pyautogui.click(3, 4)")["metadata"] == {"ok": True}
    assert not env.step(call("act", action="pyautogui.clik(3, 4)"))["metadata"]["ok"]


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("plain", "plain"),
        ("a <tool_call>{}</tool_call> b", "{}"),
        ("<tool_call>\n1\n</tool_call><tool_call>2</tool_call>", "[1, 2]"),
    ],
)
def test_calls_are_found_in_a_reply(reply: str, action: str) -> None:
    assert action_in(reply) == action
