"""A person as the agent: in the browser, or, where there is nothing to look at, in the terminal."""

from agentgym.agents.human.agent import HumanAgent
from agentgym.agents.human.terminal import TerminalAgent

__all__ = ["HumanAgent", "TerminalAgent"]
