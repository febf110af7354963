"""The dataset at rest: one folder, one lossless form, readable while it is written."""

from agentgym.trajectory.columns import Column, KeyedColumn
from agentgym.trajectory.dataset import Dataset
from agentgym.trajectory.description import describe_env, provenance
from agentgym.trajectory.episode import Episode
from agentgym.trajectory.merging import merge
from agentgym.trajectory.outline import Outline
from agentgym.trajectory.packing import pack
from agentgym.trajectory.recordfile import Torn
from agentgym.trajectory.redaction import Redact
from agentgym.trajectory.statistics import Distribution, Statistics
from agentgym.trajectory.transitions import TrainingItems, Transitions
from agentgym.trajectory.writer import Fsync, TrajectoryWriter

__all__ = [
    "Column",
    "Dataset",
    "Distribution",
    "Episode",
    "Fsync",
    "KeyedColumn",
    "Outline",
    "Redact",
    "Statistics",
    "Torn",
    "TrainingItems",
    "TrajectoryWriter",
    "Transitions",
    "describe_env",
    "merge",
    "pack",
    "provenance",
]
