"""TorchRL's tensordicts of transitions, made from a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.export.base import fresh, needed, tell_of_cut_texts
from agentgym.export.leaves import Place, Space, as_text, is_text, leaf, leaves, name
from agentgym.export.training import Choice, Failures, Training, ends, fitting, training
from agentgym.trajectory import Dataset, Episode

if TYPE_CHECKING:
    from tensordict import TensorDict
    from torchrl.data import TensorDictReplayBuffer

__all__ = ["export", "to_tensordict", "to_torchrl"]

_LIBRARY = "TorchRL"
_OWN_NAMES = frozenset({"action", "done", "episode", "next", "reward", "terminated", "truncated"})
_ARRAYS = (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)

_Root: TypeAlias = Literal["observation", "action"]

Key: TypeAlias = tuple[str, ...]
"""Of a tensordict."""


@dataclass(frozen=True)
class _Leaf:
    """A part of the observations or of the actions."""

    root: _Root
    place: Place
    space: Space


def export(dataset: Dataset, out: Path, *, observation: Choice = None, failed: Failures = "drop") -> None:
    """Writes memory-mapped tensors: ``TensorDict.load_memmap(out)``.

    ``TensorDictReplayBuffer(storage=TensorStorage(TensorDict.load_memmap(out)))`` trains from them without reading
    them whole. Texts stay texts. Nothing is held in memory but the step that is being written, and the texts.

    Has no place for: infos, reward terms, tasks, scores, seeds. Not exported: what `to_tensordict` leaves out.

    Args:
        observation: as `to_tensordict`.
        failed: as `to_tensordict`.
    """
    with fresh(out) as path:
        _fill(dataset, observation, failed, path)


def to_torchrl(
    dataset: Dataset, *, observation: Choice = None, failed: Failures = "drop", batch_size: int | None = None
) -> TensorDictReplayBuffer:
    """A replay buffer in memory that holds what `to_tensordict` gives."""
    data = needed("torchrl.data", extra="torchrl")
    content = to_tensordict(dataset, observation=observation, failed=failed)
    buffer: TensorDictReplayBuffer = data.TensorDictReplayBuffer(
        storage=data.TensorStorage(content), batch_size=batch_size
    )
    return buffer


def to_tensordict(dataset: Dataset, *, observation: Choice = None, failed: Failures = "drop") -> TensorDict:
    """One row a transition, in TorchRL's form: what was before at the root, what came of it under ``"next"``.

    An observation that is one array is called ``"observation"``, those of a ``Dict`` have their names. ``"episode"``
    is the episode's number in the dataset, by which a ``SliceSampler`` finds trajectories. Actions and images are as
    they were recorded: discrete actions are numbers, images (height, width, channels). The last step of an episode
    that was cut off is truncated.

    Args:
        observation: the name of one observation of a ``Dict``, to have it bare, or several; all if not given.
        failed: what to do with episodes in which something broke: ``"drop"`` or ``"keep"`` them as cut off.

    Raises:
        DatasetError: if TorchRL cannot take the spaces, or nothing is left to train on.
        MissingDependencyError: if torchrl is not installed.
    """
    content = _fill(dataset, observation, failed, None)
    tell_of_cut_texts(dataset)
    return content


def _fill(dataset: Dataset, observation: Choice, failed: Failures, path: Path | None) -> TensorDict:
    """Fills a tensordict in memory, or in files under a path."""
    needed("torchrl", extra="torchrl")
    data = training(dataset, observation=observation, failed=failed)
    parts = _parts(data)
    content = _allocated(parts, _texts(data, parts), data.steps, path)
    arrays = {key: part for key, part in parts.items() if not is_text(part.space)}
    row = 0
    for number, episode in data:
        _fill_episode(content, arrays, data.observations(episode), (number, episode), row)
        row += len(episode)
    return content


def _parts(data: Training) -> dict[Key, _Leaf]:
    """Each leaf of the spaces by its key in the tensordict."""
    parts: dict[Key, _Leaf] = {}
    for root, space in zip(get_args(_Root), (data.observation_space, data.action_space), strict=True):
        for place, part in leaves(space):
            if not is_text(part) and not isinstance(part, _ARRAYS):
                raise DatasetError(f"{_LIBRARY} takes arrays and texts, but {name(root, place)} is {part}")
            keyed = root == "observation" and place
            parts[tuple(map(str, place if keyed else (root, *place)))] = _Leaf(root, place, part)
    taken = [key[0] for key, part in parts.items() if part.root == "observation" and key[0] in _OWN_NAMES]
    if taken:
        raise DatasetError(f"{_LIBRARY} has its own meaning for {taken[0]!r}, which is the name of an observation")
    return parts


def _allocated(parts: dict[Key, _Leaf], texts: dict[Key, list[str]], steps: int, path: Path | None) -> TensorDict:
    """Zeros, and the texts."""
    torch = needed("torch", extra="torchrl")
    tensordict = needed("tensordict", extra="torchrl")
    row = tensordict.TensorDict({"episode": torch.zeros((), dtype=torch.int64)}, [])
    for key, part in parts.items():
        if is_text(part.space):
            continue
        empty = torch.from_numpy(np.zeros(part.space.shape or (), part.space.dtype))
        row[key] = empty
        if part.root == "observation":
            row["next", *key] = empty
    row["next", "reward"] = torch.zeros(1, dtype=torch.float64)
    for flag in ("done", "terminated", "truncated"):
        row["next", flag] = torch.zeros(1, dtype=torch.bool)
    rows = row.expand(steps).copy()
    for key, values in texts.items():
        rows[key] = tensordict.NonTensorStack(*values)
    content: TensorDict = rows.clone() if path is None else rows.memmap_like(path)
    return content


def _texts(data: Training, parts: dict[Key, _Leaf]) -> dict[Key, list[str]]:
    wanted = {key: part for key, part in parts.items() if is_text(part.space)}
    texts: dict[Key, list[str]] = {}
    for _, episode in data if wanted else ():
        for key, part in wanted.items():
            if part.root == "action":
                texts.setdefault(key, []).extend(as_text(leaf(value, part.place)) for value in episode.actions)
                continue
            seen = [as_text(leaf(value, part.place)) for value in data.observations(episode)]
            texts.setdefault(key, []).extend(seen[:-1])
            texts.setdefault(("next", *key), []).extend(seen[1:])
    return texts


def _fill_episode(
    content: Any, parts: dict[Key, _Leaf], observations: Iterator[Any], numbered: tuple[int, Episode], row: int
) -> None:
    torch = needed("torch", extra="torchrl")
    number, episode = numbered
    steps = len(episode)
    for t, value in enumerate(observations):
        for key, array in _arrays("observation", parts, value, f"observation {t} of episode {number}"):
            if t < steps:
                content[key][row + t] = torch.from_numpy(array)
            if t > 0:
                content["next", *key][row + t - 1] = torch.from_numpy(array)
    for t, value in enumerate(episode.actions):
        for key, array in _arrays("action", parts, value, f"action {t} of episode {number}"):
            content[key][row + t] = torch.from_numpy(array)
    end = ends(episode)
    rows = slice(row, row + steps)
    content["episode"][rows] = number
    content["next", "reward"][rows] = torch.from_numpy(episode.rewards)[:, None]
    content["next", "terminated"][rows] = torch.from_numpy(end.terminations)[:, None]
    content["next", "truncated"][rows] = torch.from_numpy(end.truncations)[:, None]
    content["next", "done"][rows] = torch.from_numpy(end.terminations | end.truncations)[:, None]


def _arrays(root: _Root, parts: dict[Key, _Leaf], value: Any, what: str) -> Iterator[tuple[Key, npt.NDArray[Any]]]:
    for key, part in parts.items():
        if part.root == root:
            yield key, fitting(leaf(value, part.place), part.space, what)
