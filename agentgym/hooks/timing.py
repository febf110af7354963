"""Says how long a call took, with everything further in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from agentgym.events import POINTS, Call, Note, trace
from agentgym.hooks.base import hooks

__all__ = ["Time"]


class Time:
    """Publishes a `Note` of kind ``"time"`` for each call: ``{"point", "name", "ms", "ok"}``; not ok is what raised."""

    points = POINTS

    def __call__(self, call: Call, proceed: Callable[[Call], Any]) -> Any:
        started = time.perf_counter()
        ok = False
        try:
            result = proceed(call)
            ok = True
        finally:
            spent_ms = round((time.perf_counter() - started) * 1000, 3)
            value = {"point": call.point, "name": call.name, "ms": spent_ms, "ok": ok}
            trace(Note(kind="time", value=value, agent_id=call.agent_id))
        return result


hooks.register("time", Time)
