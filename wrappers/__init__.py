"""Wrappers for any Gymnasium environment: what changes or records what an agent sees, does or is paid."""

if __name__ == "wrappers":
    raise ImportError("import agentgym.wrappers, not wrappers")

from agentgym.wrappers.action_spaces import ContinuousPointer, DiscreteGrid, StructuredActions, TextActions
from agentgym.wrappers.element_choice import ElementChoice
from agentgym.wrappers.evaluator_score import EvaluatorScore
from agentgym.wrappers.hooked import Hooked
from agentgym.wrappers.late_rewards import LateRewards
from agentgym.wrappers.masked_elements import MaskedElements
from agentgym.wrappers.observation_type import ObservationType
from agentgym.wrappers.reward_hooks import RewardHooks
from agentgym.wrappers.run_recording import RecordingWarning
from agentgym.wrappers.tap import Tap
from agentgym.wrappers.task_reward_hooks import TaskRewardHooks
from agentgym.wrappers.tool_arguments import Found
from agentgym.wrappers.tool_templates import ToolTemplates
from agentgym.wrappers.trajectory_recorder import TrajectoryRecorder

__all__ = [
    "ContinuousPointer",
    "DiscreteGrid",
    "ElementChoice",
    "EvaluatorScore",
    "Found",
    "Hooked",
    "LateRewards",
    "MaskedElements",
    "ObservationType",
    "RecordingWarning",
    "RewardHooks",
    "StructuredActions",
    "Tap",
    "TaskRewardHooks",
    "TextActions",
    "ToolTemplates",
    "TrajectoryRecorder",
]
