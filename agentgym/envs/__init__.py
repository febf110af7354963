"""The environments."""

from agentgym.envs.desktop import DesktopEnv, Snapshot

__all__ = ["DesktopEnv", "Snapshot"]
