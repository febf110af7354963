"""What every interceptor promises while it has no reason to do anything, as a check for one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentgym.events import Bus, around, tracing
from agentgym.hooks import NamedHook, join, read_hook

__all__ = ["check_hook"]


class _Broken(RuntimeError):
    """What a call raises here."""


def check_hook(
    said: str | Mapping[str, Any] | NamedHook, *, value: Any, name: str = "", result: Any = "what came of it"
) -> None:
    """Has calls pass through a hook that it should let pass.

    Args:
        said: the hook, as `agentgym.hooks.read_hook` takes it.
        value: of a call at its point that it has no reason to change or refuse.
        name: of the tool or the model.
        result: what comes of that call.

    Raises:
        AssertionError: says which promise is broken.
        UsageError: if the hook cannot be made.
    """
    named = read_hook(said)
    bus = Bus()
    before = bus.interceptions(named.point)
    leave = join(bus, [named])
    assert bus.interceptions(named.point) != before, f"{named.name} must stand at {named.point!r}"
    try:
        _check_that_calls_pass(bus, named, value, name, result)
        _check_that_errors_pass(bus, named, value, name)
    finally:
        leave()
    assert bus.interceptions(named.point) == before, f"{named.name} must leave nothing behind"


def _check_that_calls_pass(bus: Bus, named: NamedHook, value: Any, name: str, result: Any) -> None:
    made: list[Any] = []

    def make(given: Any) -> Any:
        made.append(given)
        return result

    with tracing(bus):
        came = around(named.point, value, make, name=name, agent_id="agent")
    assert made == [value], f"{named.name} must make the call once, as it is; made were {made}"
    assert came is result, f"{named.name} must give what came of the call; it gave {came!r}"


def _check_that_errors_pass(bus: Bus, named: NamedHook, value: Any, name: str) -> None:
    raised = _Broken("the call broke")

    def break_down(_value: Any) -> Any:
        raise raised

    told: Any = None
    try:
        with tracing(bus):
            came = around(named.point, value, break_down, name=name)
    except _Broken as error:
        told = error
    else:
        raise AssertionError(f"{named.name} must let an error of the call pass; it gave {came!r}")
    assert told is raised, f"{named.name} must let an error of the call pass as it is; it made another"
