"""Datasets of d3rlpy, read by d3rlpy itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.export import ExportWarning, exporters, to_mdp_dataset
from agentgym.trajectory import Dataset, Episode
from tests.export.conftest import Keyed, Pictures, Record, Recordings, Speaking

pytestmark = pytest.mark.episodes  # it loads torch


def load(path: Path) -> Any:
    from d3rlpy.dataset import InfiniteBuffer, ReplayBuffer

    with path.open("rb") as file:
        return ReplayBuffer.load(file, InfiniteBuffer())


def seen(episode: Episode, t: int) -> list[Any]:
    """As d3rlpy wants it: a list of arrays, images with the channels first, no scalars."""
    value = episode.observations[t]
    parts = [value[key] for key in sorted(value)] if isinstance(value, dict) else [value]
    arrays = [np.atleast_1d(part) for part in parts]
    return [array.transpose(2, 0, 1) if array.ndim == 3 else array for array in arrays]


def check(found: Any, dataset: Dataset) -> None:
    """Every transition, as d3rlpy's own picker gives it."""
    assert len(found.episodes) == len(dataset)
    for stored, episode in zip(found.episodes, dataset, strict=True):
        assert stored.terminated == episode.terminations[-1]
        assert stored.transition_count == len(episode)
        assert stored.compute_return() == pytest.approx(episode.total_return, rel=1e-6)
        for t in range(len(episode)):
            picked = found.transition_picker(stored, t)
            assert np.array_equal(picked.action, np.atleast_1d(episode.actions[t]))
            assert picked.reward == np.float32(episode.rewards[t])
            assert picked.terminal == episode.terminations[t]
            assert all(map(np.array_equal, as_list(picked.observation), seen(episode, t)))
            after = [0 * part for part in seen(episode, t)] if picked.terminal else seen(episode, t + 1)
            assert all(map(np.array_equal, as_list(picked.next_observation), after))


def as_list(observation: Any) -> list[Any]:
    return [observation] if isinstance(observation, np.ndarray) else list(observation)


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        ("cartpole", ("DISCRETE", 2)),
        ("pendulum", ("CONTINUOUS", 1)),
        ("pictures", ("DISCRETE", 2)),
        ("keyed", ("DISCRETE", 2)),
        pytest.param("desktop_choices", ("DISCRETE", 3), marks=pytest.mark.desktop),
    ],
)
def test_the_file_holds_every_transition(
    recordings: Recordings, tmp_path: Path, name: str, actions: tuple[str, int]
) -> None:
    dataset = recordings(name)
    exporters["d3rlpy"](dataset, tmp_path / "data.h5")
    found = load(tmp_path / "data.h5")
    check(found, dataset)
    assert found.dataset_info.action_space.name == actions[0]


def test_the_number_of_actions_is_that_of_the_space(recordings: Recordings) -> None:
    assert to_mdp_dataset(recordings("cartpole")).dataset_info.action_size == 2
    assert to_mdp_dataset(recordings("pendulum")).dataset_info.action_size == 1


def test_several_numbers_become_one_that_gives_them_back(record: Record, tmp_path: Path) -> None:
    space = spaces.MultiDiscrete([2, 5, 7, 3])
    dataset = record(gym.wrappers.TransformAction(Pictures(), several, space), episodes=2, steps=9)
    exporters["d3rlpy"](dataset, tmp_path / "data.h5")
    found = load(tmp_path / "data.h5")
    assert (found.dataset_info.action_space.name, to_mdp_dataset(dataset).dataset_info.action_size) == ("DISCRETE", 210)
    for stored, episode in zip(found.episodes, dataset, strict=True):
        steps = range(len(episode))
        numbers = [int(found.transition_picker(stored, t).action.item()) for t in steps]
        actions = [np.unravel_index(number, space.nvec) for number in numbers]
        assert np.array_equal(actions, episode.actions)
    assert len({tuple(action) for episode in dataset for action in episode.actions}) > 1


def test_d3rlpy_trains_from_the_file(recordings: Recordings, tmp_path: Path) -> None:
    import d3rlpy

    exporters["d3rlpy"](recordings("cartpole"), tmp_path / "data.h5")
    algorithm = d3rlpy.algos.DiscreteCQLConfig(batch_size=8).create(device="cpu:0")
    found = load(tmp_path / "data.h5")
    algorithm.build_with_dataset(found)
    losses = algorithm.update(found.sample_transition_batch(8))
    assert np.isfinite(losses["loss"])


def test_without_the_final_row_every_row_is_a_step(recordings: Recordings) -> None:
    dataset = recordings("pictures")
    found = to_mdp_dataset(dataset, final_row=False)
    assert [episode.size() for episode in found.episodes] == [len(episode) for episode in dataset]
    assert [episode.terminated for episode in found.episodes] == [bool(one.terminations[-1]) for one in dataset]


def test_one_observation_of_several_can_be_chosen_bare(recordings: Recordings) -> None:
    found = to_mdp_dataset(recordings("keyed"), observation="vector")
    assert found.episodes[0].observations.shape[1:] == (3,)


def test_broken_episodes_are_left_out_and_told(recordings: Recordings) -> None:
    with pytest.warns(ExportWarning, match="left out 2 episodes in which something broke"):
        found = to_mdp_dataset(recordings("breaking"))
    assert len(found.episodes) == 2


def test_broken_episodes_that_are_kept_do_not_terminate(recordings: Recordings) -> None:
    dataset = recordings("breaking")
    found = to_mdp_dataset(dataset, failed="keep")
    check(found, dataset)


def test_an_episode_that_was_left_is_cut_off_there(recordings: Recordings) -> None:
    check(to_mdp_dataset(recordings("unfinished")), recordings("unfinished"))


@pytest.mark.desktop
def test_a_desktop_recording_with_actions_as_text_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="actions that are numbers, these are texts"):
        exporters["d3rlpy"](recordings("desktop"), tmp_path / "data.h5")
    assert list(tmp_path.iterdir()) == []


def several(_: Any) -> Any:
    return 0


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (Keyed(text=spaces.Text(5)), "no texts, but has to hold observation.text"),
        (Keyed(inner=spaces.Dict({"deep": spaces.Discrete(2)})), "of one level; the observation 'inner' is Dict"),
        (Pictures(spaces.Tuple([spaces.Discrete(2)])), "the observation is Tuple"),
        (Speaking(), "texts"),
        (
            gym.wrappers.TransformAction(Pictures(), several, spaces.MultiDiscrete([2, 3], start=[0, 1])),
            r"not MultiDiscrete\(\[2 3\]",
        ),
        (
            gym.wrappers.TransformAction(Pictures(), several, spaces.MultiDiscrete(np.array([[2, 3], [2, 3]]))),
            r"not MultiDiscrete\(\[\[2 3\]",
        ),
        (gym.wrappers.TransformAction(Pictures(), several, spaces.MultiDiscrete([10] * 19)), "has 1e[+]19; record"),
        (gym.wrappers.TransformAction(Pictures(), several, spaces.Discrete(2, start=1)), "counts from 0"),
        (gym.wrappers.TransformAction(Pictures(), several, spaces.Box(0, 1, (2, 2))), "of one dimension"),
    ],
)
def test_spaces_that_d3rlpy_cannot_take_are_refused_with_a_reason(record: Record, env: Any, message: str) -> None:
    dataset = record(env, episodes=1, steps=1)
    with pytest.raises(DatasetError, match=message):
        to_mdp_dataset(dataset)
