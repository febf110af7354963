"""Token counts of a model call; see `agentgym.events.usage`."""

from agentgym.events.usage import Usage

__all__ = ["Usage"]
