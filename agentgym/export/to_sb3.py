"""Stable-Baselines3's replay buffers, filled from a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.export.base import fresh, needed, tell_of_cut_texts
from agentgym.export.leaves import Space, channels_first
from agentgym.export.training import Choice, Failures, ends, fitting, refuse_texts, training
from agentgym.trajectory import Dataset

if TYPE_CHECKING:
    from stable_baselines3.common.buffers import ReplayBuffer

__all__ = ["export", "to_replay_buffer"]

_LIBRARY = "Stable-Baselines3"


def export(dataset: Dataset, out: Path, *, observation: Choice = None, failed: Failures = "drop") -> None:
    """Writes a pickled replay buffer: ``model.load_replay_buffer(out)``, or SB3's ``load_from_pkl(out)``.

    Has no place for: infos, reward terms, tasks, scores, seeds, and where an episode began. Rewards become float32,
    as do float64 actions. Not exported: what `to_replay_buffer` leaves out.

    Args:
        observation: as `to_replay_buffer`.
        failed: as `to_replay_buffer`.
    """
    with fresh(out) as path:
        buffer = _filled(dataset, observation, failed, "cpu")
        with path.open("wb") as file:
            needed("stable_baselines3.common.save_util", extra="sb3").save_to_pkl(file, buffer)


def to_replay_buffer(
    dataset: Dataset, *, observation: Choice = None, failed: Failures = "drop", device: str = "cpu"
) -> ReplayBuffer:
    """Fills a ``ReplayBuffer``, or a ``DictReplayBuffer`` where observations are dicts; it has room for just them.

    Images are (channels, height, width), as SB3 itself turns them. A truncated step is done with a timeout, so that
    its value is bootstrapped from the final observation; so is the last step of an episode that was cut off.

    Args:
        observation: the name of one observation of a ``Dict``, to have it bare, or several; all if not given.
        failed: what to do with episodes in which something broke: ``"drop"`` or ``"keep"`` them as cut off.
        device: where SB3 puts what is sampled.

    Raises:
        DatasetError: if SB3 cannot take the spaces, or nothing is left to train on.
        MissingDependencyError: if stable-baselines3 is not installed.
    """
    buffer = _filled(dataset, observation, failed, device)
    tell_of_cut_texts(dataset)
    return buffer


def _filled(dataset: Dataset, observation: Choice, failed: Failures, device: str) -> ReplayBuffer:
    buffers = needed("stable_baselines3.common.buffers", extra="sb3")
    data = training(dataset, observation=observation, failed=failed)
    _check_observations(data.observation_space)
    _check_actions(data.action_space)
    space, form = _image_form(data.observation_space)
    keyed = isinstance(space, spaces.Dict)
    kind = buffers.DictReplayBuffer if keyed else buffers.ReplayBuffer
    buffer = kind(data.steps, space, data.action_space, device=device)
    for number, episode in data:
        end = ends(episode)
        observations = (form(value, f"an observation of episode {number}") for value in data.observations(episode))
        before = next(observations)
        for t, after in enumerate(observations):
            action = fitting(episode.actions[t], data.action_space, f"action {t} of episode {number}")
            truncated = bool(end.truncations[t])
            buffer.add(
                before,
                after,
                action[None],
                episode.rewards[t],
                end.terminations[t] or truncated,
                [{"TimeLimit.truncated": truncated}],
            )
            before = after
    filled: ReplayBuffer = buffer
    return filled


def _check_observations(space: Space) -> None:
    refuse_texts(space, "observation", _LIBRARY)
    parts = space.spaces.items() if isinstance(space, spaces.Dict) else [("", space)]
    for key, part in parts:
        if not isinstance(part, spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
            where = f"the observation {key!r}" if key else "the observation"
            raise DatasetError(
                f"{_LIBRARY} takes observations of Box, Discrete, MultiDiscrete or MultiBinary, or a Dict of these of "
                f"one level; {where} is {part}"
            )


def _check_actions(space: Space) -> None:
    refuse_texts(space, "action", _LIBRARY)
    if not isinstance(space, spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
        raise DatasetError(f"{_LIBRARY} takes actions of Box, Discrete, MultiDiscrete or MultiBinary, not {space}")
    if isinstance(space, spaces.Discrete) and space.start != 0:
        raise DatasetError(f"{_LIBRARY} counts discrete actions from 0, not from {space.start}: {space}")


def _image_form(space: Space) -> tuple[Space, Callable[[Any, str], Any]]:
    """The space with images as SB3 turns them before it trains, and what puts a value of the old one into the new.

    The value has a leading axis of one environment.
    """
    if not isinstance(space, spaces.Dict):
        turned, turn = _leaf_form(space)
        return turned, turn
    forms = {key: _leaf_form(part) for key, part in space.spaces.items()}
    return (
        spaces.Dict({key: turned for key, (turned, _) in forms.items()}),
        lambda value, what: {key: turn(value[key], what) for key, (_, turn) in forms.items()},
    )


def _leaf_form(space: Space) -> tuple[Space, Callable[[Any, str], npt.NDArray[Any]]]:
    preprocessing = needed("stable_baselines3.common.preprocessing", extra="sb3")
    if not preprocessing.is_image_space(space) or preprocessing.is_image_space_channels_first(space):
        return space, lambda value, what: fitting(value, space, what)[None]
    height, width, channels = space.shape or ()
    turned = spaces.Box(0, 255, (channels, height, width), np.uint8)
    return turned, lambda value, what: channels_first(fitting(value, space, what))[None]
