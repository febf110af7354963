"""Which episode of a dataset is meant by a number."""

from __future__ import annotations

from agentgym.errors import UsageError
from agentgym.trajectory import Dataset

__all__ = ["place_of"]


def place_of(dataset: Dataset, number: int) -> int:
    """The place of an episode that is counted over all runs, from 0; negative numbers count from the end.

    Raises:
        UsageError: if there is none.
    """
    if not -len(dataset) <= number < len(dataset):
        told = f"{len(dataset)} episode{'' if len(dataset) == 1 else 's'}"
        raise UsageError(f"{dataset.path} has {told}, from 0; there is no episode {number}")
    return number % len(dataset)
