"""Runs of many episodes: planned, done as far as they are missing, kept line by line, summed up."""

from agentgym.results.attempts import Attempt, Way, standing
from agentgym.results.config import RunConfig
from agentgym.results.faults import BROKEN, FaultKind, fault_kind
from agentgym.results.folder import read_args, read_attempts
from agentgym.results.opening import Lacking, open_session, run_config
from agentgym.results.people import asks_a_person
from agentgym.results.planning import check, for_policy, plan
from agentgym.results.session import Finished, Report, Session
from agentgym.results.settings import dotenv, read_config
from agentgym.results.summaries import AgentGroup, Group, Summary, interval, summarise
from agentgym.results.treereading import read_tree

__all__ = [
    "BROKEN",
    "AgentGroup",
    "Attempt",
    "FaultKind",
    "Finished",
    "Group",
    "Lacking",
    "Report",
    "RunConfig",
    "Session",
    "Summary",
    "Way",
    "asks_a_person",
    "check",
    "dotenv",
    "fault_kind",
    "for_policy",
    "interval",
    "open_session",
    "plan",
    "read_args",
    "read_attempts",
    "read_config",
    "read_tree",
    "run_config",
    "standing",
    "summarise",
]
