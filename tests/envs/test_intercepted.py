from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
import pytest

from agentgym.actions import ToolCall
from agentgym.envs.desktop import DesktopEnv
from agentgym.envs.tools import ToolEnv
from agentgym.errors import EvaluationError, Refused, UsageError
from agentgym.evaluators import Score
from agentgym.events import Call, ModelResponse, Note, Record, Step, ToolCalled, ToolReturned
from agentgym.tools import ToolResult, tool
from agentgym.wrappers import Tap

Proceed = Callable[[Call], Any]

TASK = {
    "id": "sum",
    "instruction": "add",
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "answer"},
        "expected": {"type": "rule", "rules": {"expected": "3"}},
    },
}
SUBMIT = {"name": "submit", "arguments": {"answer": "3"}}


@tool
def add(one: int, other: int) -> int:
    """Adds.

    Args:
        one: a number.
        other: another.
    """
    return one + other


@pytest.fixture
def env() -> Iterator[Tap]:
    task = {key: value for key, value in TASK.items() if key != "evaluator"}
    made = Tap(ToolEnv(task, tools=[add, "submit"], max_steps=3))
    yield made
    made.close()


def heard(env: Tap, *kinds: type) -> list[Any]:
    seen: list[Any] = []

    def keep(record: Record) -> None:
        seen.append(record.payload)

    env.bus.subscribe(keep, *kinds)
    return seen


def called(env: Tap, **arguments: Any) -> dict[str, Any]:
    """What the agent is told of one call."""
    env.reset(seed=0)
    info = env.step({"name": "add", "arguments": arguments, "id": "c1"})[4]
    (result,) = info["tool_results"]
    assert isinstance(result, dict)
    return result


def test_a_call_can_be_changed_and_the_stream_has_what_was_called_and_what_was_asked(env: Tap) -> None:
    def larger(call: Call, proceed: Proceed) -> Any:
        asked: ToolCall = call.value
        return proceed(replace(call, value=msgspec.structs.replace(asked, arguments={**asked.arguments, "one": 40})))

    env.bus.intercept("tool_call", larger)
    told = heard(env, ToolCalled, ToolReturned)
    assert called(env, one=1, other=2)["content"] == "42"
    asked, returned = told
    assert (asked.call_id, asked.arguments, asked.arguments_raw) == (
        "c1",
        {"one": 40, "other": 2},
        '{"one":1,"other":2}',
    )
    assert (returned.call_id, returned.result) == ("c1", "42")


def test_another_tool_can_be_called_instead(env: Tap) -> None:
    env.bus.intercept(
        "tool_call", lambda call, proceed: proceed(replace(call, value=ToolCall("submit", {"answer": "3"})))
    )
    told = heard(env, ToolCalled)
    env.reset(seed=0)
    _, _, terminated, _, _ = env.step({"name": "add", "arguments": {"one": 1, "other": 2}})
    assert terminated
    assert (told[0].name, told[0].tool) == ("add", "submit")


def test_a_refused_call_is_a_result_that_says_why_and_nothing_is_called(env: Tap) -> None:
    def never(call: Call, proceed: Proceed) -> Any:
        raise Refused("no sums on Sundays")

    env.bus.intercept("tool_call", never)
    told = heard(env, ToolCalled, ToolReturned, Note)
    assert called(env, one=1, other=2) == {
        "call_id": "c1",
        "name": "add",
        "ok": False,
        "content": "refused: no sums on Sundays",
    }
    assert env.unwrapped.context.calls == []  # type: ignore[attr-defined]  # a ToolEnv
    kinds = [type(event).__name__ for event in told]
    assert kinds == ["Note", "ToolCalled", "ToolReturned"]
    assert (told[1].arguments, told[2].ok, told[2].error) == (
        {"one": 1, "other": 2},
        False,
        "refused: no sums on Sundays",
    )


@pytest.mark.parametrize("answer", ["forty-two", ToolResult("c1", "add", True, "forty-two")])
def test_a_hook_may_answer_in_the_tools_place(env: Tap, answer: object) -> None:
    env.bus.intercept("tool_call", lambda call, proceed: answer)
    told = heard(env, ToolCalled, ToolReturned)
    assert called(env, one=1, other=2)["content"] == "forty-two"
    assert [told[0].arguments, told[1].result] == [{"one": 1, "other": 2}, "forty-two"]


def test_a_hook_that_answers_with_something_else_is_told_what_it_may_return(env: Tap) -> None:
    env.bus.intercept("tool_call", lambda call, proceed: 42)
    with pytest.raises(UsageError, match="a ToolResult or a text, not int"):
        called(env, one=1, other=2)


def test_of_a_replaced_result_the_stream_has_both(env: Tap) -> None:
    def shout(call: Call, proceed: Proceed) -> str:
        return f"{proceed(call).content}!"

    env.bus.intercept("tool_call", shout)
    told = heard(env, ToolReturned, Note)
    assert called(env, one=1, other=2)["content"] == "3!"
    assert told[0] == Note(kind="tool_result_replaced", value={"call_id": "c1", "ok": True, "content": "3"})
    assert told[1].result == "3!"


def test_a_call_that_is_made_twice_is_told_twice(env: Tap) -> None:
    def twice(call: Call, proceed: Proceed) -> Any:
        proceed(call)
        return proceed(call)

    env.bus.intercept("tool_call", twice)
    told = heard(env, ToolCalled, ToolReturned)
    assert called(env, one=1, other=2)["content"] == "3"
    assert [event.call_id for event in told] == ["c1", "c1", "c1.2", "c1.2"]


def test_what_was_refused_is_not_done_when_the_episode_is_played_again(env: Tap) -> None:
    done: list[int] = []

    @tool
    def keep(number: int) -> str:
        """Keeps.

        Args:
            number: to be kept.
        """
        done.append(number)
        return "kept"

    def only_even(call: Call, proceed: Proceed) -> Any:
        if call.value.arguments["number"] % 2:
            raise Refused("odd")
        return proceed(call)

    inner = ToolEnv({"id": "t", "instruction": "i"}, tools=[keep])
    tap = Tap(inner)
    tap.bus.intercept("tool_call", only_even)
    tap.reset(seed=0)
    tap.step([{"name": "keep", "arguments": {"number": number}} for number in (1, 2)])
    token = msgspec.structs.replace(inner.snapshot(), machine=None, context=None)
    inner.restore(token)
    assert done == [2, 2]
    tap.close()


def test_a_call_names_the_model_call_and_the_agent_that_asked_for_it(env: Tap) -> None:
    told = heard(env, ToolCalled)
    env.reset(seed=0)
    for agent, call in (("planner", "c1"), ("worker", "c2")):
        env.bus.publish(ModelResponse(call_id=f"of-{agent}", agent_id=agent, tool_calls=[{"id": call}]))
    env.step([{"name": "add", "arguments": {"one": 1, "other": 1}, "id": name} for name in ("c1", "c2", "c3")])
    asked = [(event.call_id, event.model_call_id, event.parent_id) for event in told]
    assert asked == [
        ("c1", "of-planner", "planner"),
        ("c2", "of-worker", "worker"),
        ("c3", "of-worker", "worker"),
    ]
    env.step({"name": "add", "arguments": {"one": 1, "other": 1}, "id": "c1"})
    assert (told[-1].model_call_id, told[-1].parent_id) == (None, None), "that was in the step before"


def test_a_model_that_a_tool_asks_has_asked_for_no_call(env: Tap) -> None:
    told = heard(env, ToolCalled)

    def overheard(call: Call, proceed: Proceed) -> Any:
        result = proceed(call)
        env.bus.publish(ModelResponse(call_id="of-user", parent_id=call.value.id))
        return result

    env.bus.intercept("tool_call", overheard)
    env.reset(seed=0)
    env.bus.publish(ModelResponse(call_id="of-agent", agent_id="clerk", tool_calls=[{"id": "c1"}]))
    steps = heard(env, Step)
    env.step([{"name": "add", "arguments": {"one": 1, "other": 1}, "id": name} for name in ("c1", "c2")])
    assert [(event.model_call_id, event.parent_id) for event in told] == [("of-agent", "clerk")] * 2
    assert steps[0].model_call_id == "of-agent"


def test_a_refused_step_counts_and_does_nothing(env: Tap) -> None:
    env.reset(seed=0)
    seen = [env.refuse(SUBMIT, "not yet") for _ in range(3)]
    assert [info["action_error"] for *_, info in seen] == ["refused: not yet"] * 3
    assert [truncated for _, _, _, truncated, _ in seen] == [False, False, True]


def judged(env: gym.Env[Any, Any]) -> Any:
    return env.unwrapped.evaluate()  # type: ignore[attr-defined]  # a JudgedEnv


def test_a_score_can_be_read_and_replaced() -> None:
    env = Tap(ToolEnv(TASK, tools=["submit"], backend="memory"))
    seen: list[Any] = []

    def halve(call: Call, proceed: Proceed) -> Score:
        score: Score = proceed(call)
        seen.append((call.value.id, score.value))
        return Score(score.value / 2, {})

    env.bus.intercept("evaluate", halve)
    env.reset(seed=0)
    assert env.step(SUBMIT)[1] == 0.5
    assert judged(env).value == 0.5, "and it is not judged again"
    assert seen == [("sum", 1.0)]
    env.close()


def test_a_refused_judging_leaves_the_episode_unscored() -> None:
    env = Tap(ToolEnv(TASK, tools=["submit"], backend="memory"))

    def never(call: Call, proceed: Proceed) -> Any:
        raise Refused("no judge here")

    env.bus.intercept("evaluate", never)
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(SUBMIT)
    assert (reward, terminated, info["score"], info["failure"]) == (0.0, True, None, "evaluation")
    with pytest.raises(EvaluationError, match="refused: no judge here"):
        judged(env)
    env.close()


def desktop(**options: Any) -> Tap:
    task = {"id": "t", "instruction": "i"}
    return Tap(DesktopEnv(task, backend="memory", screen=(64, 48), **options))


def test_on_a_desktop_a_refused_step_counts_and_nothing_is_done() -> None:
    env = desktop(max_steps=2)
    before, _ = env.reset(seed=0)
    after, reward, terminated, truncated, info = env.refuse("pyautogui.click(5, 5)", "not there")
    assert (reward, terminated, truncated, info["action_error"]) == (0.0, False, False, "refused: not there")
    assert np.array_equal(before["screenshot"], after["screenshot"])
    assert env.refuse("pyautogui.click(5, 5)", "not there")[3], "the limit counts it"
    env.close()


def test_on_a_desktop_what_was_refused_is_not_done_when_the_episode_is_played_again() -> None:
    done: list[int] = []

    @tool
    def keep(number: int) -> str:
        """Keeps.

        Args:
            number: to be kept.
        """
        done.append(number)
        return "kept"

    def only_even(call: Call, proceed: Proceed) -> Any:
        if call.value.arguments["number"] % 2:
            raise Refused("odd")
        return proceed(replace(call, value=ToolCall("keep", {"number": call.value.arguments["number"] * 10})))

    env = desktop(tools=[keep], max_steps=9)
    env.bus.intercept("tool_call", only_even)
    env.reset(seed=0)
    infos = [env.step({"name": "keep", "arguments": {"number": number}})[4] for number in (1, 2)]
    assert [info["tool_results"][0]["ok"] for info in infos] == [False, True]
    inner: Any = env.unwrapped
    inner.restore(msgspec.structs.replace(inner.snapshot(), machine=None, context=None))
    assert done == [20, 20]
    env.close()
