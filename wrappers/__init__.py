"""Wrappers for any Gymnasium environment: what changes or records what an agent sees, does or is paid."""

if __name__ == "wrappers":
    raise ImportError("import agentgym.wrappers, not wrappers")

from agentgym.wrappers.evaluator_score import EvaluatorScore
from agentgym.wrappers.reward_hooks import RewardHooks
from agentgym.wrappers.run_recording import RecordingWarning
from agentgym.wrappers.task_reward_hooks import TaskRewardHooks
from agentgym.wrappers.trajectory_recorder import TrajectoryRecorder

__all__ = ["EvaluatorScore", "RecordingWarning", "RewardHooks", "TaskRewardHooks", "TrajectoryRecorder"]
