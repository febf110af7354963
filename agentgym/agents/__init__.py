"""Agents: whatever chooses actions. They are told the task once and then asked for one action a step."""

from agentgym.agents.base import Agent, Closes, Emit, Finishes, ReadsInfo, agents, make_agent
from agentgym.agents.policy import PolicyAgent
from agentgym.agents.random import RandomAgent
from agentgym.agents.replay import ReplayAgent
from agentgym.agents.scripted import NoopAgent, ScriptedAgent, oracle_family

__all__ = [
    "Agent",
    "Closes",
    "Emit",
    "Finishes",
    "NoopAgent",
    "PolicyAgent",
    "RandomAgent",
    "ReadsInfo",
    "ReplayAgent",
    "ScriptedAgent",
    "agents",
    "make_agent",
    "oracle_family",
]

agents.register_lazily("human", "agentgym.agents.human:HumanAgent")
agents.register_lazily("terminal", "agentgym.agents.human:TerminalAgent")
agents.register_lazily("team", "agentgym.agents.team:Team")
agents.register_lazily("planned", "agentgym.agents.team:planned")
agents.register_lazily("reviewed", "agentgym.agents.reviewed:Reviewed")
