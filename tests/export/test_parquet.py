"""Parquet files, read by Hugging Face `datasets` itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from agentgym.actions import parse_action
from agentgym.errors import DatasetError, UsageError
from agentgym.export import exporters
from agentgym.export.kept import from_json
from agentgym.trajectory import Dataset
from tests.export.conftest import Pictures, Record, Recordings

pytestmark = pytest.mark.episodes  # it loads datasets and pandas


def load(path: Path, tmp_path: Path) -> Any:
    import datasets

    datasets.disable_progress_bars()
    return datasets.load_dataset(str(path), cache_dir=str(tmp_path / "cache"))["train"]


def flat(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, dict | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {column: part for key, inner in items for column, part in flat(inner, f"{name}.{key}").items()}
    return {name: value}


def same(stored: Any, value: Any) -> bool:
    array = np.asarray(value)
    return bool(stored == value) if isinstance(value, str) else np.array_equal(np.asarray(stored, array.dtype), array)


def check(rows: Any, dataset: Dataset) -> None:
    row = iter(rows)
    for number, episode in enumerate(dataset):
        for t in range(len(episode) + 1):
            found = next(row)
            for name, value in flat(episode.observations[t], "observation").items():
                assert same(found[name], value), name
            assert (found["episode"], found["step"], found["run_id"]) == (number, t, episode.run_id)
            assert (found["seed"], found["score"], found["failure"]) == (episode.seed, episode.score, episode.failure)
            assert found["task"] == (episode.task.id if episode.task else None)
            assert repr(from_json(found["info"])) == repr(episode.infos[t - 1] if t else episode.reset_info)
            if t == len(episode):
                assert {found[name] for name in ("reward", "terminated", "truncated", "reward_terms")} == {None}
                assert all(found[name] is None for name in found if name.startswith("action"))
                continue
            action = episode.actions[t]
            if isinstance(found.get("action"), str):
                assert parse_action(found["action"]) == action
            else:
                assert all(same(found[name], value) for name, value in flat(action, "action").items())
            assert found["reward"] == episode.rewards[t]
            assert found["terminated"] == episode.terminations[t]
            assert found["truncated"] == episode.truncations[t]
            assert json.loads(found["reward_terms"]) == episode.reward_terms[t]
    assert next(row, None) is None


@pytest.mark.parametrize(
    "name",
    [
        "cartpole",
        "hooked",
        "pendulum",
        "pictures",
        "keyed",
        "speaking",
        "breaking",
        "unfinished",
        "nothing",
        pytest.param("desktop", marks=pytest.mark.desktop),
        pytest.param("desktop_choices", marks=pytest.mark.desktop),
    ],
)
def test_hugging_face_reads_every_observation_to_the_bit(recordings: Recordings, tmp_path: Path, name: str) -> None:
    exporters["parquet"](recordings(name), tmp_path / "set")
    check(load(tmp_path / "set", tmp_path), recordings(name))


def test_images_are_images(recordings: Recordings, tmp_path: Path) -> None:
    import datasets
    from PIL import Image

    exporters["parquet"](recordings("keyed"), tmp_path / "set")
    rows = load(tmp_path / "set", tmp_path)
    assert isinstance(rows.features["observation.picture"], datasets.Image)
    assert isinstance(rows[0]["observation.picture"], Image.Image)
    assert rows[0]["observation.picture"].size == (40, 48)
    assert rows.features["observation.vector"] == datasets.List(datasets.Value("float32"), length=3)


def test_plain_pyarrow_sees_pngs(recordings: Recordings, tmp_path: Path) -> None:
    from pyarrow import parquet

    exporters["parquet"](recordings("pictures"), tmp_path / "set")
    table = parquet.read_table(tmp_path / "set" / "train-00000.parquet")
    assert table["observation"][0]["bytes"].as_py().startswith(b"\x89PNG")


def test_one_channel_is_a_grey_picture(record: Record, tmp_path: Path) -> None:
    class Grey(Pictures):
        def _observation(self) -> Any:
            return super()._observation()[..., :1]

    dataset = record(Grey(spaces.Box(0, 255, (48, 40, 1), np.uint8)), episodes=1)
    exporters["parquet"](dataset, tmp_path / "set")
    rows = load(tmp_path / "set", tmp_path)
    assert rows[0]["observation"].mode == "L"
    assert np.array_equal(np.asarray(rows[2]["observation"]), dataset[0].observations[2][..., 0])


def test_a_large_export_is_several_files_of_whole_episodes(record: Record, tmp_path: Path) -> None:
    class Noise(Pictures):
        def _observation(self) -> Any:
            return self.np_random.integers(0, 256, (300, 400, 3), np.uint8)

    dataset = record(Noise(spaces.Box(0, 255, (300, 400, 3), np.uint8)), episodes=3)
    exporters["parquet"](dataset, tmp_path / "set", shard_mb=1)
    assert [path.name for path in sorted((tmp_path / "set").iterdir())] == [
        f"train-{number:05d}.parquet" for number in range(3)
    ]
    check(load(tmp_path / "set", tmp_path), dataset)


def test_one_observation_of_several_can_be_chosen_bare(recordings: Recordings, tmp_path: Path) -> None:
    exporters["parquet"](recordings("keyed"), tmp_path / "set", observation="picture")
    names = load(tmp_path / "set", tmp_path).column_names
    assert [name for name in names if name.startswith("observation")] == ["observation"]


def test_values_that_do_not_fit_their_space_are_refused_and_nothing_is_left(record: Record, tmp_path: Path) -> None:
    class Growing(Pictures):
        def _observation(self) -> Any:
            return np.zeros(2 + self._steps, np.float32)

    dataset = record(Growing(spaces.Box(0, 1, (2,), np.float32)), episodes=1, steps=2)
    with pytest.raises(DatasetError, match=r"observation should have the shape \(2,\) of Box.*, got \(3,\)"):
        exporters["parquet"](dataset, tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_spaces_that_no_column_holds_are_refused_with_a_reason(record: Record, tmp_path: Path) -> None:
    dataset = record(Pictures(spaces.Box(0, 1, (1, 1, 1, 1, 1, 2))), episodes=1, steps=0)
    with pytest.raises(DatasetError, match="observation has 6"):
        exporters["parquet"](dataset, tmp_path / "set")


def test_a_mistaken_size_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="shard_mb is 0"):
        exporters["parquet"](recordings("cartpole"), tmp_path / "set", shard_mb=0)
