"""The agent that does again what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentgym.actions import Done
from agentgym.agents.base import Emit, agents
from agentgym.families import Observation
from agentgym.tasks import Task
from agentgym.trajectory import Dataset

__all__ = ["ReplayAgent"]


class ReplayAgent:
    """Plays the actions of a recorded episode; says ``Done`` when they are used up.

    Args:
        path: the dataset.
        episode: which of its episodes, from 0.

    Raises:
        DatasetError: if it cannot be read.
        IndexError: if it has no such episode.
    """

    def __init__(self, path: str, *, episode: int = 0) -> None:
        self._recorded = list(Dataset(path)[episode].actions)
        self._left: Iterator[Any] = iter(self._recorded)

    def reset(self, task: Task, emit: Emit) -> None:
        self._left = iter(self._recorded)

    def act(self, observation: Observation) -> Any:
        return next(self._left, Done())


agents.register("replay", ReplayAgent)
