"""Minari datasets, read by Minari itself, and made into recordings again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import data_equivalence

from agentgym.actions import parse_action
from agentgym.errors import DatasetError, MissingDependencyError, UsageError
from agentgym.events import Failed, Note
from agentgym.export import ExportWarning, exporters, from_minari
from agentgym.trajectory import Dataset, Episode
from tests.export.conftest import Keyed, Pictures, Record, Recordings

_ALL = [
    "cartpole",
    "hooked",
    "pendulum",
    "pictures",
    "keyed",
    "speaking",
    "breaking",
    "unfinished",
    pytest.param("desktop", marks=pytest.mark.desktop),
    pytest.param("desktop_choices", marks=pytest.mark.desktop),
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Minari looks for datasets."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "sets"))
    return tmp_path / "sets"


def load(name: str = "agentgym/recording-v0") -> Any:
    import minari

    return minari.load_dataset(name)


def at(column: Any, t: int) -> Any:
    """The value of one step out of Minari's columns."""
    if isinstance(column, dict):
        return {key: at(part, t) for key, part in column.items()}
    if isinstance(column, tuple):
        return tuple(at(part, t) for part in column)
    return column[t]


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, str):
        return bool(one == other)
    return np.array_equal(one, other, equal_nan=np.asarray(one).dtype.kind == "f") and (
        np.asarray(one).dtype == np.asarray(other).dtype
    )


def check_minari(found: Any, episode: Episode, *, texts: bool = False) -> None:
    assert len(found.rewards) == len(episode)
    assert found.rewards.tolist() == episode.rewards.tolist()
    assert found.terminations.tolist() == episode.terminations.tolist()
    assert found.truncations.tolist() == episode.truncations.tolist()
    for t in range(len(episode) + 1):
        assert equal(episode.observations[t], at(found.observations, t))
    for t, action in enumerate(episode.actions):
        assert parse_action(at(found.actions, t)) == action if texts else equal(action, at(found.actions, t))


def check_again(found: Episode, episode: Episode) -> None:
    """Everything that an exporter, an agent or a trainer may ask of an episode."""
    for t in range(len(episode) + 1):
        assert equal(episode.observations[t], found.observations[t])
    assert data_equivalence(list(episode.actions), list(found.actions))
    assert found.rewards.tolist() == episode.rewards.tolist()
    assert found.terminations.tolist() == episode.terminations.tolist()
    assert found.truncations.tolist() == episode.truncations.tolist()
    assert repr(list(found.infos)) == repr(list(episode.infos))
    assert repr(found.reset_info) == repr(episode.reset_info)
    assert list(found.reward_terms) == list(episode.reward_terms)
    assert list(found.timings) == list(episode.timings)
    for what in ("seed", "options", "task", "score", "score_terms", "failure", "is_complete", "total_return"):
        assert getattr(found, what) == getattr(episode, what), what


@pytest.mark.parametrize("name", _ALL)
def test_minari_reads_every_array_to_the_bit(recordings: Recordings, root: Path, name: str) -> None:
    dataset = recordings(name)
    exporters["minari"](dataset, root)
    found = load()
    assert found.total_episodes == len(dataset)
    assert found.total_steps == sum(map(len, dataset))
    for stored, episode in zip(found, dataset, strict=True):
        check_minari(stored, episode, texts=name == "desktop")


@pytest.mark.parametrize("name", _ALL)
def test_a_recording_is_made_of_it_again(recordings: Recordings, root: Path, tmp_path: Path, name: str) -> None:
    dataset = recordings(name)
    exporters["minari"](dataset, root)
    again = from_minari("agentgym/recording-v0", tmp_path / "again")
    assert len(again) == len(dataset)
    assert (again.observation_space, again.action_space) == (dataset.observation_space, dataset.action_space)
    assert again.description == dataset.description
    for found, episode in zip(again, dataset, strict=True):
        check_again(found, episode)


@pytest.mark.parametrize("data_format", ["arrow", "hdf5"])
@pytest.mark.parametrize("name", ["pictures", "speaking"])
def test_minaris_formats_hold_the_same(
    recordings: Recordings, root: Path, tmp_path: Path, name: str, data_format: str
) -> None:
    dataset = recordings(name)
    exporters["minari"](dataset, root, data_format=data_format)
    assert data_format == load().storage.FORMAT
    for found, episode in zip(from_minari("agentgym/recording-v0", tmp_path / "again"), dataset, strict=True):
        check_again(found, episode)


def test_spaces_that_minari_has_are_told_as_they_are(recordings: Recordings, root: Path) -> None:
    exporters["minari"](recordings("pictures"), root)
    assert load().observation_space == spaces.Box(0, 255, (48, 40, 3), np.uint8)
    assert load().action_space == spaces.Discrete(2)


def test_what_minari_is_told_contains_what_it_is_given(recordings: Recordings, root: Path) -> None:
    exporters["minari"](recordings("speaking"), root)
    found = load()
    for episode in found:
        for t in range(len(episode.rewards) + 1):
            value = at(episode.observations, t)
            value["inner"]["pair"] = tuple(np.int64(part) for part in value["inner"]["pair"])
            assert value in found.observation_space


def test_the_environment_can_be_recovered(recordings: Recordings, root: Path) -> None:
    exporters["minari"](recordings("cartpole"), root)
    env = load().recover_environment()
    assert env.spec.id == "CartPole-v1"
    assert env.observation_space == recordings("cartpole").observation_space


def test_an_environment_whose_wrappers_changed_its_spaces_is_not_named(record: Record, root: Path) -> None:
    wrapped: gym.Env[Any, Any] = gym.wrappers.FlattenObservation(gym.make("CartPole-v1"))
    exporters["minari"](record(wrapped, episodes=1), root)
    assert load().env_spec is None


def test_scores_and_runs_can_be_filtered_by(recordings: Recordings, root: Path) -> None:
    dataset = recordings("cartpole")
    exporters["minari"](dataset, root)
    metadata = next(iter(load().storage.get_episode_metadata([1])))
    assert (metadata["run_id"], metadata["seed"]) == (dataset[1].run_id, 1)


def test_infos_that_are_numbers_are_columns(recordings: Recordings, root: Path) -> None:
    exporters["minari"](recordings("pictures"), root)
    infos = load()[0].infos
    assert infos["where"].tolist() == [[t, right] for t, right in enumerate(infos["right"])]
    assert "why" not in infos


def test_large_arrays_in_infos_are_kept_once(record: Record, root: Path, tmp_path: Path) -> None:
    class Photographed(Pictures):
        def _info(self) -> dict[str, Any]:
            return {"photo": np.full((90, 90), self._steps, np.uint16), "small": np.float32(0.1)}

    dataset = record(Photographed(), episodes=1)
    exporters["minari"](dataset, root)
    assert max(len(text) for text in load()[0].infos["agentgym"]) < 1000
    (again,) = from_minari("agentgym/recording-v0", tmp_path / "again")
    assert all(map(np.array_equal, [one["photo"] for one in again.infos], [one["photo"] for one in dataset[0].infos]))
    assert {one["photo"].dtype for one in again.infos} == {np.dtype(np.uint16)}


def test_a_failure_comes_back_with_its_kind(recordings: Recordings, root: Path, tmp_path: Path) -> None:
    exporters["minari"](recordings("breaking"), root)
    again = from_minari("agentgym/recording-v0", tmp_path / "again")
    broken = next(episode for episode in again if episode.failure)
    (failed,) = [record.payload for record in broken.records() if isinstance(record.payload, Failed)]
    assert (failed.kind, failed.infrastructure, failed.during) == ("display", True, "step")


def test_an_import_says_of_which_run_each_episode_was(recordings: Recordings, root: Path, tmp_path: Path) -> None:
    dataset = recordings("cartpole")
    exporters["minari"](dataset, root)
    again = from_minari("agentgym/recording-v0", tmp_path / "again")
    notes = [record.payload for record in again[2].records() if isinstance(record.payload, Note)]
    assert [note.value for note in notes] == [{"run_id": dataset[2].run_id, "episode": 2}]


def test_a_dataset_that_minari_made_becomes_a_recording(root: Path, tmp_path: Path) -> None:
    import minari
    from minari.data_collector import EpisodeBuffer

    x = np.random.default_rng(0).random((4, 2))
    buffers = [
        EpisodeBuffer(
            seed=number,
            options={"level": number},
            observations={"x": x, "say": ["a", "ä", "", "b"]},
            actions=np.array([0, 1, 0]),
            rewards=[0.5, 0.0, 1.0],
            terminations=[False, False, number == 0],
            truncations=[False, False, number == 1],
            infos={"deep": {"n": np.arange(4)}, "why": ["a", "b", "c", "d"]},
        )
        for number in range(2)
    ]
    foreign = {"code_permalink": "-", "author": "-", "author_email": "-", "algorithm_name": "-", "description": "-"}
    made = minari.create_dataset_from_buffers(
        "other/made-v0",
        buffers,
        env="CartPole-v1",
        eval_env="CartPole-v1",
        observation_space=spaces.Dict({"x": spaces.Box(0, 1, (2,), np.float64), "say": spaces.Text(3, charset="aäb")}),
        action_space=spaces.Discrete(2),
        **foreign,
    )
    again = from_minari(made, tmp_path / "again")
    assert [episode.seed for episode in again] == [0, 1]
    assert [bool(episode.truncations[-1]) for episode in again] == [False, True]
    assert [again[1].observations[t]["say"] for t in range(4)] == ["a", "ä", "", "b"]
    assert np.array_equal(np.stack(list(again[0].observations["x"])), x)
    assert again[0].actions[1] == 1
    assert again[0].infos[2] == {"deep": {"n": 3}, "why": "d"}
    assert again[1].options == {"level": 1}
    assert again.description["env"]["id"] == "CartPole-v1"
    assert again.action_space == spaces.Discrete(2)


def test_a_folder_is_opened_by_its_path(recordings: Recordings, tmp_path: Path) -> None:
    exporters["minari"](recordings("cartpole"), tmp_path / "sets", name="poles-v2")
    again = from_minari(tmp_path / "sets" / "poles-v2", tmp_path / "again")
    assert len(again) == len(recordings("cartpole"))


def test_a_tree_of_datasets_is_opened_if_it_holds_one(recordings: Recordings, tmp_path: Path) -> None:
    sets = tmp_path / "sets"
    exporters["minari"](recordings("cartpole"), sets, name="me/poles-v0")
    assert len(from_minari(sets, tmp_path / "again")) == len(recordings("cartpole"))
    exporters["minari"](recordings("cartpole"), sets, name="me/poles-v1")
    with pytest.raises(DatasetError, match=r"2 Minari datasets; name one: .*poles-v0.*poles-v1"):
        from_minari(sets, tmp_path / "more")


@pytest.mark.filterwarnings("ignore:Creating .*WeightUpdater which:DeprecationWarning")  # TorchRL's own
@pytest.mark.episodes
def test_torchrls_reader_of_minari_takes_it(recordings: Recordings, root: Path, tmp_path: Path) -> None:
    from torchrl.data.datasets.minari_data import MinariExperienceReplay

    exporters["minari"](recordings("cartpole"), root)
    replay = MinariExperienceReplay(
        "agentgym/recording-v0", batch_size=4, root=tmp_path / "torchrl", load_from_local_minari=True, download=False
    )
    # Its shapes alone: TorchRL 0.14.1 makes zeros of the content of every Minari dataset (`memmap_like` for `memmap`).
    assert replay[:]["next", "observation"].shape == (sum(map(len, recordings("cartpole"))), 4)


def test_episodes_without_a_step_are_left_out_and_told(record: Record, root: Path) -> None:
    env = Pictures()
    record(env, episodes=2, steps=0)
    dataset = record(env, episodes=3)
    with pytest.warns(ExportWarning, match="left out 2 episodes without a step"):
        exporters["minari"](dataset, root)
    assert load().total_episodes == 3


def test_a_recording_without_steps_is_refused(recordings: Recordings, root: Path) -> None:
    with pytest.raises(DatasetError, match="has no step"):
        exporters["minari"](recordings("nothing"), root)


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (Keyed(**{"a/b": spaces.Discrete(2)}), "'a/b'"),
        (Pictures(spaces.OneOf([spaces.Discrete(2)])), "'OneOf' cannot be made again"),
    ],
)
def test_spaces_that_minari_cannot_hold_are_refused_with_a_reason(
    record: Record, root: Path, env: Any, message: str
) -> None:
    dataset = record(env, episodes=1, steps=1)
    with pytest.raises(DatasetError, match=message):
        exporters["minari"](dataset, root)
    assert not root.exists()


def test_texts_that_hdf5_cannot_hold_are_refused_and_nothing_is_left(record: Record, root: Path) -> None:
    class Nul(Pictures):
        def _observation(self) -> Any:
            return "a\0b"

    dataset = record(Nul(spaces.Text(5)), episodes=1)
    with pytest.raises(DatasetError, match="Minari cannot hold <episode 0 of run"):
        exporters["minari"](dataset, root)
    assert list((root / "agentgym").iterdir()) == []


def test_a_name_that_is_taken_is_refused(recordings: Recordings, root: Path) -> None:
    exporters["minari"](recordings("cartpole"), root)
    exporters["minari"](recordings("cartpole"), root, name="agentgym/other-v0")
    with pytest.raises(UsageError, match="exists already"):
        exporters["minari"](recordings("cartpole"), root)


@pytest.mark.parametrize(
    ("options", "message"), [({"name": "no name"}, "namespace/dataset-v0"), ({"data_format": "zarr"}, "hdf5, arrow")]
)
def test_mistaken_options_say_what_would_be_right(
    recordings: Recordings, root: Path, options: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        exporters["minari"](recordings("cartpole"), root, **options)


def test_no_such_dataset_is_said(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no Minari dataset at 'me/nothing-v0'"):
        from_minari("me/nothing-v0", tmp_path / "again")


def test_a_missing_library_says_what_to_type(
    recordings: Recordings, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "minari", None)
    with pytest.raises(MissingDependencyError, match=r"minari is not installed: pip install 'agentgym-envs\[minari\]'"):
        exporters["minari"](recordings("cartpole"), root)


def test_the_recording_stays_as_it_is(recordings: Recordings, root: Path) -> None:
    def content(dataset: Dataset) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in dataset.path.iterdir()}

    before = content(recordings("keyed"))
    exporters["minari"](recordings("keyed"), root)
    assert content(recordings("keyed")) == before
