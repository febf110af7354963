"""What happens in a run: events and their records, the bus that numbers them, who may change it, the current run."""

from agentgym.events.bus import Bus, Subscriber
from agentgym.events.failing import failure
from agentgym.events.interceptors import around
from agentgym.events.points import POINTS, Call, Interceptor
from agentgym.events.record import Record
from agentgym.events.runids import new_run_id, utc_now
from agentgym.events.tracing import ToolCall, current_run, trace, traced_tool, tracing
from agentgym.events.types import (
    EVENT_TYPES,
    SCHEMA,
    Event,
    Failed,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Phase,
    Reset,
    Reward,
    RunCompleted,
    RunStarted,
    Scored,
    Status,
    Step,
    ToolCalled,
    ToolReturned,
    event_type,
)

__all__ = [
    "EVENT_TYPES",
    "POINTS",
    "SCHEMA",
    "Bus",
    "Call",
    "Event",
    "Failed",
    "FinalReport",
    "Interceptor",
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
    "Status",
    "Step",
    "Subscriber",
    "ToolCall",
    "ToolCalled",
    "ToolReturned",
    "around",
    "current_run",
    "event_type",
    "failure",
    "new_run_id",
    "trace",
    "traced_tool",
    "tracing",
    "utc_now",
]
