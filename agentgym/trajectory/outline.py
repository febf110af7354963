"""What an episode amounts to, read from its records without any observation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from agentgym.errors import DatasetError
from agentgym.trajectory.values import ValueReader

__all__ = ["Outline", "Started", "outline", "started"]


@dataclass(frozen=True, slots=True)
class Outline:
    """An episode in a few words.

    Attributes:
        task: the id of its task; None if it had none.
        score: None if it was not scored.
        total_return: of all steps, with what was added to them afterwards.
        failure: what broke it off or kept it from being scored.
        is_complete: whether its last step ended it.
    """

    steps: int
    task: str | None
    score: float | None
    total_return: float
    failure: str | None
    is_complete: bool


class Started(msgspec.Struct, frozen=True):
    """Who acts in a run."""

    agent: str | None = None
    model: str | None = None
    session_id: str | None = None
    attempt: int | None = None


_NOTHING = msgspec.Raw(b"{}")


class _Payload(msgspec.Struct):
    reward: Any = 0.0
    value: Any = None
    terminated: bool = False
    truncated: bool = False
    task: Any = None
    task_id: Any = None
    type: str | None = None
    message: Any = None
    info: msgspec.Raw = _NOTHING


class _Line(msgspec.Struct):
    event_type: str
    payload: _Payload


class _Kind(msgspec.Struct):
    event_type: str


class _Beginning(msgspec.Struct):
    event_type: str = ""
    payload: Started = Started()


_OF_INTEREST = frozenset({"reset", "step", "reward", "scored", "failed"})


def outline(lines: Iterable[bytes], steps: int, values: ValueReader) -> Outline:
    """The outline of an episode.

    Args:
        lines: of its records.
        steps: how many of its steps to count; the rest came after the dataset was opened.
        values: of the same run.

    Raises:
        DatasetError: if a line cannot be read.
    """
    kind, decode = msgspec.json.Decoder(_Kind).decode, msgspec.json.Decoder(_Line).decode
    total, taken = 0.0, 0
    task = score = failure = None
    last = _Payload()
    for line in lines:
        try:
            event_type = kind(line).event_type
            payload = decode(line).payload if event_type in _OF_INTEREST else last
        except msgspec.MsgspecError as error:
            raise DatasetError(f"not a record: {error}: {line[:200]!r}") from error
        match event_type:
            case "step" if taken < steps:
                taken += 1
                total += float(values.value(payload.reward))
                last = payload
            case "reset":
                task = values.value(payload.task)
                task = task.get("id") if isinstance(task, dict) else values.value(payload.task_id)
            case "reward":
                total += float(values.value(payload.value))
            case "scored":
                score = float(values.value(payload.value))
            case "failed":
                failure = f"{payload.type}: {values.value(payload.message)}"
    if failure is None:
        said = values.value(msgspec.json.decode(last.info)).get("failure")
        failure = None if said is None else str(said)
    return Outline(taken, task, score, total, failure, bool(last.terminated or last.truncated))


def started(first_line: bytes) -> Started:
    """What a run's first line says of who acts; nothing if it says nothing."""
    try:
        return msgspec.json.decode(first_line, type=_Beginning).payload
    except msgspec.MsgspecError:
        return Started()
