"""Environments offered to agents that are elsewhere: as MCP servers."""

from agentgym.serving.acts import Offered, Shown
from agentgym.serving.played import Played

__all__ = ["Offered", "Played", "Shown"]
