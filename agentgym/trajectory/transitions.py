"""All steps of a dataset as one sequence, each read when it is asked for."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np

from agentgym.errors import UsageError
from agentgym.rewards import Transition
from agentgym.trajectory.episode import Episode

__all__ = ["TrainingItems", "Transitions"]


class Transitions(Sequence[Transition]):
    """Every step of every episode, in order. ``[i]`` reads two records and decodes two observations, no more.

    Args:
        episodes: that the steps are of.
        lengths: of the episodes.
    """

    def __init__(self, episodes: Sequence[Episode], lengths: Iterable[int]) -> None:
        self._episodes = episodes
        self._ends = array("Q")
        total = 0
        for length in lengths:
            total += length
            self._ends.append(total)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> Transition: ...
    @overload
    def __getitem__(self, index: slice) -> list[Transition]: ...
    def __getitem__(self, index: int | slice) -> Transition | list[Transition]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        episode, t = self.locate(index)
        return episode.transition(t)

    def locate(self, index: int) -> tuple[Episode, int]:
        """The episode that a step is of, and t: the step leads from observation t to t + 1.

        Raises:
            IndexError: if there is no such step.
        """
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"there are {len(self)} transitions, not {index}")
        place = bisect_right(self._ends, at)
        return self._episodes[place], at - (self._ends[place - 1] if place else 0)


class TrainingItems(Sequence[dict[str, Any]]):
    """The transitions as dicts of arrays that a PyTorch ``DataLoader`` collates by itself.

    ``observation``, ``action``, ``reward``, ``next_observation``, ``terminated``, ``truncated``. Torch is not needed
    for it: a map-style dataset is what has a length and items.

    Args:
        transitions: of a dataset.
        observation: which of a ``Dict``'s observations: one by name, bare; several, as a dict; None for all as they
            are. Only these are decoded.

    Raises:
        UsageError: from ``[i]``, if there is no observation of this name.
    """

    def __init__(self, transitions: Transitions, observation: str | Sequence[str] | None = None) -> None:
        self._transitions = transitions
        self._choice = observation

    def __len__(self) -> int:
        return len(self._transitions)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return self.__getitems__(range(*index.indices(len(self))))
        episode, t = self._transitions.locate(index)
        step = episode.step_values(t)
        return {
            "observation": self._chosen(episode, t),
            "action": step["action"],
            "reward": np.float32(step["reward"]),
            "next_observation": self._chosen(episode, t + 1),
            "terminated": step["terminated"],
            "truncated": step["truncated"],
        }

    def __getitems__(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        """Several at once, as a ``DataLoader`` asks for a batch; read in the order in which they lie on disk."""
        found = {index: self[index] for index in sorted(set(indices))}
        return [found[index] for index in indices]

    def _chosen(self, episode: Episode, t: int) -> Any:
        try:
            return episode.observation(t, self._choice)
        except (KeyError, TypeError) as error:
            raise UsageError(f"observation={self._choice!r} is not among the recorded ones: {error}") from error
