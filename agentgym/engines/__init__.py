"""Where rollouts run: an engine maps a function over items and gives one outcome for each, errors included."""

from agentgym.engines.base import Engine, Outcome, engines
from agentgym.engines.processes import ProcessEngine
from agentgym.engines.serial import SerialEngine

__all__ = ["Engine", "Outcome", "ProcessEngine", "SerialEngine", "engines"]
