"""What of a dataset a trainer is given: one choice of observations, the episodes whose rewards can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from agentgym.errors import DatasetError, UsageError
from agentgym.events import RunStarted
from agentgym.export.base import tell
from agentgym.export.leaves import Space, is_text, leaves, name
from agentgym.trajectory import Dataset, Episode
from agentgym.trajectory.spacejson import space_from_json

__all__ = [
    "Choice",
    "Ends",
    "Failures",
    "Training",
    "check_one_form",
    "chosen",
    "chosen_space",
    "ends",
    "fitting",
    "refuse_texts",
    "training",
]

Choice: TypeAlias = str | Sequence[str] | None
"""Which of a ``Dict``'s observations: one by name, bare; several, as a dict; None for all as they are."""

Failures: TypeAlias = Literal["drop", "keep"]
"""What to do with an episode in which something broke: the reward that its end would have paid is missing."""


@dataclass(frozen=True)
class Ends:
    """Length T each. A last step that ended nothing is truncated there: what was recorded was cut off."""

    terminations: npt.NDArray[np.bool_]
    truncations: npt.NDArray[np.bool_]


class Training:
    """Episodes of one or more steps, all of one pair of spaces.

    Attributes:
        observation_space: of what ``observations`` gives.
        action_space: of the actions as they were recorded.
        steps: how many there are in all.
    """

    def __init__(self, dataset: Dataset, choice: Choice, taken: frozenset[int], steps: int) -> None:
        self.observation_space = chosen_space(dataset.observation_space, choice)
        self.action_space = dataset.action_space
        self.steps = steps
        self._dataset = dataset
        self._choice = choice
        self._taken = taken

    def __iter__(self) -> Iterator[tuple[int, Episode]]:
        """Each with its number in the dataset."""
        return ((number, episode) for number, episode in enumerate(self._dataset) if number in self._taken)

    def observations(self, episode: Episode) -> Iterator[Any]:
        """Observation 0 to T, in the order of the space; only what was chosen is decoded."""
        for t in range(len(episode) + 1):
            yield chosen(episode.observations, self._choice, t)


def training(dataset: Dataset, *, observation: Choice = None, failed: Failures = "drop") -> Training:
    """The dataset as trainers take it. Warns of the episodes that it leaves out.

    Raises:
        UsageError: if there is no such observation, or ``failed`` is neither word.
        DatasetError: if its runs have different spaces, or nothing is left.
    """
    if failed not in ("drop", "keep"):
        raise UsageError(f"failed is {failed!r}; it can be 'drop' or 'keep'")
    check_one_form(dataset, observation)
    lengths: dict[int, int] = {}
    empty = broken = 0
    for number, episode in enumerate(dataset):
        empty += len(episode) == 0
        if len(episode) == 0:
            continue
        if failed == "drop" and _is_broken(episode):
            broken += 1
            continue
        lengths[number] = len(episode)
    tell(empty, "without a step")
    tell(broken, "in which something broke; their last reward is missing (failed=keep takes them, cut off there)")
    if not lengths:
        raise DatasetError(f"{dataset.path} has no episode to train on: {empty} without a step, {broken} broken")
    return Training(dataset, observation, frozenset(lengths), sum(lengths.values()))


def check_one_form(dataset: Dataset, choice: Choice = None) -> None:
    """Raises a DatasetError if a run was recorded in other spaces than the first, or the spaces are not known."""
    if "env" not in dataset.description:
        raise DatasetError(f"{dataset.path} does not say what its spaces are, which an export needs")
    first = (chosen_space(dataset.observation_space, choice), dataset.action_space)
    for run_id in dataset.runs:
        env = _environment(dataset, run_id)
        if not env:
            continue
        kinds = (chosen_space(space_from_json(env["observation_space"]), choice), space_from_json(env["action_space"]))
        for what, one, other in zip(("observations", "actions"), first, kinds, strict=True):
            if one != other:
                raise DatasetError(
                    f"an export has one space for all {what}, but run {run_id} has {other} and the first run {one}; "
                    "export them apart, or choose what they share with observation="
                )


def ends(episode: Episode) -> Ends:
    """Which steps terminated and which were cut off. What both terminated and was truncated did terminate."""
    terminations = episode.terminations
    truncations = episode.truncations & ~terminations
    truncations[-1] |= not terminations[-1]
    return Ends(terminations, truncations)


def refuse_texts(space: Space, root: str, library: str) -> None:
    """Raises a DatasetError that names the texts in a space, which a library of arrays has no place for."""
    texts = [name(root, place) for place, found in leaves(space) if is_text(found)]
    if texts and root == "action":
        raise DatasetError(
            f"{library} takes actions that are numbers, these are texts ({space}); record with action='discrete' "
            "or with a wrapper that gives actions a Discrete or Box space"
        )
    if texts:
        others = [str(place[0]) for place, found in leaves(space) if place and not is_text(found)]
        hint = f"; choose others with observation={others[0] if len(others) == 1 else others}" if others else ""
        raise DatasetError(f"{library} takes no texts, but has to hold {', '.join(texts)}{hint}")


def fitting(value: Any, space: Space, what: str) -> npt.NDArray[Any]:
    """A value as an array of its space's dtype.

    Raises:
        DatasetError: if it is none, or has not the space's shape.
    """
    try:
        array = np.asarray(value, space.dtype)
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{what} should be in {space}, got {value!r}") from error
    if array.shape != space.shape:
        raise DatasetError(f"{what} should have the shape {space.shape} of {space}, got {array.shape}")
    return array


def chosen(observations: Any, choice: Choice, t: int) -> Any:
    if choice is None:
        return observations[t]
    if isinstance(choice, str):
        return observations[choice][t]
    return {key: observations[key][t] for key in choice}


def chosen_space(space: Space, choice: Choice) -> Space:
    if choice is None:
        return space
    names = [choice] if isinstance(choice, str) else list(choice)
    if not isinstance(space, spaces.Dict):
        raise UsageError(f"observation={choice!r} chooses from a Dict, but observations are {space}")
    unknown = [key for key in names if key not in space.spaces]
    if unknown or not names:
        raise UsageError(f"observation={choice!r}: choose from {', '.join(space.spaces)}")
    return space[choice] if isinstance(choice, str) else spaces.Dict({key: space[key] for key in names})


def _is_broken(episode: Episode) -> bool:
    """What failed on the way to a score, such as one call of a model, broke nothing."""
    return episode.failure is not None and not (episode.is_complete and episode.score is not None)


def _environment(dataset: Dataset, run_id: str) -> Mapping[str, Any]:
    first = next(iter(dataset.records(run_id)), None)
    return first.payload.env if first is not None and isinstance(first.payload, RunStarted) else {}
