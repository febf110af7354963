"""Wrappers for any Gymnasium environment: what changes or records what an agent sees, does or is paid."""

if __name__ == "wrappers":
    raise ImportError("import agentgym.wrappers, not wrappers")

from agentgym.wrappers.reward_hooks import RewardHooks
from agentgym.wrappers.run_recording import RecordingWarning
from agentgym.wrappers.trajectory_recorder import TrajectoryRecorder

__all__ = ["RecordingWarning", "RewardHooks", "TrajectoryRecorder"]
