"""Environments as verifiers plays them: its own interception, traces and rewards, and a model on loopback."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.adapters.sums import SUM
from tests.modelserver import ModelServer, Reply, calls, say, serving
from tests.modelserver import call as calling

pytestmark = pytest.mark.episodes

vf: Any = pytest.importorskip("verifiers.v1", reason="pip install --no-deps verifiers")

BARE = {key: value for key, value in SUM.items() if key != "evaluator"}


def call(name: str, **arguments: Any) -> str:
    return f"I think.\n<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def writes_calls(body: dict[str, Any]) -> Reply:
    """A model that adds, and answers what it was told of the sum, all as text."""
    heard = body["messages"][-1]["content"]
    return say(call("answer", text=heard) if heard.isdigit() else call("add", a=2, b=3))


def adds_and_answers(body: dict[str, Any]) -> Reply:
    """The same, calling the tools that it is told of."""
    heard = body["messages"][-1]["content"]
    return calling("answer", text=heard) if heard.isdigit() else calling("add", a=2, b=3)


def environment(made: str, **arguments: Any) -> Any:
    # Imported once verifiers is known to be there.
    from agentgym.adapters import verifiers

    return verifiers.environment(made, **arguments)


def played(env: Any, model: ModelServer) -> list[Any]:
    """The episodes of the taskset, all at once."""
    context = vf.ModelContext(model="m", client=vf.EvalClientConfig(base_url=model.url))

    async def play() -> list[Any]:
        async with env.serving():
            return await asyncio.gather(*(env.run_episode(task, context) for task in env.taskset))

    return asyncio.run(play())


def test_verifiers_plays_episodes_and_records_the_score() -> None:
    with serving(adds_and_answers) as model:
        episodes = played(environment("agentgym/Tools-v0", task=SUM, episodes=2, seed=5), model)
    assert [episode.errors for episode in episodes] == [[], []]
    for episode, seed in zip(episodes, (5, 6), strict=True):
        (trace,) = episode.traces
        assert trace.task.data.seed == seed
        assert trace.reward == 1.0
        said = trace.branches[-1].messages
        assert [message.role for message in said] == ["user", "assistant", "tool", "assistant"]
        assert (said[2].tool_call_id, said[2].content) == (said[1].tool_calls[0].id, "5")
    told = [tool["function"]["name"] for tool in model.requests[0]["tools"]]
    assert told == ["add", "answer"]


def test_calls_can_be_text() -> None:
    with serving(writes_calls) as model:
        episodes = played(environment("agentgym/Tools-v0", task=SUM, episodes=2, seed=5, calls="text"), model)
    assert [episode.errors for episode in episodes] == [[], []]
    assert all(episode.ok for episode in episodes)
    for episode, seed in zip(episodes, (5, 6), strict=True):
        (trace,) = episode.traces
        assert trace.task.data.seed == seed
        assert trace.reward == 1.0
        said = [(message.role, message.content) for message in trace.branches[-1].messages]
        assert said[0][0] == "system"
        assert '"name": "add"' in said[0][1]
        assert said[1:] == [
            ("user", SUM["instruction"]),
            ("assistant", call("add", a=2, b=3)),
            ("user", "5"),
            ("assistant", call("answer", text="5")),
        ]


def test_an_episode_without_a_score_has_failed() -> None:
    with serving(adds_and_answers) as model:
        (episode,) = played(environment("agentgym/Tools-v0", task=BARE, episodes=1), model)
    assert not episode.ok
    assert "has no score" in episode.errors[0].message


def test_text_goes_to_an_environment_of_text() -> None:
    with serving(lambda body: say("[0]")) as model:
        (episode,) = played(environment("agentgym/TextArena-v0", game="GuessTheNumber-v0", episodes=1), model)
    assert episode.errors == []
    assert episode.traces[0].reward == 0.0
    assert model.requests[0]["messages"][0]["role"] == "user"


def test_each_episode_has_a_machine_of_its_own() -> None:
    task = {
        "id": "number",
        "instruction": "Write 7 into n.txt, which is not there yet.",
        "tools": ["bash", "submit"],
        "evaluator": {
            "func": "exact_match",
            "result": {"type": "vm_command_line", "command": "cat /home/user/n.txt"},
            "expected": {"type": "rule", "rules": {"expected": "7\n"}},
        },
    }

    def writes(body: dict[str, Any]) -> Reply:
        first = len(body["messages"]) == 1
        return calling("bash", command="set -C; echo 7 > n.txt") if first else calling("submit", answer="done")

    with serving(writes) as model:
        episodes = played(environment("agentgym/Tools-v0", task=task, episodes=3), model)
    assert [episode.errors for episode in episodes] == [[], [], []]
    assert [episode.traces[0].reward for episode in episodes] == [1.0, 1.0, 1.0]


def test_a_desktop_is_acted_on_by_calls_too() -> None:
    task = {**SUM, "tools": SUM["tools"]}

    def acts(body: dict[str, Any]) -> Reply:
        if len(body["messages"]) > 1:
            return calling("answer", text="5")
        return calls(("act", {"action": "pyautogui.click(3, 4)"}), ("add", {"a": 1}))

    desktop = environment(
        "agentgym/Desktop-v0", task=task, backend="memory", screen=(64, 48), observation=("instruction",), episodes=1
    )
    with serving(acts) as model:
        (episode,) = played(desktop, model)
    assert episode.errors == []
    assert episode.traces[0].reward == 1.0
    # Each under the id of its call, or the server would have refused them.
    results = [one["content"] for one in model.requests[1]["messages"] if one["role"] == "tool"]
    assert results == ["What is 2 + 3?", "2"]
