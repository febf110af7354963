"""Reward hooks: pure functions from a transition to a float, live in an environment or afterwards on a recording."""

from agentgym.rewards.costs import invalid_action_penalty, step_cost
from agentgym.rewards.evaluated import evaluator_progress
from agentgym.rewards.judge import LLMJudge
from agentgym.rewards.named import Weighted, faults_of_hooks, named_hooks, reward_hooks
from agentgym.rewards.relabelling import relabel
from agentgym.rewards.resolving import resolve_hook, resolve_hooks
from agentgym.rewards.shaping import potential_shaping, progress_shaping
from agentgym.rewards.transition import EpisodeHook, Hook, RewardHook, Transition, begun, term
from agentgym.rewards.visits import Novelty, novelty

__all__ = [
    "EpisodeHook",
    "Hook",
    "LLMJudge",
    "Novelty",
    "RewardHook",
    "Transition",
    "Weighted",
    "begun",
    "evaluator_progress",
    "faults_of_hooks",
    "invalid_action_penalty",
    "named_hooks",
    "novelty",
    "potential_shaping",
    "progress_shaping",
    "relabel",
    "resolve_hook",
    "resolve_hooks",
    "reward_hooks",
    "step_cost",
    "term",
]
