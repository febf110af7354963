from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentgym.errors import UsageError
from agentgym.events import Bus, Call, Failed, Note, Record, around, tracing
from agentgym.hooks import join, read_hook

Proceed = Callable[[Call], Any]


def named(name: str, passed: list[str]) -> Callable[[Call, Proceed], Any]:
    def pass_on(call: Call, proceed: Proceed) -> Any:
        passed.append(name)
        return proceed(call)

    return pass_on


def made(bus: Bus) -> Any:
    with tracing(bus):
        return around("tool_call", 1, lambda value: value)


def test_hooks_join_in_their_order_and_leave_together() -> None:
    bus, passed = Bus(), list[str]()
    said = [
        {"point": "tool_call", "hook": named(name, passed), "order": order}
        for name, order in (("a", 2), ("b", 0), ("c", 1))
    ]
    leave = join(bus, list(map(read_hook, said)))
    made(bus)
    leave()
    made(bus)
    assert passed == ["b", "c", "a"]


def test_where_one_cannot_be_made_none_joins() -> None:
    bus, passed = Bus(), list[str]()
    said: list[Any] = [{"point": "tool_call", "hook": named("a", passed)}, "tool_call=no_such_module:hook"]
    with pytest.raises(UsageError, match="no_such_module"):
        join(bus, list(map(read_hook, said)))
    made(bus)
    assert passed == []


def test_an_observer_is_called_with_the_records_of_its_types() -> None:
    seen: list[Record] = []
    bus = Bus()
    join(bus, [read_hook({"point": "observe:note,failed", "hook": seen.append})])
    bus.publish(Note(kind="a"))
    bus.publish(Failed(during="b", type="c", message="d"))
    assert [record.event_type for record in seen] == ["note", "failed"]


def test_an_interceptor_that_watches_sees_every_record_and_one_that_can_be_closed_is() -> None:
    class Watching:
        closed = 0

        def __init__(self) -> None:
            self.seen: list[Record] = []

        def __call__(self, call: Call, proceed: Proceed) -> Any:
            return proceed(call)

        def watch(self, record: Record) -> None:
            self.seen.append(record)

        def close(self) -> None:
            self.closed += 1

    bus, hook = Bus(), Watching()
    leave = join(bus, [read_hook({"point": "step", "hook": hook})])
    bus.publish(Note(kind="a"))
    leave()
    bus.publish(Note(kind="b"))
    assert (len(hook.seen), hook.closed) == (1, 1)


def test_an_observer_whose_errors_are_noted_is_not_called_with_its_own() -> None:
    def fail(record: Record) -> None:
        raise KeyError("x")

    bus, seen = Bus(), list[Record]()
    bus.subscribe(seen.append)
    join(bus, [read_hook({"point": "observe", "hook": fail, "on_error": "note"})])
    bus.publish(Note(kind="a"))
    assert [record.event_type for record in seen] == ["note", "failed"]
    failure = seen[1].payload
    assert isinstance(failure, Failed)
    assert failure.traceback is not None
    assert "raised over record 0, 'note'" in failure.traceback
