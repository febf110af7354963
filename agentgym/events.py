"""What happens in a run: a closed union of frozen events, the record each becomes, and the bus that numbers them.

Times within an event are in milliseconds and come from a monotonic clock; the record's ``ts_utc`` is the wall clock's.
Texts that another program's trajectory brought along (an import) keep their own time in ``ts_raw``.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

import msgspec

__all__ = [
    "EVENT_TYPES",
    "Bus",
    "Event",
    "Failed",
    "FinalReport",
    "MessageSnapshot",
    "ModelRequest",
    "ModelResponse",
    "Note",
    "Phase",
    "Record",
    "Reset",
    "Reward",
    "RunCompleted",
    "RunStarted",
    "Scored",
    "Step",
    "Subscriber",
    "ToolCalled",
    "ToolReturned",
    "event_type",
    "new_run_id",
]

SCHEMA = "agentgym.event/1"

Status: TypeAlias = Literal["completed", "success", "failure", "error", "timeout", "cancelled", "limit"]


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every event may say: who, as part of what, joined to what, when by the source's own clock."""

    agent_id: str | None = None
    parent_id: str | None = None
    ts_raw: str | None = None
    duration_ms: float | None = None


class RunStarted(_Event, frozen=True, kw_only=True):
    """A run began: one attempt to act in one environment, of one or more episodes.

    ``continues`` is the run that this one goes on from, in another process or another file. ``tools`` are the
    definitions that the agent may call, ``env`` is `agentgym.trajectory.describe_env`'s description.
    """

    schema: str = SCHEMA
    env: dict[str, Any] = {}
    agent: str | None = None
    provider: str | None = None
    model: str | None = None
    sampling: dict[str, Any] = {}
    max_steps: int | None = None
    tools: list[dict[str, Any]] = []
    provenance: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    continues: str | None = None


class Reset(_Event, frozen=True, kw_only=True):
    """An episode began. ``observation`` is observation 0."""

    observation: Any
    info: dict[str, Any] = {}
    seed: int | None = None
    options: dict[str, Any] | None = None
    task: Any = None
    timing: dict[str, float] = {}


class Phase(_Event, frozen=True, kw_only=True):
    """A named part of the work began or ended: setup, postconfig, thinking."""

    name: str
    status: str
    details: dict[str, Any] = {}


class ModelRequest(_Event, frozen=True, kw_only=True):
    """A model is asked. ``messages`` is all it was sent, in OpenAI's chat form; ``call_id`` joins the response."""

    call_id: str
    messages: list[Any] = []
    provider: str | None = None
    model: str | None = None
    tools: list[dict[str, Any]] = []
    parameters: dict[str, Any] = {}


class ModelResponse(_Event, frozen=True, kw_only=True):
    """A model answered, or failed to (``error``). ``usage`` has the provider's own keys.

    Token ids and log probabilities are kept only where the provider gave them.
    """

    call_id: str
    id: str | None = None
    model: str | None = None
    content: Any = None
    reasoning: str | None = None
    tool_calls: list[dict[str, Any]] = []
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    cost_usd: float | None = None
    prompt_token_ids: list[int] | None = None
    completion_token_ids: list[int] | None = None
    logprobs: list[float] | None = None
    policy_version: str | None = None
    retry_of: str | None = None
    error: str | None = None
    raw: Any = None


class ToolCalled(_Event, frozen=True, kw_only=True):
    """A tool is called. ``arguments_raw`` is the model's own text if it differs; ``model_call_id`` is who asked."""

    call_id: str
    name: str
    arguments: dict[str, Any] = {}
    arguments_raw: str | None = None
    provider_id: str | None = None
    model_call_id: str | None = None


class ToolReturned(_Event, frozen=True, kw_only=True):
    """A tool returned or failed; ``call_id`` is that of its call."""

    call_id: str
    ok: bool
    name: str | None = None
    result: Any = None
    result_preview: str | None = None
    error: str | None = None
    latency_ms: float | None = None
    artifacts: list[dict[str, Any]] = []


class MessageSnapshot(_Event, frozen=True, kw_only=True):
    """The conversation as it stood at some moment, and why it was kept."""

    purpose: str
    messages: list[Any]


class Step(_Event, frozen=True, kw_only=True):
    """One step of the environment, counted from 1; ``observation`` is what it returned."""

    step: int
    observation: Any
    action: Any
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any] = {}
    reward_terms: dict[str, Any] = {}
    timing: dict[str, float] = {}
    action_raw: Any = None
    model_call_id: str | None = None


class Reward(_Event, frozen=True, kw_only=True):
    """A reward term that was added after its step. The step's reward is its own plus the sum of these."""

    step: int
    value: float
    name: str
    source: str | None = None
    note: str | None = None


class Scored(_Event, frozen=True, kw_only=True):
    """The episode was scored. ``value`` is in [0, 1]."""

    value: float
    terms: dict[str, Any] = {}
    name: str = "score"
    label: str | None = None
    details: Any = None


class Failed(_Event, frozen=True, kw_only=True):
    """Something broke. ``infrastructure`` says that the machine did, not the agent: no score, no reward follows."""

    during: str
    type: str
    message: str
    kind: str | None = None
    infrastructure: bool = False
    traceback: str | None = None
    action: Any = None


class RunCompleted(_Event, frozen=True, kw_only=True):
    status: Status
    error: str | None = None
    final_result: Any = None
    episodes: int = 0
    steps: int = 0
    totals: dict[str, Any] = {}


class FinalReport(_Event, frozen=True, kw_only=True):
    """The agent's closing text, here or in a file beside the recording."""

    text: str | None = None
    sha256: str | None = None
    length: int | None = None
    path: str | None = None


class Note(_Event, frozen=True, kw_only=True):
    """Anything worth keeping that no other event is for: a tag, a reflection, a quality or preference label."""

    kind: str
    text: str | None = None
    value: Any = None
    step: int | None = None


Event: TypeAlias = (
    RunStarted
    | Reset
    | Phase
    | ModelRequest
    | ModelResponse
    | ToolCalled
    | ToolReturned
    | MessageSnapshot
    | Step
    | Reward
    | Scored
    | Failed
    | RunCompleted
    | FinalReport
    | Note
)

EVENT_TYPES: Mapping[str, type[Event]] = {
    "run_started": RunStarted,
    "reset": Reset,
    "phase": Phase,
    "model_request": ModelRequest,
    "model_response": ModelResponse,
    "tool_call": ToolCalled,
    "tool_result": ToolReturned,
    "message_snapshot": MessageSnapshot,
    "step": Step,
    "reward": Reward,
    "scored": Scored,
    "failed": Failed,
    "run_completed": RunCompleted,
    "final_report": FinalReport,
    "note": Note,
}

_NAMES: Mapping[type[Event], str] = {kind: name for name, kind in EVENT_TYPES.items()}


def event_type(event: Event) -> str:
    """The name that stands in the stream for this kind of event."""
    return _NAMES[type(event)]


class Record(msgspec.Struct, frozen=True):
    """An event in its place: ``idx`` has no gaps within a run and is the only ordering key."""

    ts_utc: str
    run_id: str
    episode: int
    idx: int
    event_type: str
    payload: Event


Subscriber: TypeAlias = Callable[[Record], object]


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_run_id(now: datetime) -> str:
    """A name that sorts by time and that no other process draws; independent of any seeded generator."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S}-{os.urandom(5).hex()}"


class Bus:
    """Numbers the events of a run and hands each to all who subscribed, in order, before ``publish`` returns.

    Events that a subscriber publishes follow the one that it was handed, for every subscriber. Any thread may publish.

    Args:
        run_id: of all records; drawn if not given.
        clock: the wall clock, aware of its zone.
    """

    def __init__(self, run_id: str | None = None, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._subscribers: tuple[tuple[Subscriber, frozenset[str] | None], ...] = ()
        self.begin(run_id or new_run_id(clock()))

    def begin(self, run_id: str) -> None:
        """Starts another run: ``idx`` and ``episode`` count from 0 again, subscribers stay."""
        self.run_id = run_id
        self.episode = 0
        self._resets = 0
        self._delivered = -1
        self._pending: deque[_Delivery] = deque()
        self._delivering = False
        self._lock = threading.RLock()

    def subscribe(self, fn: Subscriber, *event_types: str | type[Event]) -> Callable[[], None]:
        """Calls ``fn`` with each record from now on; returns what ends that.

        Args:
            fn: called in the publisher's thread. If it raises, the others still get the record; then ``publish``
                raises the error, with a note that names the subscriber.
            event_types: names or classes; all events if none is given.
        """
        names = frozenset(kind if isinstance(kind, str) else _NAMES[kind] for kind in event_types)
        entry = (fn, names or None)
        self._subscribers = (*self._subscribers, entry)
        return lambda: self._unsubscribe(entry)

    def publish(self, event: Event) -> Record:
        """Gives the event its number and hands it out.

        Raises:
            Exception: what a subscriber raised; an ExceptionGroup if several did.
        """
        with self._lock:
            delivery = _Delivery(self._record(event))
            self._pending.append(delivery)
            if not self._delivering:
                self._deliver_pending()
        return delivery.record

    def _record(self, event: Event) -> Record:
        if isinstance(event, Reset):
            self.episode = self._resets
            self._resets += 1
        idx = self._pending[-1].record.idx + 1 if self._pending else self._delivered + 1
        now = self._clock().isoformat(timespec="milliseconds")
        return Record(now, self.run_id, self.episode, idx, _NAMES[type(event)], event)

    def _deliver_pending(self) -> None:
        # An interrupt (Ctrl-C) may leave at any line: what was not handed out stays pending and goes out with the
        # next event; the subscriber that was interrupted gets its record again.
        errors: list[Exception] = []
        self._delivering = True
        try:
            while self._pending:
                delivery = self._pending[0]
                if delivery.record.idx > self._delivered:
                    delivery.hand_out(self._subscribers, errors)
                    self._delivered = delivery.record.idx
                self._pending.popleft()
        finally:
            self._delivering = False
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("several subscribers raised", errors)

    def _unsubscribe(self, entry: tuple[Subscriber, frozenset[str] | None]) -> None:
        self._subscribers = tuple(other for other in self._subscribers if other is not entry)


class _Delivery:
    """A record on its way, and how many subscribers have had it."""

    __slots__ = ("_served", "record")

    def __init__(self, record: Record) -> None:
        self.record = record
        self._served = 0

    def hand_out(
        self, subscribers: tuple[tuple[Subscriber, frozenset[str] | None], ...], errors: list[Exception]
    ) -> None:
        for fn, names in subscribers[self._served :]:
            if names is None or self.record.event_type in names:
                try:
                    fn(self.record)
                except Exception as error:  # noqa: BLE001 - foreign code; raised again once the others were served
                    name = getattr(fn, "__qualname__", repr(fn))
                    error.add_note(f"raised by the subscriber {name} of {self.record.event_type!r} events")
                    errors.append(error)
            self._served += 1
