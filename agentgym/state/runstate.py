"""The state of runs, live or read."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from agentgym.errors import UsageError
from agentgym.state.fold import Fold
from agentgym.state.parts import EpisodePart, RunPart, Status
from agentgym.state.plain import plain_state
from agentgym.state.reading import Follower
from agentgym.state.totals import Totals

__all__ = ["RunState", "TaskPart"]


@dataclass(slots=True)
class TaskPart:
    """A task's episodes, of all runs; ``counts`` by status. The scores of those that have none are left out."""

    task: str | None
    counts: dict[Status, int] = field(default_factory=dict)
    steps: int = 0
    scored: int = 0
    score_sum: float = 0.0

    @property
    def episodes(self) -> int:
        return sum(self.counts.values())

    @property
    def mean_score(self) -> float | None:
        return self.score_sum / self.scored if self.scored else None


class RunState(Fold):
    """What goes on in runs: sessions, runs, tasks, episodes, steps, calls of models and tools.

    Live, for one bus or many, or from a dataset, also one that is being written or whose writer died::

        state = RunState()
        bus.subscribe(state.apply)

        state = RunState.read("data/")
        state.refresh()  # what was written since

    Memory goes with the number of episodes, not of steps: of an episode that has ended its totals are kept, of one
    that runs the last 20 steps and calls. It may be looked at in one thread while buses publish in others.

    Args:
        details: whether all steps and calls are kept, of ended episodes too.
    """

    def __init__(self, *, details: bool = False) -> None:
        super().__init__(details=details)
        self._follower: Follower | None = None

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, details: bool = False) -> RunState:
        """The state of all runs in a dataset.

        A run without an end is ``running`` while its writer lives, else ``interrupted``; on another machine's disk
        that is known where the file system passes locks on.

        Raises:
            DatasetError: if it is no dataset that can be read.
        """
        state = cls(details=details)
        state._follower = Follower(path)
        state.refresh()
        return state

    def refresh(self) -> None:
        """Takes in what was written to the dataset since.

        Raises:
            UsageError: if this state was not read from one.
        """
        if self._follower is None:
            raise UsageError("this state was not read from a dataset: it is given records with apply()")
        self._follower.refresh(self)

    @property
    def is_over(self) -> bool:
        """Whether every run has ended; so before the first."""
        return all(run.status != "running" for run in [*self.runs.values()])

    @property
    def sessions(self) -> dict[str | None, list[RunPart]]:
        """The runs by their session's id; None for those that are of none."""
        found: dict[str | None, list[RunPart]] = {}
        for run in [*self.runs.values()]:
            found.setdefault(run.session_id, []).append(run)
        return found

    @property
    def tasks(self) -> dict[str | None, TaskPart]:
        """By the task's id; None for episodes without a task."""
        found: dict[str | None, TaskPart] = {}
        for episode in self.episodes():
            task = found.setdefault(episode.task, TaskPart(episode.task))
            task.counts[episode.status] = task.counts.get(episode.status, 0) + 1
            task.steps += episode.steps
            if episode.score is not None:
                task.scored += 1
                task.score_sum += episode.score
        return found

    @property
    def running(self) -> list[EpisodePart]:
        """The episodes that go on."""
        return [episode for episode in self.episodes() if episode.is_open]

    @property
    def totals(self) -> Totals:
        totals = Totals()
        for episode in self.episodes():
            totals.add(episode.totals)
        return totals

    def plain(self) -> dict[str, Any]:
        """All of it as JSON would have it."""
        return plain_state(self)
