"""Training: what Stable-Baselines3 and sb3-contrib learn with, on environments of this package."""

from agentgym.training.plan import Evaluation, Progress, TrainingPlan, train

__all__ = ["Evaluation", "Progress", "TrainingPlan", "train"]
