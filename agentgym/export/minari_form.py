"""Spaces, columns and infos in the form in which Minari holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from agentgym.errors import DatasetError
from agentgym.events import Failed
from agentgym.export.kept import to_json
from agentgym.export.leaves import Place, Space, as_text, is_text, leaf, leaves, name, stacked
from agentgym.trajectory import Dataset, Episode

__all__ = ["EXTRAS", "KEPT", "Characters", "characters", "column", "env_spec", "infos", "minari_space"]

EXTRAS = "agentgym"
"""The column of infos with what Minari has no place for, as JSON; and the metadata's key of our own description."""

KEPT = "$column"
"""Stands in that JSON for an array that is a column of its own."""

Characters = Mapping[tuple[str, Place], str]
"""Those that occur in each text, by ``"observation"`` or ``"action"`` and the place in it."""

_STEP = "agentgym_step"
_LEAST_COLUMN_BYTES = 1024
_TRANSPARENT = frozenset(
    {
        "agentgym.wrappers.reward_hooks:RewardHooks",
        "agentgym.wrappers.trajectory_recorder:TrajectoryRecorder",
        "gymnasium.wrappers.common:OrderEnforcing",
        "gymnasium.wrappers.common:PassiveEnvChecker",
        "gymnasium.wrappers.common:RecordEpisodeStatistics",
        "gymnasium.wrappers.common:TimeLimit",
    }
)


def characters(dataset: Dataset) -> Characters:
    """Looks through all texts of a dataset; reads nothing if its spaces have none."""
    spaces_of = {"observation": dataset.observation_space, "action": dataset.action_space}
    seen: dict[tuple[str, Place], set[str]] = {
        (root, place): set() for root, space in spaces_of.items() for place, part in leaves(space) if is_text(part)
    }
    for episode in dataset if seen else ():
        columns = {"observation": episode.observations, "action": episode.actions}
        for (root, place), found in seen.items():
            for value in _texts(columns[root], place):
                found.update(value)
    return {where: "".join(sorted(found)) for where, found in seen.items()}


def minari_space(space: Space, texts: Characters, root: str, place: Place = ()) -> Space:
    """The space that Minari is told.

    Raises:
        DatasetError: if Minari can hold no such values.
    """
    if isinstance(space, spaces.Dict):
        odd = [key for key in space.spaces if not key or "/" in key or key == "."]
        if odd:
            raise DatasetError(f"Minari names folders by the keys of a Dict, which {odd[0]!r} cannot be")
        return spaces.Dict({key: minari_space(part, texts, root, (*place, key)) for key, part in space.spaces.items()})
    if isinstance(space, spaces.Tuple):
        return spaces.Tuple(
            [minari_space(part, texts, root, (*place, index)) for index, part in enumerate(space.spaces)]
        )
    if is_text(space):
        longest = getattr(space, "max_length", 1 << 24)
        return spaces.Text(longest, min_length=0, charset=texts[root, place] or " ")
    if isinstance(space, spaces.MultiBinary):
        return spaces.Box(0, 1, space.shape, np.int8)
    if isinstance(space, spaces.Box | spaces.Discrete | spaces.MultiDiscrete):
        return space
    raise DatasetError(
        f"Minari holds Box, Discrete, MultiDiscrete, MultiBinary and Text, and Dict and Tuple of these; "
        f"{name(root, place)} is {space}"
    )


def column(space: Space, values: Sequence[Any], what: str) -> Any:
    """The values of one space, one after the other: an array, a list of texts, or a dict or tuple of columns."""
    if isinstance(space, spaces.Dict):
        return {key: column(part, [value[key] for value in values], what) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        parts = enumerate(space.spaces)
        return tuple(column(part, [value[index] for value in values], what) for index, part in parts)
    if is_text(space):
        return [as_text(value) for value in values]
    return stacked(values, what)


def infos(episode: Episode, action_space: Space) -> dict[str, Any]:
    """Columns of T + 1: those that are numbers of one shape throughout, and `EXTRAS` with everything."""
    found = [episode.reset_info, *episode.infos]
    columns = _number_columns(found)
    texts = [place for place, part in leaves(action_space) if is_text(part)]
    first = {"info": _without(found[0], columns), "episode": _about(episode)}
    rest: list[dict[str, Any]] = []
    for t, action in enumerate(episode.actions):
        extras = {"reward_terms": episode.reward_terms[t], "timing": episode.timings[t]}
        if not all(isinstance(leaf(action, place), str) for place in texts):
            extras["action"] = action
        rest.append({"info": _without(found[t + 1], columns), **extras})
    # TorchRL 0.14 reads no group of texts alone.
    numbers = columns or {_STEP: list(range(len(found)))}
    return {**numbers, EXTRAS: [to_json(extras) for extras in (first, *rest)]}


def env_spec(description: Mapping[str, Any]) -> EnvSpec | None:
    """How the environment is made again; None if it is not registered here, or a wrapper changed its spaces."""
    registered = gym.registry.get(description.get("id", ""))
    kwargs = description.get("kwargs", {})
    if registered is None or "repr" in kwargs or not _TRANSPARENT.issuperset(description.get("wrappers", ())):
        return None
    return EnvSpec(
        id=registered.id,
        entry_point=description["entry_point"],
        reward_threshold=registered.reward_threshold,
        nondeterministic=registered.nondeterministic,
        max_episode_steps=registered.max_episode_steps,
        kwargs=dict(kwargs),
    )


def _about(episode: Episode) -> dict[str, Any]:
    failed = [record.payload for record in episode.records() if isinstance(record.payload, Failed)]
    return {
        "run_id": episode.run_id,
        "number": episode.number,
        "options": episode.options,
        "task": msgspec.to_builtins(episode.task),
        "score": episode.score,
        "score_terms": episode.score_terms,
        "failed": [msgspec.structs.asdict(event) for event in failed],
    }


def _texts(values: Any, place: Place) -> Sequence[str]:
    """One text a step; by key where there are keys, so that images beside the text are not decoded."""
    while place and isinstance(values, Mapping):
        values, place = values[place[0]], place[1:]
    return [as_text(leaf(value, place)) for value in values]


def _number_columns(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for key in filter(_is_name, found[0]):
        values = [info.get(key) for info in found]
        if all(isinstance(value, bool | int | float | np.generic | np.ndarray) for value in values):
            arrays = [np.asarray(value) for value in values]
            if len({(array.dtype, array.shape) for array in arrays}) == 1 and arrays[0].dtype.kind in "biuf":
                # Scalars as a list: Minari 0.5.4 cannot read an arrow file with infos in an array of one dimension.
                columns[key] = np.stack(arrays) if arrays[0].shape else [array.item() for array in arrays]
    return columns


def _is_name(key: object) -> bool:
    return isinstance(key, str) and "/" not in key and key not in {"", ".", EXTRAS}


def _without(info: dict[str, Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    """The info, with a mark in place of each large array that is a column."""
    return {
        key: {KEPT: True} if key in columns and np.asarray(value).nbytes > _LEAST_COLUMN_BYTES else value
        for key, value in info.items()
    }
