"""What comes of a call."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from agentgym.actions import ToolCall
from agentgym.errors import BackendError, EvaluationError, MissingDependencyError, TaskError, ToolError
from agentgym.events import Bus, Note, Record, trace, tracing
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext, ToolResult, call_tool, resolve_tools, tool


def played(function: Any, arguments: dict[str, Any] | None = None, **options: Any) -> ToolResult:
    made = function if isinstance(function, Tool) else tool(function)
    context = ToolContext(Task("t", "do it"))
    call = ToolCall(made.name, arguments or {})
    return call_tool(resolve_tools([made]), call, context, call_id="call-1-0", **options)


def test_text_is_shown_as_it_is_and_other_values_as_json() -> None:
    import dataclasses

    import numpy as np
    from pydantic import BaseModel

    @dataclasses.dataclass
    class Point:
        x: int

    class Model(BaseModel):
        y: int

    for value, shown in (
        ("a\nb", "a\nb"),
        (None, ""),
        ({"a": [1, 2.5, None, True]}, '{"a":[1,2.5,null,true]}'),
        (Point(1), '{"x":1}'),
        (Model(y=2), '{"y":2}'),
        (np.arange(3), "[0,1,2]"),
        (np.float32(0.5), "0.5"),
        ({1, 2}.__class__, "<class 'set'>"),
        (Opaque(), "<tests.tools.test_calling.Opaque object>"),
        ("half \ud800 é", "half ? é"),
        (3 + 4j, "(3+4j)"),
    ):

        def give(value: Any = value) -> Any:
            """Gives."""
            return value

        result = played(Tool("give", "", {"type": "object"}, lambda *_, give=give: give()))
        assert (result.ok, result.content) == (True, shown)
        assert result.value is value


def test_what_yields_is_listed_up_to_the_longest_result() -> None:
    def squares(most: int) -> Iterator[int]:
        """Squares."""
        return (number * number for number in range(most))

    def forever(word: str) -> Iterator[str]:
        """Goes on."""
        while True:
            yield word

    result = played(squares, {"most": 4})
    assert (result.ok, result.content, result.value) == (True, "[0,1,4,9]", [0, 1, 4, 9])
    for word in ("", "ab"):
        result = played(forever, {"word": word}, max_result=100)
        assert not result.ok
        assert result.content.startswith("the result has ")

    def breaks() -> Iterator[int]:
        """Breaks."""
        yield 1
        raise ToolError("no more")

    assert played(breaks).content == "no more"


def test_an_unknown_name_is_a_result_that_suggests() -> None:
    @tool
    def search() -> None:
        """Searches."""

    context = ToolContext(Task("t", ""))
    result = call_tool(resolve_tools([search]), ToolCall("serach"), context, call_id="c")
    assert result == ToolResult("c", "serach", False, "no tool named 'serach'; did you mean 'search'?")
    assert context.calls == [{"name": "serach", "arguments": {}, "ok": False}]


class Opaque:
    pass


class Strange(BaseException):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "content"),
    [
        (ToolError("no such order"), "no such order"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit(), "GeneratorExit"),
        (RecursionError(), "RecursionError"),
        (Strange(), "Strange"),
        (TimeoutError("slow"), "TimeoutError: slow"),
        (KeyError("half \ud800"), "KeyError: 'half \\ud800'"),
        (ToolError("half \ud800"), "half ?"),
        (ValueError(f"not {object()}"), "ValueError: not <object object>"),
    ],
)
@pytest.mark.parametrize("timeout_s", [None, 10.0])
def test_what_a_tool_raises_is_its_result(error: BaseException, content: str, timeout_s: float | None) -> None:
    def fail() -> None:
        """Fails."""
        raise error

    result = played(tool(timeout_s=timeout_s)(fail))
    assert (result.ok, result.content) == (False, content)


@pytest.mark.parametrize("timeout_s", [None, 10.0])
def test_a_broken_machine_and_an_interrupt_pass(timeout_s: float | None) -> None:
    for error in (BackendError("the machine died", kind="sandbox"), KeyboardInterrupt()):

        def fail(error: Any = error) -> None:
            raise error

        with pytest.raises(type(error)):
            played(Tool("fail", "", {}, lambda *_, fail=fail: fail(), timeout_s))


def test_what_is_not_installed_is_no_fault_of_the_agent() -> None:
    def fail() -> None:
        """Fails."""
        raise MissingDependencyError("x is not installed: pip install x")

    with pytest.raises(BackendError, match="the tool 'fail' cannot run here: x is not installed"):
        played(fail)


def test_a_tool_is_given_up_when_its_time_is_over() -> None:
    release, ended = threading.Event(), threading.Event()

    @tool(timeout_s=0.05)
    def hang() -> None:
        """Hangs."""
        release.wait(30)
        ended.set()

    started = time.monotonic()
    result = played(hang)
    assert (result.ok, result.content) == (False, "hang was given up after 0.05 s")
    assert time.monotonic() - started < 10
    release.set()
    assert ended.wait(10)


@pytest.mark.episodes
def test_a_coroutine_is_given_up_too() -> None:
    import asyncio

    ended = threading.Event()

    @tool(timeout_s=1.0)
    async def hang() -> None:
        """Hangs."""
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    before = threading.active_count()
    for _ in range(5):
        assert played(hang).content == "hang was given up after 1 s"
        assert ended.wait(10)
        ended.clear()
    # Its thread is free again: it is not one more for each.
    assert threading.active_count() - before < 5


def test_a_result_that_is_too_long_shows_its_beginning() -> None:
    @tool
    def talk() -> str:
        """Talks."""
        return "ab" * 50

    result = played(talk, max_result=10)
    assert not result.ok
    assert result.content == "the result has 100 characters; at most 10 are shown:\nababababab"


@pytest.mark.parametrize("timeout_s", [None, 10.0])
def test_what_a_tool_traces_is_in_the_run_of_its_caller(timeout_s: float | None) -> None:
    seen: list[Record] = []
    bus = Bus()
    bus.subscribe(seen.append)

    @tool(timeout_s=timeout_s)
    async def note() -> None:
        """Notes."""
        trace(Note(kind="k"))

    with tracing(bus):
        played(note)
    assert [record.event_type for record in seen] == ["note"]


def test_the_clock_moves_a_second_a_call() -> None:
    @tool
    def now(context: ToolContext) -> str:
        """Now."""
        return context.clock.now().isoformat()

    context = ToolContext(Task("t", "", metadata={"clock": "2026-03-01T12:00:00+01:00"}))
    tools = resolve_tools([now])
    told = [call_tool(tools, ToolCall("now"), context, call_id="c").content for _ in range(2)]
    assert told == ["2026-03-01T11:00:01+00:00", "2026-03-01T11:00:02+00:00"]


@pytest.mark.parametrize("clock", ["noon", 3, {}])
def test_a_clock_that_is_no_time_is_a_fault_of_the_task(clock: Any) -> None:
    with pytest.raises(TaskError, match=r"is no time such as .* - at \$\.clock"):
        ToolContext(Task("t", "", metadata={"clock": clock}))


def test_the_evidence_has_what_was_left() -> None:
    class Shop:
        def evidence(self) -> dict[str, bytes]:
            return {"orders.json": b"[]"}

    context = ToolContext(Task("t", ""))
    assert context.evidence() == {"calls.jsonl": b""}
    context.state["shop"] = Shop()
    context.state["findings"] = ["x"]
    context.submit("42")
    assert context.over
    assert context.evidence() == {
        "calls.jsonl": b"",
        "answer": b"42",
        "findings.json": b'["x"]',
        "orders.json": b"[]",
    }
    with pytest.raises(TypeError, match="an answer is text, not int"):
        context.submit(42)  # type: ignore[arg-type]


def test_a_coroutine_that_calls_another_instead_of_awaiting_it_is_told(context_of: ToolContext) -> None:
    @tool
    async def inner() -> str:
        """Inner."""
        return "inner"

    @tool
    async def outer(how: str) -> str:
        """Outer."""
        return str(inner.call({}, context_of)) if how == "call" else str(await inner())

    assert played(outer, {"how": "await"}).content == "inner"
    assert "await its function" in played(outer, {"how": "call"}).content


@pytest.fixture
def context_of() -> ToolContext:
    return ToolContext(Task("t", ""))


def test_a_tool_cannot_take_the_state_away_from_others() -> None:
    @tool
    def grab(context: ToolContext) -> None:
        """Grabs."""
        context.state = {}  # type: ignore[misc]  # which is the point

    assert played(grab).content.startswith("AttributeError")


def test_what_cannot_give_evidence_leaves_the_episode_unscored() -> None:
    class Shop:
        def evidence(self) -> dict[str, bytes]:
            raise RuntimeError("closed")

    context = ToolContext(Task("t", ""))
    context.state["shop"] = Shop()
    with pytest.raises(EvaluationError, match=r"state\['shop'\] gave no evidence: RuntimeError\('closed'\)"):
        context.evidence()


def test_everything_is_closed_though_one_cannot_be() -> None:
    closed = []

    class Session:
        def __init__(self, name: str, error: Exception | None = None) -> None:
            self.name, self.error = name, error

        def close(self) -> None:
            closed.append(self.name)
            if self.error is not None:
                raise self.error

    context = ToolContext(Task("t", ""))
    context.state.update(a=Session("a"), b=Session("b", OSError("gone")), c=Session("c"))
    with pytest.raises(BackendError, match=r"state\['b'\] cannot be closed: OSError\('gone'\)"):
        context.close()
    assert closed == ["c", "b", "a"]


def test_without_a_machine_a_tool_that_wants_one_is_told() -> None:
    @tool
    def bash(context: ToolContext) -> str:
        """Runs."""
        return context.workspace.bash("ls", timeout_s=1, max_output=10).output

    assert played(bash).content == "there is no machine here for this tool to work in"
