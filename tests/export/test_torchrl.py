"""Tensordicts, read by TorchRL itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from agentgym.actions import parse_action
from agentgym.errors import DatasetError
from agentgym.export import ExportWarning, exporters, to_tensordict, to_torchrl
from agentgym.trajectory import Dataset
from tests.export.conftest import Keyed, Pictures, Record, Recordings

pytestmark = pytest.mark.episodes  # it loads torch


def load(path: Path) -> Any:
    from tensordict import TensorDict

    return TensorDict.load_memmap(path)


def flat(value: Any, place: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if isinstance(value, dict | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {key: part for name, inner in items for key, part in flat(inner, (*place, str(name))).items()}
    return {place: value}


def same(stored: Any, value: Any) -> bool:
    return stored == value if isinstance(value, str) else np.array_equal(np.asarray(stored), value)


def check(content: Any, dataset: Dataset) -> None:
    row = 0
    for number, episode in enumerate(dataset):
        for t in range(len(episode)):
            found = content[row]
            before, after = (
                flat(value) if isinstance(value, dict) else {("observation",): value}
                for value in (episode.observations[t], episode.observations[t + 1])
            )
            assert all(same(found[key], value) for key, value in before.items())
            assert all(same(found["next", *key], value) for key, value in after.items())
            assert all(same(found["action", *key], value) for key, value in flat(episode.actions[t]).items())
            terminated, truncated = bool(episode.terminations[t]), bool(episode.truncations[t])
            assert found["next", "reward"].tolist() == [episode.rewards[t]]
            assert found["next", "terminated"].tolist() == [terminated]
            assert found["next", "truncated"].tolist() == [truncated and not terminated]
            assert found["next", "done"].tolist() == [terminated or truncated]
            assert found["episode"] == number
            row += 1
    assert content.batch_size == (row,)


@pytest.mark.parametrize("name", ["cartpole", "pendulum", "pictures", "keyed", "speaking"])
def test_the_memory_map_holds_every_transition(recordings: Recordings, tmp_path: Path, name: str) -> None:
    exporters["torchrl"](recordings(name), tmp_path / "map")
    check(load(tmp_path / "map"), recordings(name))


def test_it_is_the_same_in_memory(recordings: Recordings) -> None:
    check(to_tensordict(recordings("speaking")), recordings("speaking"))


@pytest.mark.desktop
def test_a_desktop_recording_keeps_its_actions_as_texts_that_can_be_done(
    recordings: Recordings, tmp_path: Path
) -> None:
    (episode,) = recordings("desktop")
    exporters["torchrl"](recordings("desktop"), tmp_path / "map")
    content = load(tmp_path / "map")
    assert [parse_action(text) for text in content["action"]] == list(episode.actions)
    for t in range(len(episode)):
        assert np.array_equal(content["screenshot"][t].numpy(), episode.observations["screenshot"][t])
        assert np.array_equal(content["next", "screenshot"][t].numpy(), episode.observations["screenshot"][t + 1])
    assert content["next", "reward"].squeeze(-1).tolist() == episode.rewards.tolist()


@pytest.mark.desktop
def test_a_desktop_recording_with_numbers_as_actions(recordings: Recordings, tmp_path: Path) -> None:
    exporters["torchrl"](recordings("desktop_choices"), tmp_path / "map")
    check(load(tmp_path / "map"), recordings("desktop_choices"))


def test_a_replay_buffer_samples_whole_trajectories_from_the_map(recordings: Recordings, tmp_path: Path) -> None:
    from torchrl.data import TensorDictReplayBuffer, TensorStorage
    from torchrl.data.replay_buffers.samplers import SliceSampler

    exporters["torchrl"](recordings("cartpole"), tmp_path / "map")
    content = load(tmp_path / "map")
    sampler = SliceSampler(slice_len=4, traj_key="episode", strict_length=True)
    buffer = TensorDictReplayBuffer(storage=TensorStorage(content), sampler=sampler, batch_size=16)
    slices = buffer.sample().reshape(4, 4)
    assert all(len(set(row.tolist())) == 1 for row in slices["episode"])
    assert np.array_equal(slices["next", "observation"][:, :-1], slices["observation"][:, 1:])


def test_the_buffer_in_memory_samples(recordings: Recordings) -> None:
    buffer = to_torchrl(recordings("keyed"), batch_size=5)
    assert len(buffer) == sum(map(len, recordings("keyed")))
    assert buffer.sample()["picture"].shape == (5, 48, 40, 3)


def test_torchrl_takes_advantages_of_what_it_loads(recordings: Recordings, tmp_path: Path) -> None:
    import torch
    from tensordict.nn import TensorDictModule
    from torchrl.objectives.value import TD0Estimator

    exporters["torchrl"](recordings("cartpole"), tmp_path / "map")
    content = load(tmp_path / "map").clone()
    value = TensorDictModule(torch.nn.Linear(4, 1), in_keys=["observation"], out_keys=["state_value"])
    content["next", "reward"] = content["next", "reward"].float()
    TD0Estimator(gamma=0.9, value_network=value)(content)
    bootstrapped = ~content["next", "terminated"]
    expected = content["next", "reward"] + 0.9 * bootstrapped * value(content["next"].clone())["state_value"]
    assert torch.allclose(content["value_target"], expected, atol=1e-5)


def test_one_observation_of_several_can_be_chosen_bare(recordings: Recordings) -> None:
    content = to_tensordict(recordings("keyed"), observation="vector")
    assert content["observation"].shape[1:] == (3,)
    assert "picture" not in content.keys()  # noqa: SIM118 - a tensordict is no mapping


def test_broken_episodes_are_left_out_and_told(recordings: Recordings) -> None:
    with pytest.warns(ExportWarning, match="left out 2 episodes in which something broke"):
        content = to_tensordict(recordings("breaking"))
    assert set(content["episode"].tolist()) == {0, 2}


@pytest.mark.parametrize("name", ["breaking", "unfinished"])
def test_an_episode_that_was_broken_off_is_truncated_there(recordings: Recordings, name: str) -> None:
    content = to_tensordict(recordings(name), failed="keep")
    dataset = recordings(name)
    lasts = np.cumsum([len(episode) for episode in dataset]) - 1
    assert content["next", "done"][lasts].all()
    assert content["next", "terminated"][lasts, 0].tolist() == [bool(one.terminations[-1]) for one in dataset]


@pytest.mark.parametrize(
    ("env", "message"),
    [(Keyed(reward=spaces.Discrete(2)), "own meaning for 'reward'")],
)
def test_what_torchrl_cannot_take_is_refused_with_a_reason(record: Record, env: Any, message: str) -> None:
    dataset = record(env, episodes=1, steps=1)
    with pytest.raises(DatasetError, match=message):
        to_tensordict(dataset)


def test_a_space_that_cannot_be_made_again_is_refused_with_a_reason(record: Record) -> None:
    env = Pictures()
    env.action_space = spaces.Sequence(spaces.Discrete(2))
    dataset = record(env, episodes=1, steps=0)
    with pytest.raises(DatasetError, match="a space of type 'Sequence' cannot be made again"):
        to_tensordict(dataset)
