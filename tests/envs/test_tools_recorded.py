"""What a recording of tools holds: every call and result, with the step that caused it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from openai.types.chat import ChatCompletionMessage

from agentgym.actions import ToolCall
from agentgym.errors import BackendError
from agentgym.events import Note, Step, ToolCalled, ToolReturned, trace
from agentgym.spaces import ToolCallText
from agentgym.tools import Tool, ToolContext, tool
from agentgym.trajectory import Dataset
from agentgym.trajectory.spacejson import space_from_json
from agentgym.wrappers import TrajectoryRecorder


@tool
def add(a: int, b: int = 1) -> int:
    """Adds."""
    trace(Note(kind="adding"))
    return a + b


@tool
def talk(length: int) -> str:
    """Talks."""
    return "x" * length


@tool
def smash() -> None:
    """Breaks the machine."""
    raise BackendError("the sandbox died", kind="sandbox")


@tool
def submit(answer: str, context: ToolContext) -> None:
    """Ends."""
    context.submit(answer)


TASK = {
    "id": "t",
    "instruction": "Add.",
    "max_steps": 9,
    "evaluator": {
        "func": "matches",
        "result": {"type": "answer"},
        "expected": {"type": "rule", "rules": {"expected": 2}},
    },
}
CALL = {"id": "call_x", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
MESSAGE = ChatCompletionMessage.model_validate({"role": "assistant", "tool_calls": [CALL]})
ACTIONS: list[Any] = [
    [{"name": "add", "arguments": {"a": 1}}, {"name": "talk", "arguments": {"length": 1000}}],
    "nothing",
    MESSAGE,
    ToolCall("add", {"a": "1"}),
    '{"name": "submit", "arguments": {"answer": "2"}}',
]


def recorded(path: Path) -> TrajectoryRecorder:
    tools: list[Tool] = [add, talk, smash, submit]
    return TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=TASK, tools=tools, backend="memory"), path)


def test_every_call_and_result_is_there_with_the_step_that_caused_it(tmp_path: Path) -> None:
    env = recorded(tmp_path)
    told = [env.reset(seed=0)]
    told += [env.step(action)[:1] for action in ACTIONS]  # type: ignore[misc]  # observations alone
    env.close()
    dataset = Dataset(tmp_path)
    (episode,) = dataset
    assert [one[0] for one in told] == list(episode.observations)
    assert episode.score == episode.rewards[-1] == 1.0
    events = [record.payload for record in dataset.records(env_run(dataset))]
    calls = [event for event in events if isinstance(event, ToolCalled)]
    results = [event for event in events if isinstance(event, ToolReturned)]
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.tool_call_ids for step in steps] == [
        ["call-1-0", "call-1-1"],
        [],
        ["call_x"],
        ["call-4-0"],
        ["call-5-0"],
    ]
    assert [call.call_id for call in calls] == [result.call_id for result in results]
    assert [(call.name, call.arguments) for call in calls][:3] == [
        ("add", {"a": 1}),
        ("talk", {"length": 1000}),
        ("add", {"a": 1}),
    ]
    assert [result.ok for result in results] == [True, True, True, False, True]
    assert all(result.latency_ms is not None and result.latency_ms >= 0 for result in results)
    for result in results[:4]:
        text = result.result if result.ok else result.error
        assert result.result_preview == str(text)[:200]
        assert result.sha256 == hashlib.sha256(str(text).encode()).hexdigest()
    assert [type(event).__name__ for event in events[2:5]] == ["ToolCalled", "Note", "ToolReturned"]


def env_run(dataset: Dataset) -> str:
    (run,) = {episode.run_id for episode in dataset}
    return run


def test_recorded_actions_can_be_played_again(tmp_path: Path) -> None:
    env = recorded(tmp_path / "first")
    env.reset(seed=0)
    told = [env.step(action) for action in ACTIONS]
    env.close()
    (episode,) = Dataset(tmp_path / "first")
    again = recorded(tmp_path / "second")
    again.reset(seed=0)
    assert [again.step(action) for action in episode.actions] == told
    again.close()


def test_a_machine_that_breaks_in_a_call_is_in_the_recording(tmp_path: Path) -> None:
    env = recorded(tmp_path)
    env.reset(seed=0)
    with pytest.raises(BackendError):
        env.step({"name": "smash"})
    env.close()
    lines = next(tmp_path.glob("*.jsonl")).read_text().splitlines()
    kinds = [line.partition('"event_type":"')[2].partition('"')[0] for line in lines]
    assert kinds == ["run_started", "reset", "tool_call", "tool_result", "failed", "run_completed"]
    assert '"infrastructure":true' in lines[4]


def test_the_action_space_is_made_again_from_the_recording(tmp_path: Path) -> None:
    env = recorded(tmp_path)
    env.reset(seed=0)
    env.step("DONE")
    env.close()
    described = json.loads((tmp_path / "dataset.json").read_text())["env"]
    space = space_from_json(described["action_space"])
    assert space == env.action_space
    assert isinstance(space, ToolCallText)
    assert [one["function"]["name"] for one in space.tools] == ["add", "talk", "smash", "submit"]
    assert space_from_json(described["observation_space"]) == env.observation_space
