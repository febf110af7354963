"""What goes on in runs: a fold over their records, live or from the files that they leave."""

from agentgym.state.parts import AgentPart, Call, Detail, EpisodePart, Failure, RunPart, Status, StepPart
from agentgym.state.runstate import RunState, TaskPart
from agentgym.state.totals import Totals

__all__ = [
    "AgentPart",
    "Call",
    "Detail",
    "EpisodePart",
    "Failure",
    "RunPart",
    "RunState",
    "Status",
    "StepPart",
    "TaskPart",
    "Totals",
]
