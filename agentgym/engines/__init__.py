"""Where rollouts run: an engine maps a function over items and gives one outcome for each, errors included."""

from agentgym.engines.base import Engine, Outcome, engines, make_engine
from agentgym.engines.processes import ProcessEngine
from agentgym.engines.serial import SerialEngine
from agentgym.engines.threads import ThreadEngine, leave_if_given_up

__all__ = [
    "Engine",
    "Outcome",
    "ProcessEngine",
    "SerialEngine",
    "ThreadEngine",
    "engines",
    "leave_if_given_up",
    "make_engine",
]
