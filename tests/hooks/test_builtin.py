"""The hooks that come with the package, in real episodes of tools."""

from __future__ import annotations

from typing import Any

import pytest

from agentgym.agents import Emit
from agentgym.envs.tools import ToolEnv
from agentgym.errors import Refused, UsageError
from agentgym.events import Bus, ModelResponse, Note, Record, Reset, around, tracing
from agentgym.hooks import Limit, Refuse, Time, join, read_hook
from agentgym.runner import Episode
from agentgym.tasks import Task

Played = list[dict[str, Any]]


class Calling:
    """Makes one call a step."""

    def __init__(self, *calls: tuple[str, dict[str, Any]]) -> None:
        self._calls = calls

    def reset(self, task: Task, emit: Emit) -> None:
        self._left = iter(self._calls)

    def act(self, observation: Any) -> Any:
        name, arguments = next(self._left)
        return {"name": name, "arguments": arguments}


def played(hooks: list[Any], *calls: tuple[str, dict[str, Any]]) -> Played:
    """What the agent is told of each call."""
    env = ToolEnv({"id": "t", "instruction": "i"}, tools=["calculator", "submit"], max_steps=len(calls))
    episode = Episode(env, Calling(*calls), hooks=hooks)
    try:
        return [result for _ in episode for result in episode.step().info["tool_results"]]
    finally:
        env.close()


def sum_of(text: str) -> tuple[str, dict[str, Any]]:
    return "calculator", {"expression": text}


DONE = ("submit", {"answer": "3"})


@pytest.mark.parametrize(
    ("hook", "refusals"),
    [
        ("tool_call=refuse:calc*", ["calculator may not be called", None]),
        ("tool_call=refuse:x,calculator", ["calculator may not be called", None]),
        ("tool_call=refuse:sub*", [None, "submit may not be called"]),
        (
            {"point": "tool_call", "hook": "refuse", "arguments": {"expression": r"\+"}},
            [r"expression may not contain \+", None],
        ),
        ({"point": "tool_call", "hook": "refuse", "names": "submit", "arguments": {"expression": "2"}}, [None, None]),
        (
            {"point": "tool_call", "hook": "refuse", "allow": ["submit"]},
            ["calculator is not among what may be called: submit", None],
        ),
        ({"point": "tool_call", "hook": "refuse", "allow": "calculator,submit"}, [None, None]),
        (
            {"point": "tool_call", "hook": "refuse", "names": "calculator", "reason": "by head"},
            ["by head", None],
        ),
    ],
)
def test_calls_are_refused_by_name_and_argument(hook: Any, refusals: list[str | None]) -> None:
    results = played([hook], sum_of("1+2"), DONE)
    expected = [None if refusal is None else f"refused: {refusal}" for refusal in refusals]
    assert [None if result["ok"] else result["content"] for result in results] == expected


def test_a_refused_action_is_not_done() -> None:
    env = ToolEnv({"id": "t", "instruction": "i"}, tools=["calculator"], max_steps=2)
    hook = {"point": "step", "hook": "refuse", "arguments": {"action": "calculator"}}
    with Episode(env, Calling(sum_of("1"), sum_of("2")), hooks=[hook]) as episode:
        errors = [episode.step().info["action_error"] for _ in episode]
    assert errors == ["refused: action may not contain calculator"] * 2
    env.close()


def test_a_pattern_that_cannot_be_read_is_said() -> None:
    with pytest.raises(UsageError, match=r"the pattern '\(' of the argument 'command'"):
        Refuse(arguments={"command": "("})


def test_so_many_calls_pass_and_no_more() -> None:
    results = played(["tool_call=limit:2"], *[sum_of(str(number)) for number in range(4)])
    assert [result["ok"] for result in results] == [True, True, False, False]
    assert results[2]["content"] == "refused: 2 calls are used up; the limit of an episode is 2"


def test_the_limit_is_of_each_episode() -> None:
    bus = Bus()
    join(bus, [read_hook("tool_call=limit:1")])
    for _ in range(2):
        bus.publish(Reset(observation=None))
        with tracing(bus):
            assert around("tool_call", 1, lambda value: value) == 1
            with pytest.raises(Refused):
                around("tool_call", 1, lambda value: value)


@pytest.mark.parametrize(
    ("limit", "refused_after"),
    [
        ({"tokens": 30}, 3),
        ({"cost_usd": 0.5}, 2),
        ({"tokens": 30, "cost_usd": 0.5}, 2),
        ({"calls": 1, "tokens": 30}, 1),
    ],
)
def test_tokens_and_dollars_of_model_calls_are_limited(limit: dict[str, Any], refused_after: int) -> None:
    def ask(arguments: dict[str, Any]) -> str:
        usage = {"prompt_tokens": 8, "completion_tokens": 2}
        bus.publish(ModelResponse(call_id="m", usage=usage, cost_usd=0.25))
        return "answer"

    bus = Bus()
    join(bus, [read_hook({"point": "model_call", "hook": "limit", **limit})])
    with tracing(bus):
        for _ in range(refused_after):
            around("model_call", {}, ask, name="gpt")
        with pytest.raises(Refused, match="used up"):
            around("model_call", {}, ask, name="gpt")


@pytest.mark.parametrize("options", [{}, {"calls": -1}])
def test_a_limit_of_nothing_is_said(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="limit"):
        Limit(**options)


@pytest.fixture
def times() -> tuple[Bus, list[Note]]:
    bus, seen = Bus(), list[Note]()

    def keep(record: Record) -> None:
        if isinstance(record.payload, Note):
            seen.append(record.payload)

    bus.subscribe(keep, "note")
    bus.intercept("model_call", Time())
    return bus, seen


def test_calls_are_timed_whether_they_succeed_or_not(times: tuple[Bus, list[Note]]) -> None:
    def fail(_: object) -> None:
        raise OSError("disk")

    bus, seen = times
    with tracing(bus):
        around("model_call", {}, lambda _: "answer", name="gpt", agent_id="me")
        with pytest.raises(OSError, match="disk"):
            around("model_call", {}, fail, name="gpt")
    assert [(note.kind, note.value["point"], note.value["name"], note.value["ok"]) for note in seen] == [
        ("time", "model_call", "gpt", True),
        ("time", "model_call", "gpt", False),
    ]
    assert all(note.value["ms"] >= 0 for note in seen)
    assert seen[0].agent_id == "me"
