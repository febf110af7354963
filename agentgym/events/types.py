"""What happens in a run: a closed union of frozen events.

Times within an event are in milliseconds and come from a monotonic clock; the record's ``ts_utc`` is the wall clock's.
What another program's trajectory brought along (an import) keeps its own time in ``ts_raw`` and its own name in
``event_id``. Fields that nobody knew stay at their default, are not written, and read back as that default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from agentgym.errors import UsageError
from agentgym.registry import suggestion

__all__ = [
    "EVENT_TYPES",
    "SCHEMA",
    "Event",
    "Failed",
    "FinalReport",
    "MessageSnapshot",
    "ModelRequest",
    "ModelResponse",
    "Note",
    "Phase",
    "Reset",
    "Reward",
    "RunCompleted",
    "RunStarted",
    "Scored",
    "Status",
    "Step",
    "ToolCalled",
    "ToolReturned",
    "event_type",
    "event_type_named",
]

SCHEMA = "agentgym.event/2"

Status: TypeAlias = Literal["completed", "success", "failure", "error", "timeout", "cancelled", "limit"]


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    """What every event may say: who, as part of what, how long it took; and of an import, what it was called."""

    agent_id: str | None = None
    parent_id: str | None = None
    duration_ms: float | None = None
    ts_raw: str | None = None
    event_id: str | None = None


class RunStarted(_Event, frozen=True, kw_only=True):
    """A run began: one attempt to act in one environment, of one or more episodes.

    ``continues`` is the run that this one goes on from, in another process or another file. ``attempt`` counts from 1
    what is tried again; the runs of one ``session_id`` belong together. ``tools`` are the definitions that the agent
    may call, ``args`` what the program was called with, ``env`` `agentgym.trajectory.describe_env`'s description.
    """

    schema: str = SCHEMA
    env: dict[str, Any] = {}
    agent: str | None = None
    agent_version: str | None = None
    provider: str | None = None
    model: str | None = None
    sampling: dict[str, Any] = {}
    max_steps: int | None = None
    tools: list[dict[str, Any]] = []
    session_id: str | None = None
    attempt: int | None = None
    topic: str | None = None
    args: dict[str, Any] = {}
    provenance: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    continues: str | None = None


class Reset(_Event, frozen=True, kw_only=True):
    """An episode began. ``observation`` is observation 0.

    ``task`` is a `Task` where there is one; ``task_id`` and ``task_name`` are of one that is known by name alone.
    """

    observation: Any
    info: dict[str, Any] = {}
    seed: int | None = None
    options: dict[str, Any] | None = None
    task: Any = None
    task_id: str | None = None
    task_name: str | None = None
    timing: dict[str, float] = {}
    artifacts: list[dict[str, Any]] = []


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

    Token ids, their log probabilities and their mask (1 for what the model wrote itself) are kept only where the
    provider gave them; ``first_token_ms`` only where it streamed.
    """

    call_id: str
    id: str | None = None
    provider: str | None = None
    model: str | None = None
    content: Any = None
    reasoning: str | None = None
    tool_calls: list[dict[str, Any]] = []
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    cost_usd: float | None = None
    first_token_ms: float | None = None
    prompt_token_ids: list[int] | None = None
    completion_token_ids: list[int] | None = None
    completion_mask: list[int] | None = None
    logprobs: list[float] | None = None
    policy_version: str | None = None
    retry_of: str | None = None
    error: str | None = None
    raw: Any = None


class ToolCalled(_Event, frozen=True, kw_only=True):
    """A tool is called.

    ``name`` is the name that the model used, ``tool`` what answers to it if that is called otherwise;
    ``arguments_raw`` is the model's own text if it differs from ``arguments``; ``model_call_id`` is who asked.
    """

    call_id: str
    name: str
    arguments: dict[str, Any] = {}
    arguments_raw: str | None = None
    tool: str | None = None
    provider_id: str | None = None
    model_call_id: str | None = None


class ToolReturned(_Event, frozen=True, kw_only=True):
    """A tool returned or failed; ``call_id`` is that of its call.

    ``result_preview`` is the beginning of the result as text, or of the error, and ``sha256`` the digest of the whole;
    what is written has them in any case.
    """

    call_id: str
    ok: bool
    name: str | None = None
    result: Any = None
    result_preview: str | None = None
    sha256: str | None = None
    error: str | None = None
    latency_ms: float | None = None
    artifacts: list[dict[str, Any]] = []


class MessageSnapshot(_Event, frozen=True, kw_only=True):
    """The conversation as it stood at some moment, and why it was kept."""

    purpose: str
    messages: list[Any]


class Step(_Event, frozen=True, kw_only=True):
    """One step of the environment, counted from 1; ``observation`` is what it returned.

    ``action_raw`` is what the agent gave before it was turned into ``action``; ``model_call_id`` and ``tool_call_ids``
    name what led to it. The agent's own view of the step (its state, what it reflected on) and the environment's
    ``discount`` are kept where they are told.
    """

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
    discount: float | None = None
    model_call_id: str | None = None
    tool_call_ids: list[str] = []
    pre_agent: str | None = None
    agent_state: str | None = None
    agent_finished: bool | None = None
    status: str | None = None
    reflection: str | None = None
    error: str | None = None
    context: dict[str, Any] = {}
    artifacts: list[dict[str, Any]] = []


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
    explanation: str | None = None
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
    """A run ended. ``success`` is the agent's own claim, if it made one; a score is `Scored`.

    A recorder says ``completed`` if its last episode ended; ``cancelled`` if it was closed or interrupted in the middle
    of one, or ``error`` if something else was raised there, and ``error`` says what. Which episodes have no end shows
    in their last step.
    """

    status: Status
    success: bool | None = None
    error: str | None = None
    final_result: Any = None
    episodes: int = 0
    steps: int = 0
    totals: dict[str, Any] = {}
    artifacts: list[dict[str, Any]] = []


class FinalReport(_Event, frozen=True, kw_only=True):
    """The agent's closing text, here or in a file beside the recording.

    What is written has the digest and the length, in bytes of UTF-8, of a text that is here in any case.
    """

    text: str | None = None
    sha256: str | None = None
    length: int | None = None
    path: str | None = None


class Note(_Event, frozen=True, kw_only=True):
    """Anything worth keeping that no other event is for: a tag, a reflection, a quality or preference label.

    ``checkpoint`` and ``artifact`` are kinds of note, too, with what is to be known of them in ``value``.
    """

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


def event_type(event: Event | type[Event]) -> str:
    """The name that stands in the stream for this kind of event.

    Raises:
        UsageError: if it is none.
    """
    kind = event if isinstance(event, type) else type(event)
    try:
        return _NAMES[kind]
    except KeyError:
        given = kind.__name__ if isinstance(event, type) else f"{event!r:.100} of type {kind.__name__}"
        known = ", ".join(one.__name__ for one in _NAMES)
        raise UsageError(f"{given} is no event; an event is an instance of one of agentgym.events: {known}") from None


def event_type_named(name: str) -> str:
    """The name, if events of this type there are.

    Raises:
        UsageError: if there are none.
    """
    if name not in EVENT_TYPES:
        raise UsageError(f"no event type named {name!r}; {suggestion(name, EVENT_TYPES)}")
    return name
