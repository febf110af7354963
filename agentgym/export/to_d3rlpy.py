"""d3rlpy's ``MDPDataset``, made from a recording."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.export.base import fresh, needed, tell_of_cut_texts
from agentgym.export.leaves import Space, channels_first, is_image
from agentgym.export.training import Choice, Ends, Failures, ends, fitting, refuse_texts, training
from agentgym.trajectory import Dataset, Episode

if TYPE_CHECKING:
    from d3rlpy.dataset import MDPDataset

__all__ = ["export", "to_mdp_dataset"]

_LIBRARY = "d3rlpy"

_Array = npt.NDArray[Any]


def export(
    dataset: Dataset,
    out: Path,
    *,
    observation: Choice = None,
    failed: Failures = "drop",
    final_row: bool = True,
) -> None:
    """Writes d3rlpy's HDF5 file: ``ReplayBuffer.load(file, InfiniteBuffer())``.

    Has no place for: infos, reward terms, tasks, scores, seeds, and the final observation of an episode that
    terminated, for which d3rlpy itself puts zeros. Rewards become float32. A step that both terminated and was
    truncated did terminate. Not exported: what `to_mdp_dataset` leaves out.

    Args:
        observation: as `to_mdp_dataset`.
        failed: as `to_mdp_dataset`.
        final_row: as `to_mdp_dataset`.
    """
    with fresh(out) as path:
        found = _made(dataset, observation, failed, final_row=final_row)
        with path.open("w+b") as file:
            found.dump(file)


def to_mdp_dataset(
    dataset: Dataset, *, observation: Choice = None, failed: Failures = "drop", final_row: bool = True
) -> MDPDataset:
    """An ``MDPDataset`` with one episode for each of the recording.

    Images are (channels, height, width). Several observations become d3rlpy's tuple, in the order of the space. Actions
    of a ``MultiDiscrete``, which d3rlpy has not, become one number each: ``np.unravel_index(number, space.nvec)`` is
    what was recorded.

    Args:
        observation: the name of one observation of a ``Dict``, to have it bare, or several; all if not given.
        failed: what to do with episodes in which something broke: ``"drop"`` or ``"keep"`` them as cut off.
        final_row: d3rlpy keeps T observations of an episode that timed out and so loses its last transition. With a
            row more, of the final observation, no reward and an action of zeros, which no transition begins with, it
            has all T. A decision transformer would learn from that row: False leaves it out.

    Raises:
        DatasetError: if d3rlpy cannot take the spaces, or nothing is left to train on.
        MissingDependencyError: if d3rlpy is not installed.
    """
    made = _made(dataset, observation, failed, final_row=final_row)
    tell_of_cut_texts(dataset)
    return made


def _made(dataset: Dataset, observation: Choice, failed: Failures, *, final_row: bool) -> MDPDataset:
    library = needed("d3rlpy", extra="d3rlpy")
    data = training(dataset, observation=observation, failed=failed)
    places = _observation_places(data.observation_space)
    kind, size = _action_kind(data.action_space)
    rows = _Rows(data.observation_space, places, data.action_space)
    for number, episode in data:
        rows.add(number, episode, list(data.observations(episode)), final_row=final_row)
    found: MDPDataset = library.dataset.MDPDataset(
        observations=rows.stacked_observations(),
        actions=np.stack(rows.actions),
        rewards=np.array(rows.rewards, np.float32),
        terminals=np.array(rows.terminals, np.float32),
        timeouts=np.array(rows.timeouts, np.float32),
        action_space=library.ActionSpace[kind],
        action_size=size,
    )
    return found


class _Rows:
    """Steps of all episodes, one after the other, as d3rlpy cuts them up again."""

    def __init__(self, observation_space: Space, keys: list[str | None], action_space: Space) -> None:
        self._observation_space = observation_space
        self._action_space = action_space
        self._observations: dict[str | None, list[_Array]] = {key: [] for key in keys}
        self.actions: list[_Array] = []
        self.rewards: list[float] = []
        self.terminals: list[bool] = []
        self.timeouts: list[bool] = []

    def add(self, number: int, episode: Episode, observations: list[Any], *, final_row: bool) -> None:
        end = ends(episode)
        for t, action in enumerate(episode.actions):
            self._add_observation(observations[t], f"observation {t} of episode {number}")
            array = fitting(action, self._action_space, f"action {t} of episode {number}")
            self.actions.append(_vector(_as_one_number(array, self._action_space)))
        self.rewards += episode.rewards.tolist()
        self.terminals += end.terminations.tolist()
        self.timeouts += end.truncations.tolist()
        if final_row and not end.terminations[-1]:
            self._add_final_row(observations[-1], end, number)

    def stacked_observations(self) -> Any:
        stacked = [np.stack(column) for column in self._observations.values()]
        return stacked[0] if None in self._observations else tuple(stacked)

    def _add_final_row(self, observation: Any, end: Ends, number: int) -> None:
        self._add_observation(observation, f"the final observation of episode {number}")
        self.actions.append(np.zeros_like(self.actions[-1]))
        self.rewards.append(0.0)
        self.terminals.append(False)
        self.timeouts[-1] = False
        self.timeouts.append(bool(end.truncations[-1]))

    def _add_observation(self, observation: Any, what: str) -> None:
        for key, column in self._observations.items():
            if key is None:
                space, value = self._observation_space, observation
            else:
                space, value = _part(self._observation_space, key), observation[key]
            array = _vector(fitting(value, space, what))
            column.append(channels_first(array) if is_image(space) else array)


def _observation_places(space: Space) -> list[str | None]:
    """The keys of a ``Dict``; None for an observation that is one array."""
    refuse_texts(space, "observation", _LIBRARY)
    parts: dict[str | None, Space] = {None: space}
    if isinstance(space, spaces.Dict):
        parts = {key: part for key, part in space.spaces.items()}  # noqa: C416 - a dict of optional keys
    for key, part in parts.items():
        if not isinstance(part, spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
            where = "the observation" if key is None else f"the observation {key!r}"
            raise DatasetError(f"{_LIBRARY} takes arrays, or a Dict of arrays of one level; {where} is {part}")
    return list(parts)


def _action_kind(space: Space) -> tuple[str, int]:
    """Discrete or continuous, as d3rlpy spells it, and how many actions or dimensions there are."""
    refuse_texts(space, "action", _LIBRARY)
    if isinstance(space, spaces.Discrete) and space.start == 0:
        return "DISCRETE", int(space.n)
    if isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1 and not space.start.any():
        return "DISCRETE", _number_of_combinations(space)
    if isinstance(space, spaces.Box) and len(space.shape) == 1:
        return "CONTINUOUS", space.shape[0]
    raise DatasetError(
        f"{_LIBRARY} takes actions of a Discrete or MultiDiscrete that counts from 0, or of a Box of one dimension, "
        f"not {space}"
    )


def _number_of_combinations(space: spaces.MultiDiscrete) -> int:
    count: int = math.prod(space.nvec.tolist())
    if count > np.iinfo(np.int64).max:
        raise DatasetError(f"{_LIBRARY} has one number for each action, but {space} has {count:.0e}; record fewer")
    return count


def _as_one_number(action: _Array, space: Space) -> _Array:
    if not isinstance(space, spaces.MultiDiscrete):
        return action
    return np.array(np.ravel_multi_index(tuple(action), tuple(space.nvec)), np.int64)


def _part(space: Space, key: str) -> Space:
    assert isinstance(space, spaces.Dict)
    return space[key]


def _vector(array: _Array) -> _Array:
    """d3rlpy has no scalars."""
    return array.reshape(1) if array.ndim == 0 else array
