"""Lets a call pass through those who intercept it, outermost first.

An interceptor is a function of the call and of ``proceed``, which lets it happen::

    def read_only(call: Call, proceed: Callable[[Call], Any]) -> Any:
        if call.name == "delete":
            raise Refused("nothing is deleted here")         # refuse
        result = proceed(call)                               # or proceed(replace(call, value=...)): change it
        return result                                        # or something else: change what came of it

    bus.intercept("tool_call", read_only)

Whoever makes such a call asks for `around`. What an interceptor raises itself is told apart from what came through it:
a refusal is published as a `Note` of kind ``"refused"`` and raised; an error is raised with a note that names hook and
point, or, with ``on_error="note"``, published as `Failed`, and the call goes on as if the interceptor were not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from agentgym.errors import Refused
from agentgym.events.bus import Bus
from agentgym.events.failing import failure
from agentgym.events.points import POINTS, Call, Interception, Interceptor
from agentgym.events.tracing import current_run
from agentgym.events.types import Note

__all__ = ["POINTS", "Call", "Interceptor", "Refused", "around"]

Value = TypeVar("Value")
Result = TypeVar("Result")


def around(
    point: str, value: Value, proceed: Callable[[Value], Result], *, name: str = "", agent_id: str | None = None
) -> Result:
    """What came of a call, through the interceptors of the current run; without any it is ``proceed(value)``.

    Args:
        point: one of `POINTS`.
        value: as `Call` has it at this point.
        proceed: makes the call; an interceptor may call it more than once, or never.
        name: of the tool or the model.
        agent_id: who asked for the call.

    Raises:
        Refused: if an interceptor refused; the reason is in the stream.
    """
    bus = current_run()
    if bus is None:
        return proceed(value)
    interceptions = bus.interceptions(point)
    if not interceptions:
        return proceed(value)
    # An interceptor that returns something of another type does so knowingly.
    return cast("Result", _Passing(bus, interceptions, proceed).on(0, Call(point, value, name, agent_id)))


class _Passing:
    """A call on its way inwards."""

    __slots__ = ("_bus", "_interceptions", "_proceed")

    def __init__(self, bus: Bus, interceptions: tuple[Interception, ...], proceed: Callable[[Any], Any]) -> None:
        self._bus = bus
        self._interceptions = interceptions
        self._proceed = proceed

    def on(self, place: int, call: Call) -> Any:
        """Through the interceptor at this place, and all that are further in."""
        if place == len(self._interceptions):
            return self._proceed(call.value)
        here = self._interceptions[place]
        inner = _Inner(self, place + 1)
        try:
            return here.fn(call, inner)
        except Exception as error:
            if error is inner.raised:
                raise
            self._tell(here, call, error)
            if isinstance(error, Refused) or not here.notes_errors:
                raise
            return inner.outcome(call)

    def _tell(self, here: Interception, call: Call, error: Exception) -> None:
        """Says in the stream, and on the error, whose it is."""
        if isinstance(error, Refused):
            value = {"point": call.point, "name": call.name, "hook": here.name}
            self._bus.publish(Note(kind="refused", text=error.reason, value=value, agent_id=call.agent_id))
            return
        error.add_note(f"raised by the hook {here.name} at {call.point!r}")
        self._bus.publish_failure(error, failure(f"hook {here.name} at {call.point}", error, agent_id=call.agent_id))


class _Inner:
    """``proceed`` as one interceptor has it; remembers what came of it."""

    __slots__ = ("_called", "_passing", "_place", "_result", "raised")

    def __init__(self, passing: _Passing, place: int) -> None:
        self._passing = passing
        self._place = place
        self._called = False
        self._result: Any = None
        self.raised: Exception | None = None

    def __call__(self, call: Call) -> Any:
        self._called = True
        self.raised = None
        try:
            self._result = self._passing.on(self._place, call)
        except Exception as error:
            self.raised = error
            raise
        return self._result

    def outcome(self, call: Call) -> Any:
        """What came of the call without the interceptor: it is not made a second time."""
        if self.raised is not None:
            raise self.raised
        return self._result if self._called else self(call)
