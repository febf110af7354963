"""Replay buffers, read by Stable-Baselines3 itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from agentgym.actions import Press
from agentgym.errors import DatasetError, UsageError
from agentgym.events import Failed, Scored
from agentgym.export import ExportWarning, exporters, to_replay_buffer
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.conftest import Keyed, Pictures, Record, Recordings, Speaking

pytestmark = pytest.mark.episodes  # it loads torch


def load(path: Path) -> Any:
    from stable_baselines3.common.save_util import load_from_pkl

    return load_from_pkl(path)


def turned(value: Any) -> Any:
    """As SB3 wants it: images with the channels first."""
    array = np.asarray(value)
    return array.transpose(2, 0, 1) if array.ndim == 3 else array


def check(buffer: Any, dataset: Dataset) -> None:
    row = 0
    for episode in dataset:
        for t in range(len(episode)):
            for stored, seen in ((buffer.observations, t), (buffer.next_observations, t + 1)):
                value = episode.observations[seen]
                parts = value if isinstance(value, dict) else {None: value}
                for key, part in parts.items():
                    column = stored if key is None else stored[key]
                    assert np.array_equal(column[row, 0], np.reshape(turned(part), column.shape[2:]))
                    assert column.dtype == np.asarray(part).dtype
            assert np.array_equal(buffer.actions[row, 0].reshape(np.shape(episode.actions[t])), episode.actions[t])
            assert buffer.rewards[row, 0] == np.float32(episode.rewards[t])
            assert buffer.timeouts[row, 0] == (episode.truncations[t] and not episode.terminations[t])
            assert buffer.dones[row, 0] == (episode.terminations[t] or episode.truncations[t])
            row += 1
    assert buffer.full
    assert buffer.buffer_size == buffer.size() == row


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cartpole", "ReplayBuffer"),
        ("hooked", "ReplayBuffer"),
        ("pendulum", "ReplayBuffer"),
        ("pictures", "ReplayBuffer"),
        ("keyed", "DictReplayBuffer"),
        pytest.param("desktop_choices", "DictReplayBuffer", marks=pytest.mark.desktop),
    ],
)
def test_the_pickle_holds_every_transition(recordings: Recordings, tmp_path: Path, name: str, kind: str) -> None:
    dataset = recordings(name)
    exporters["sb3"](dataset, tmp_path / "buffer.pkl")
    buffer = load(tmp_path / "buffer.pkl")
    assert type(buffer).__name__ == kind
    check(buffer, dataset)


def test_both_ends_of_an_episode_occur_in_what_is_tested(recordings: Recordings) -> None:
    for name in ("cartpole", "pictures", "keyed"):
        assert {bool(episode.terminations[-1]) for episode in recordings(name)} == {True, False}


def test_a_sampled_truncated_step_is_not_done(recordings: Recordings) -> None:
    buffer: Any = to_replay_buffer(recordings("pictures"))
    last = np.flatnonzero(buffer.dones[:, 0])
    sampled = buffer._get_samples(last)
    terminated = [bool(episode.terminations[-1]) for episode in recordings("pictures")]
    assert sampled.dones[:, 0].tolist() == terminated


def test_dqn_trains_from_the_file(recordings: Recordings, tmp_path: Path) -> None:
    from stable_baselines3 import DQN

    exporters["sb3"](recordings("cartpole"), tmp_path / "buffer.pkl")
    model = DQN("MlpPolicy", gym.make("CartPole-v1"), learning_starts=0, train_freq=1, batch_size=8, device="cpu")
    model.load_replay_buffer(tmp_path / "buffer.pkl")
    model.learn(4)
    assert model._n_updates > 0


def test_cnn_policies_take_the_images_as_they_are(recordings: Recordings) -> None:
    from stable_baselines3 import DQN

    buffer: Any = to_replay_buffer(recordings("pictures"))
    model = DQN("CnnPolicy", Pictures(), buffer_size=10, device="cpu")
    assert model.observation_space == buffer.observation_space
    values = model.q_net(buffer.sample(4).observations)
    assert tuple(values.shape) == (4, 2)


def test_one_observation_of_several_can_be_chosen_bare(recordings: Recordings) -> None:
    dataset = recordings("keyed")
    buffer: Any = to_replay_buffer(dataset, observation="vector")
    assert type(buffer).__name__ == "ReplayBuffer"
    assert np.array_equal(buffer.next_observations[0, 0], dataset[0].observations["vector"][1])


def test_some_observations_of_several_can_be_chosen(recordings: Recordings) -> None:
    buffer: Any = to_replay_buffer(recordings("keyed"), observation=["vector", "flags"])
    assert set(buffer.observations) == {"vector", "flags"}


def test_broken_episodes_are_left_out_and_told(recordings: Recordings) -> None:
    dataset = recordings("breaking")
    with pytest.warns(ExportWarning, match="left out 2 episodes in which something broke"):
        buffer: Any = to_replay_buffer(dataset)
    assert buffer.size() == sum(len(episode) for episode in dataset if episode.failure is None)


def test_broken_episodes_that_are_kept_are_cut_off_at_their_last_step(recordings: Recordings) -> None:
    dataset = recordings("breaking")
    buffer: Any = to_replay_buffer(dataset, failed="keep")
    assert buffer.size() == sum(len(episode) for episode in dataset)
    broken = next(number for number, episode in enumerate(dataset) if episode.failure)
    last = sum(len(episode) for episode in dataset[: broken + 1]) - 1
    assert (buffer.dones[last, 0], buffer.timeouts[last, 0]) == (1, 1)


def test_an_episode_that_was_left_is_cut_off_there(recordings: Recordings) -> None:
    buffer: Any = to_replay_buffer(recordings("unfinished"))
    assert buffer.timeouts[:, 0].tolist() == buffer.dones[:, 0].tolist() == [0, 1] * 3


def test_a_recording_without_steps_is_refused(recordings: Recordings) -> None:
    with (
        pytest.warns(ExportWarning, match="2 episodes without a step"),
        pytest.raises(DatasetError, match="no episode to train on"),
    ):
        to_replay_buffer(recordings("nothing"))


@pytest.mark.desktop
def test_a_desktop_recording_with_actions_as_text_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="actions that are numbers, these are texts"):
        exporters["sb3"](recordings("desktop"), tmp_path / "buffer.pkl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (Keyed(text=spaces.Text(5)), r"observation\.text; choose others with observation=\['count'"),
        (Keyed(inner=spaces.Dict({"deep": spaces.Discrete(2)})), "of one level; the observation 'inner' is Dict"),
        (Pictures(spaces.Tuple([spaces.Discrete(2)])), "the observation is Tuple"),
        (Speaking(), "texts, but has to hold observation.text"),
        (gym.wrappers.TransformAction(Pictures(), lambda n: n - 1, spaces.Discrete(2, start=1)), "from 0, not from 1"),
    ],
)
def test_spaces_that_sb3_cannot_take_are_refused_with_a_reason(record: Record, env: Any, message: str) -> None:
    dataset = record(env, episodes=1, steps=1)
    with pytest.raises(DatasetError, match=message):
        to_replay_buffer(dataset)


def test_actions_that_are_not_in_their_space_are_refused_with_a_reason(record: Record) -> None:
    class Willing(Pictures):
        def step(self, action: Any) -> Any:
            return super().step(0)

    env = gym.wrappers.TransformAction(Willing(), lambda action: action, spaces.Discrete(2))
    env.action_space.sample = lambda *_: Press("a")  # type: ignore[method-assign]  # as an oracle acts
    dataset = record(env, episodes=1, steps=1)
    with pytest.raises(DatasetError, match=r"action 0 of episode 0 should be in Discrete\(2\), got Press"):
        to_replay_buffer(dataset)


def test_what_failed_on_the_way_to_a_score_breaks_nothing(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Pictures(), tmp_path)
    env.reset(seed=0)
    env.bus.publish(Failed(during="model", type="Timeout", message="no answer"))
    while not any(env.step(0)[2:4]):
        pass
    env.bus.publish(Scored(value=1.0))
    env.close()
    buffer: Any = to_replay_buffer(Dataset(tmp_path))
    assert buffer.size() == 5


def test_runs_of_different_spaces_are_refused(record: Record) -> None:
    record(Keyed(text=spaces.Text(5)), episodes=1)
    dataset = record(Keyed(), episodes=1)
    assert len(dataset) == 2
    with pytest.raises(DatasetError, match="one space for all observations, but run"):
        to_replay_buffer(dataset)
    shared: Any = to_replay_buffer(dataset, observation=["picture", "vector"])
    assert shared.size() == sum(map(len, dataset))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observation": "pictur"}, "choose from count, flags, picture, vector"),
        ({"observation": []}, "choose from count, flags, picture, vector"),
        ({"failed": "maybe"}, "'drop' or 'keep'"),
    ],
)
def test_mistaken_options_say_what_would_be_right(
    recordings: Recordings, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        to_replay_buffer(recordings("keyed"), **options)


def test_nothing_is_written_where_something_is(recordings: Recordings, tmp_path: Path) -> None:
    (tmp_path / "buffer.pkl").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        exporters["sb3"](recordings("cartpole"), tmp_path / "buffer.pkl")
    assert (tmp_path / "buffer.pkl").read_text() == "mine"
