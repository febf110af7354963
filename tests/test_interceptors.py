from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agentgym.errors import Refused, UsageError
from agentgym.events import Bus, Call, Failed, Note, Record, around, tracing

Proceed = Callable[[Call], Any]


@pytest.fixture
def bus() -> Bus:
    return Bus()


def seen_on(bus: Bus) -> list[Record]:
    seen: list[Record] = []
    bus.subscribe(seen.append)
    return seen


def made(bus: Bus, value: Any = 1, *, proceed: Callable[[Any], Any] = lambda value: value * 10) -> Any:
    with tracing(bus):
        return around("tool_call", value, proceed, name="times_ten", agent_id="me")


def adding(more: int) -> Callable[[Call, Proceed], Any]:
    def add(call: Call, proceed: Proceed) -> Any:
        return proceed(replace(call, value=call.value + more))

    return add


def test_outside_of_a_run_a_call_is_just_made() -> None:
    assert around("tool_call", 2, lambda value: value * 10) == 20


def test_without_interceptors_a_call_is_just_made(bus: Bus) -> None:
    assert made(bus) == 10


def test_an_interceptor_knows_what_is_called_and_who_asks(bus: Bus) -> None:
    calls: list[Call] = []

    def read(call: Call, proceed: Proceed) -> Any:
        calls.append(call)
        return proceed(call)

    bus.intercept("tool_call", read)
    assert made(bus) == 10
    assert calls == [Call("tool_call", 1, "times_ten", "me")]


def test_what_is_called_and_what_came_of_it_can_be_changed(bus: Bus) -> None:
    bus.intercept("tool_call", lambda call, proceed: proceed(replace(call, value=4)) + 1)
    assert made(bus) == 41


def test_a_call_can_be_answered_without_being_made(bus: Bus) -> None:
    bus.intercept("tool_call", lambda call, proceed: "kept")
    assert made(bus, proceed=lambda _: pytest.fail("called")) == "kept"


def test_lower_order_is_further_out_and_of_equal_ones_the_first_that_came(bus: Bus) -> None:
    passed: list[str] = []

    def named(name: str) -> Callable[[Call, Proceed], Any]:
        def pass_on(call: Call, proceed: Proceed) -> Any:
            passed.append(name)
            return proceed(call)

        return pass_on

    for name, order in (("c", 0), ("a", -1), ("d", 0), ("b", -0.5), ("e", 7)):
        bus.intercept("tool_call", named(name), order=order)
    made(bus)
    assert "".join(passed) == "abcde"


def test_an_interceptor_of_another_point_is_not_asked(bus: Bus) -> None:
    bus.intercept("step", lambda call, proceed: pytest.fail("asked"))
    assert made(bus) == 10


def test_an_interceptor_that_is_taken_away_is_not_asked(bus: Bus) -> None:
    leave = bus.intercept("tool_call", adding(1))
    assert made(bus) == 20
    leave()
    assert made(bus) == 10


def test_there_is_no_other_point(bus: Bus) -> None:
    with pytest.raises(UsageError, match=r"no point named 'tool_cal'.*model_call, tool_call"):
        bus.intercept("tool_cal", adding(1))


def test_there_is_no_other_way_to_take_an_error(bus: Bus) -> None:
    with pytest.raises(UsageError, match="raise, note, not 'ignore'"):
        bus.intercept("tool_call", adding(1), on_error="ignore")  # type: ignore[arg-type]  # what is tested


def test_a_refusal_is_raised_and_told_once_with_who_refused(bus: Bus) -> None:
    def never(call: Call, proceed: Proceed) -> Any:
        raise Refused("not today")

    seen = seen_on(bus)
    bus.intercept("tool_call", adding(1))
    bus.intercept("tool_call", never, on_error="note")
    with pytest.raises(Refused, match=r"^not today$"):
        made(bus, proceed=lambda _: pytest.fail("called"))
    (record,) = seen
    assert record.payload == Note(
        kind="refused",
        text="not today",
        value={"point": "tool_call", "name": "times_ten", "hook": never.__qualname__},
        agent_id="me",
    )


def test_an_outer_interceptor_may_answer_a_refusal(bus: Bus) -> None:
    def soften(call: Call, proceed: Proceed) -> Any:
        try:
            return proceed(call)
        except Refused as refused:
            return refused.reason

    def never(call: Call, proceed: Proceed) -> Any:
        raise Refused("not today")

    bus.intercept("tool_call", soften)
    bus.intercept("tool_call", never)
    assert made(bus) == "not today"


def test_an_interceptors_own_error_is_raised_and_says_whose_it_is(bus: Bus) -> None:
    def broken(call: Call, proceed: Proceed) -> Any:
        raise KeyError("path")

    bus.intercept("tool_call", adding(1))
    bus.intercept("tool_call", broken)
    seen = seen_on(bus)
    with pytest.raises(KeyError) as caught:
        made(bus)
    assert caught.value.__notes__ == [f"raised by the hook {broken.__qualname__} at 'tool_call'"]
    assert [record.event_type for record in seen] == ["failed"]


@pytest.mark.parametrize("late", [False, True])
def test_an_error_that_is_noted_leaves_the_call_as_it_would_be_without_the_interceptor(bus: Bus, *, late: bool) -> None:
    def broken(call: Call, proceed: Proceed) -> Any:
        if late:
            proceed(call)
        raise KeyError("path")

    calls: list[int] = []

    def count(value: int) -> int:
        calls.append(value)
        return value * 10

    seen = seen_on(bus)
    bus.intercept("tool_call", broken, on_error="note", name="mine")
    bus.intercept("tool_call", adding(1))
    assert made(bus, proceed=count) == 20
    assert calls == [2], "not made a second time"
    (record,) = seen
    assert isinstance(record.payload, Failed)
    assert (record.payload.during, record.payload.type) == ("hook mine at tool_call", "KeyError")


def test_an_error_of_the_call_itself_is_no_interceptors(bus: Bus) -> None:
    def fail(value: int) -> int:
        raise OSError("disk")

    seen = seen_on(bus)
    bus.intercept("tool_call", adding(1), on_error="note")
    bus.intercept("tool_call", adding(1))
    with pytest.raises(OSError, match="disk") as caught:
        made(bus, proceed=fail)
    assert not getattr(caught.value, "__notes__", [])
    assert seen == []


def test_an_interceptor_that_fails_over_an_error_of_the_call_is_told_apart_from_it(bus: Bus) -> None:
    def fail(value: int) -> int:
        raise OSError("disk")

    def clumsy(call: Call, proceed: Proceed) -> Any:
        try:
            return proceed(call)
        except OSError as error:
            raise KeyError("no such answer") from error

    seen = seen_on(bus)
    bus.intercept("tool_call", clumsy, on_error="note")
    with pytest.raises(OSError, match="disk"):
        made(bus, proceed=fail)
    assert [record.event_type for record in seen] == ["failed"]


def test_a_call_may_be_made_again(bus: Bus) -> None:
    tries: list[int] = []

    def flaky(value: int) -> int:
        tries.append(value)
        if len(tries) < 3:
            raise OSError("busy")
        return value

    def again(call: Call, proceed: Proceed) -> Any:
        while True:
            try:
                return proceed(call)
            except OSError:
                continue

    bus.intercept("tool_call", again)
    assert made(bus, proceed=flaky) == 1
    assert len(tries) == 3


def test_interceptors_stay_when_another_run_begins(bus: Bus) -> None:
    bus.intercept("tool_call", adding(1))
    bus.begin("another")
    assert made(bus) == 20
