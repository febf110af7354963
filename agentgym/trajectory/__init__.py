"""The dataset at rest: one folder, one lossless form, readable while it is written."""

from agentgym.trajectory.columns import Column, KeyedColumn
from agentgym.trajectory.dataset import Dataset
from agentgym.trajectory.description import describe_env, provenance
from agentgym.trajectory.episode import Episode
from agentgym.trajectory.recordfile import Torn
from agentgym.trajectory.writer import Fsync, TrajectoryWriter

__all__ = [
    "Column",
    "Dataset",
    "Episode",
    "Fsync",
    "KeyedColumn",
    "Torn",
    "TrajectoryWriter",
    "describe_env",
    "provenance",
]
