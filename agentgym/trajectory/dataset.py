"""A folder of recordings, read: its episodes, and any choice of them."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, overload

from gymnasium import spaces

from agentgym.errors import UsageError
from agentgym.events import Record
from agentgym.trajectory.episode import Episode
from agentgym.trajectory.folders import folder_at
from agentgym.trajectory.outline import Outline
from agentgym.trajectory.recordfile import EpisodeSpan, Torn
from agentgym.trajectory.recordings import Recordings
from agentgym.trajectory.shown import dataset_html
from agentgym.trajectory.spacejson import space_from_json
from agentgym.trajectory.splitting import shared_out
from agentgym.trajectory.statistics import Statistics, statistics
from agentgym.trajectory.transitions import TrainingItems, Transitions

__all__ = ["Dataset"]

Names = str | Iterable[str]


class Dataset(Sequence[Episode]):
    """The episodes of all runs in a folder: the runs in the order in which they began, each run's in its own order.

    Shows what was on disk when it was opened or last refreshed; the folder may be written to meanwhile. Holds no file
    open, and can be pickled. A slice, and what `filter` and `split` give, are views: datasets of fewer episodes that
    share all else.

    Args:
        path: of the folder; or an address that fsspec opens, ``s3://bucket/data``.

    Raises:
        DatasetError: if it is none that can be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._recordings = Recordings(folder_at(path), self.path)
        self._is_view = False
        self._take_all()

    def refresh(self) -> None:
        """Takes in what was written since. Episodes that are open in other processes grow.

        Raises:
            UsageError: in a view.
        """
        if self._is_view:
            raise UsageError("this is a view of a dataset: refresh that, and choose again")
        self._recordings.refresh()
        self._take_all()

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Episode: ...
    @overload
    def __getitem__(self, index: slice) -> Dataset: ...
    def __getitem__(self, index: int | slice) -> Episode | Dataset:
        if isinstance(index, slice):
            return self._view(range(*index.indices(len(self))))
        run_id, span = self._span(index)
        return Episode(self._recordings.runs[run_id], span, self._recordings.frames(run_id))

    def __iter__(self) -> Iterator[Episode]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        what = "view" if self._is_view else "dataset"
        return f"<{what} of {str(self.path)!r}, Dataset: {len(self)} episodes of {len(self.runs)} runs>"

    def _repr_html_(self) -> str:
        return dataset_html(self)

    @property
    def description(self) -> dict[str, Any]:
        """What ``dataset.json`` says: the environment and its spaces, provenance."""
        return self._recordings.description

    @property
    def runs(self) -> tuple[str, ...]:
        """The ids of the runs, the oldest first; in a view, of those that it has episodes of."""
        names = tuple(self._recordings.runs)
        return tuple(names[run] for run in sorted(set(self._run_of))) if self._is_view else names

    @property
    def observation_space(self) -> spaces.Space[Any]:
        """Of the run that came first.

        Raises:
            DatasetError: if it is of a type that cannot be made again.
        """
        return space_from_json(self.description["env"]["observation_space"])

    @property
    def action_space(self) -> spaces.Space[Any]:
        """Of the run that came first; raises as ``observation_space``."""
        return space_from_json(self.description["env"]["action_space"])

    @property
    def torn(self) -> tuple[Torn, ...]:
        """Ends of files that cannot be read: what a sudden death cut off, or what is being written just now."""
        return tuple(self._recordings.torn())

    def records(self, run_id: str) -> Iterator[Record]:
        """Everything that was published in a run, in order."""
        return self._recordings.records(run_id)

    def outlines(self) -> Iterator[Outline]:
        """What each episode amounts to, read without its observations."""
        return (self._outline(index) for index in range(len(self)))

    def filter(
        self,
        *,
        task: Names | None = None,
        agent: Names | None = None,
        run: Names | None = None,
        score: float | None = None,
        min_score: float | None = None,
        min_return: float | None = None,
        max_return: float | None = None,
        success: bool | None = None,
        failed: bool | None = None,
        complete: bool | None = None,
        where: Callable[[Episode], bool] | None = None,
    ) -> Dataset:
        """A view of the episodes of which all that is asked holds.

        Args:
            task: an id, or several; ``*`` stands for anything.
            agent: who acted, as given to the recorder; as ``task``.
            run: an id of a run; as ``task``.
            score: exactly; an episode that was not scored has none.
            min_score: at least; an unscored episode is left out.
            min_return: at least.
            max_return: at most.
            success: whether the score is 1; an unscored episode is neither.
            failed: whether something broke.
            complete: whether the last step ended the episode.
            where: is shown the episode, after all else held.
        """

        def holds(index: int) -> bool:
            known = self._outline(index)
            run_id, _ = self._span(index)
            return (
                (task is None or _is_named(known.task, task))
                and (agent is None or _is_named(self._recordings.started(run_id).agent, agent))
                and (run is None or _is_named(run_id, run))
                and (score is None or known.score == score)
                and (min_score is None or (known.score is not None and known.score >= min_score))
                and (min_return is None or known.total_return >= min_return)
                and (max_return is None or known.total_return <= max_return)
                and (success is None or (known.score is not None and (known.score == 1) is success))
                and (failed is None or (known.failure is not None) is failed)
                and (complete is None or known.is_complete is complete)
                and (where is None or where(self[index]))
            )

        return self._view(index for index in range(len(self)) if holds(index))

    def split(
        self, *, by: str | Callable[[Episode], object] = "task", shares: Sequence[float] = (0.8, 0.2), seed: int = 0
    ) -> tuple[Dataset, ...]:
        """Views that share the episodes out, each group to one of them as a whole.

        Args:
            by: what makes a group: ``"task"``, ``"run"``, ``"agent"``, ``"episode"`` (each by itself), or a function.
            shares: of the groups, by the size of the view; they are scaled to sum to 1.
            seed: the same groups, shares and seed give the same views, in whatever order the runs were recorded.

        Raises:
            UsageError: if ``by`` is none of these or the shares are not positive.
        """
        groups = [self._group(index, by) for index in range(len(self))]
        parts = shared_out(groups, shares, seed)
        return tuple(
            self._view(index for index, group in enumerate(groups) if parts[group] == part)
            for part in range(len(shares))
        )

    def statistics(self) -> Statistics:
        """Counts, and the distribution of returns, lengths and scores, in all and by task."""
        return statistics(self.outlines(), runs=len(self.runs))

    def transitions(self) -> Transitions:
        """Every step of every episode as one sequence, as reward hooks see them."""
        return Transitions(self, (self._span(index)[1].steps for index in range(len(self))))

    def training_items(self, observation: str | Sequence[str] | None = None) -> TrainingItems:
        """Every step as a dict of arrays: what a PyTorch ``DataLoader`` takes; see `TrainingItems`."""
        return TrainingItems(self.transitions(), observation)

    def _take_all(self) -> None:
        # Two numbers an episode, however many there are: which run, and where in it.
        self._run_of = array("Q")
        self._places = array("Q")
        for run, file in enumerate(self._recordings.runs.values()):
            begun = file.begun
            self._places.extend(begun)
            self._run_of.extend([run] * len(begun))
        self._run_ids = tuple(self._recordings.runs)

    def _view(self, indices: Iterable[int]) -> Dataset:
        view = Dataset.__new__(Dataset)
        view.path = self.path
        view._recordings = self._recordings
        view._is_view = True
        view._run_ids = self._run_ids
        chosen = list(indices)
        view._run_of = array("Q", (self._run_of[index] for index in chosen))
        view._places = array("Q", (self._places[index] for index in chosen))
        return view

    def _span(self, index: int) -> tuple[str, EpisodeSpan]:
        run_id = self._run_ids[self._run_of[index]]
        return run_id, self._recordings.runs[run_id].span(self._places[index])

    def _outline(self, index: int) -> Outline:
        return self._recordings.outline(*self._span(index))

    def _group(self, index: int, by: str | Callable[[Episode], object]) -> str:
        if callable(by):
            return repr(by(self[index]))
        run_id, span = self._span(index)
        match by:
            case "task":
                return self._outline(index).task or ""
            case "run":
                return run_id
            case "agent":
                return self._recordings.started(run_id).agent or ""
            case "episode":
                return f"{run_id}/{span.number}"
        raise UsageError(f"by is 'task', 'run', 'agent', 'episode' or a function, not {by!r}")


def _is_named(name: str | None, wanted: Names) -> bool:
    patterns = (wanted,) if isinstance(wanted, str) else wanted
    return name is not None and any(fnmatchcase(name, pattern) for pattern in patterns)
