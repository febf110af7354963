"""The environments."""

from agentgym.envs.desktop import DesktopEnv, Snapshot
from agentgym.envs.tools import ToolEnv, ToolSnapshot

__all__ = ["DesktopEnv", "Snapshot", "ToolEnv", "ToolSnapshot"]
