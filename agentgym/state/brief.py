"""The parts of events that a state looks at, read from a line of the stream: no message, no picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import msgspec

from agentgym.trajectory.values import ValueReader

__all__ = ["Line", "brief", "read_line"]


class Line(msgspec.Struct):
    """A record whose payload is not looked at yet."""

    ts_utc: str
    run_id: str
    episode: int
    idx: int
    event_type: str
    payload: msgspec.Raw


class _Brief(msgspec.Struct):
    agent_id: Any = None
    parent_id: Any = None
    duration_ms: Any = None


class _RunStarted(_Brief):
    env: dict[str, Any] = {}
    agent: Any = None
    model: Any = None
    session_id: Any = None
    attempt: int | None = None
    continues: Any = None
    metadata: dict[str, Any] = {}


class _Reset(_Brief):
    seed: int | None = None
    task: Any = None
    task_id: Any = None


class _Phase(_Brief):
    name: Any = ""
    status: Any = ""


class _ModelRequest(_Brief):
    call_id: Any = ""
    model: Any = None


class _ModelResponse(_Brief):
    call_id: Any = ""
    model: Any = None
    tool_calls: list[dict[str, Any]] = []
    usage: dict[str, Any] | None = None
    cost_usd: Any = None
    error: Any = None


class _ToolCalled(_Brief):
    call_id: Any = ""
    name: Any = ""
    arguments: dict[str, Any] = {}
    model_call_id: Any = None
    provider_id: Any = None


class _ToolReturned(_Brief):
    call_id: Any = ""
    ok: bool = True
    name: Any = None
    error: Any = None
    latency_ms: Any = None


class _Info(TypedDict, total=False):
    action_error: Any
    failure: Any


class _Step(_Brief):
    step: int = 0
    reward: Any = 0.0
    terminated: bool = False
    truncated: bool = False
    info: _Info = {}
    action: Any = None
    model_call_id: Any = None


class _Reward(_Brief):
    step: int = 0
    value: Any = 0.0


class _Scored(_Brief):
    value: Any = 0.0
    name: Any = "score"


class _Failed(_Brief):
    during: Any = ""
    type: Any = ""
    message: Any = ""
    infrastructure: bool = False


class _RunCompleted(_Brief):
    status: str = "completed"
    error: Any = None


_KINDS: Mapping[str, type[_Brief]] = {
    "run_started": _RunStarted,
    "reset": _Reset,
    "phase": _Phase,
    "model_request": _ModelRequest,
    "model_response": _ModelResponse,
    "tool_call": _ToolCalled,
    "tool_result": _ToolReturned,
    "step": _Step,
    "reward": _Reward,
    "scored": _Scored,
    "failed": _Failed,
    "run_completed": _RunCompleted,
}

_DECODERS = {name: msgspec.json.Decoder(kind).decode for name, kind in _KINDS.items()}
_ENVELOPE = msgspec.json.Decoder(Line).decode
_FIELDS = {kind: kind.__struct_fields__ for kind in _KINDS.values()}


def read_line(line: bytes) -> Line:
    """Raises msgspec's error if it is no record."""
    return _ENVELOPE(line)


def brief(line: Line, values: ValueReader) -> Any:
    """The payload's part: attributes of the event's own names. None of kinds that a state does not look at.

    Args:
        line: as the present version writes it.
        values: of the same run, for what JSON lacks.
    """
    decode = _DECODERS.get(line.event_type)
    if decode is None:
        return None
    part = decode(line.payload)
    for name in _FIELDS[type(part)]:
        value = getattr(part, name)
        if type(value) is dict and value:
            setattr(part, name, values.value(value))
    return part
