from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from agentgym.events import Bus, Note, Record, ToolCalled, ToolReturned, current_run, trace, traced_tool, tracing


def kept(bus: Bus) -> list[Record]:
    records: list[Record] = []
    bus.subscribe(records.append)
    return records


def a_tool() -> None:
    trace(Note(kind="tool"))


def test_a_function_logs_into_the_run_that_it_is_called_in() -> None:
    bus = Bus("run")
    records = kept(bus)
    with tracing(bus):
        a_tool()
    assert [(record.run_id, record.payload) for record in records] == [("run", Note(kind="tool"))]


def test_outside_of_a_run_nothing_happens() -> None:
    assert current_run() is None
    assert trace(Note(kind="x")) is None
    with traced_tool("search") as call:
        call.result = 1


def test_the_innermost_run_is_the_current_one_and_gives_way_to_the_outer() -> None:
    outer, inner = Bus("outer"), Bus("inner")
    seen = kept(outer), kept(inner)
    with tracing(outer):
        with tracing(inner):
            a_tool()
        with pytest.raises(ValueError, match="no"), tracing(inner):
            raise ValueError("no")
        a_tool()
    assert [len(records) for records in seen] == [1, 1]
    assert current_run() is None


def test_a_thread_that_is_started_in_a_copy_of_the_context_logs_into_the_run() -> None:
    bus = Bus()
    records = kept(bus)
    with tracing(bus):
        inside = threading.Thread(target=contextvars.copy_context().run, args=(a_tool,))
        outside = threading.Thread(target=a_tool)
        for thread in (inside, outside):
            thread.start()
        for thread in (inside, outside):
            thread.join()
    assert len(records) == 1


def test_tasks_of_asyncio_inherit_the_run() -> None:
    bus = Bus()
    records = kept(bus)

    async def work() -> None:
        await asyncio.gather(*(asyncio.to_thread(a_tool) for _ in range(3)))

    with tracing(bus):
        asyncio.run(work())
    assert [record.idx for record in records] == [0, 1, 2]


def test_a_traced_tool_tells_its_call_its_result_and_how_long_it_took() -> None:
    bus = Bus()
    records = kept(bus)
    with tracing(bus), traced_tool("search", {"query": "x"}, call_id="c1") as call:
        call.result = ["found"]
    called, returned = (record.payload for record in records)
    assert called == ToolCalled(call_id="c1", name="search", arguments={"query": "x"})
    assert isinstance(returned, ToolReturned)
    assert (returned.call_id, returned.ok, returned.result, returned.error) == ("c1", True, ["found"], None)
    assert returned.latency_ms is not None
    assert returned.latency_ms >= 0


def test_a_traced_tool_that_raises_tells_it_and_raises() -> None:
    bus = Bus()
    records = kept(bus)
    with pytest.raises(KeyError), tracing(bus), traced_tool("search"):
        raise KeyError("nothing")
    returned = records[-1].payload
    assert isinstance(returned, ToolReturned)
    assert (returned.ok, returned.error) == (False, "KeyError: 'nothing'")
