"""An export says of how many texts the recording has only the beginning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli import main
from agentgym.events import ModelRequest, ModelResponse
from agentgym.export import ExportWarning, exporters
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.conftest import Pictures

_NAMES = ("atif", "aworld", "events", "otel", "rl", "sft", "trae")
_LARGE = [pytest.param(name, marks=pytest.mark.episodes) for name in ("parquet", "sb3", "d3rlpy", "torchrl")]
LONG = [letter * 5000 for letter in "abc"]


def recorded(path: Path, preview_chars: int | None, *, episodes: int = 1) -> Dataset:
    """Two of the long texts in a conversation, which is kept apart and sent twice, one in an answer."""
    env = TrajectoryRecorder(Pictures(), path, preview_chars=preview_chars)
    for episode in range(episodes):
        env.reset(seed=0)
        messages: list[Any] = [{"role": "system", "content": LONG[0]}, {"role": "user", "content": LONG[1]}]
        for call, answer in enumerate(("right", LONG[2])):
            env.bus.publish(ModelRequest(call_id=f"{episode}.{call}", messages=messages))
            env.bus.publish(ModelResponse(call_id=f"{episode}.{call}", content=answer))
            messages = [*messages, {"role": "assistant", "content": answer}, {"role": "user", "content": '"$preview":'}]
            env.step(1)
        env.step(1)
    env.close()
    return Dataset(path)


@pytest.mark.parametrize("name", [*_NAMES, *_LARGE])
def test_an_export_says_once_how_many_texts_are_cut(tmp_path: Path, name: str) -> None:
    dataset = recorded(tmp_path / "data", 100, episodes=2)
    assert _said_of(lambda dataset: exporters[name](dataset, tmp_path / "out"), dataset) == [
        "3 texts were cut when this was recorded (preview_chars); the export has no more of them than their beginning"
    ]


def _said_of(make: Callable[[Dataset], object], dataset: Dataset) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExportWarning)
        make(dataset)
    return [str(warning.message) for warning in caught if "cut" in str(warning.message)]


@pytest.mark.parametrize(
    ("library", "make"),
    [
        ("stable_baselines3", lambda: import_module("agentgym.export.to_sb3").to_replay_buffer),
        ("d3rlpy", lambda: import_module("agentgym.export.to_d3rlpy").to_mdp_dataset),
        ("torchrl", lambda: import_module("agentgym.export.to_torchrl").to_tensordict),
        ("torchrl", lambda: import_module("agentgym.export.to_torchrl").to_torchrl),
    ],
)
@pytest.mark.episodes
def test_what_is_made_in_memory_says_so_too(
    tmp_path: Path, library: str, make: Callable[[], Callable[..., object]]
) -> None:
    pytest.importorskip(library)
    dataset = recorded(tmp_path / "data", 100, episodes=2)
    said = _said_of(make(), dataset)
    assert [text.partition(" when")[0] for text in said] == ["3 texts were cut"]


def test_nothing_is_said_of_texts_that_were_kept_whole(tmp_path: Path) -> None:
    exporters["sft"](recorded(tmp_path / "data", None), tmp_path / "chat.jsonl")
    assert (tmp_path / "chat.jsonl").read_text().count(LONG[2]) == 1


def test_an_episode_names_the_texts_that_were_cut(tmp_path: Path) -> None:
    dataset = recorded(tmp_path / "data", 100)
    assert len(dataset[0].cut_texts) == 3
    assert not recorded(tmp_path / "other", None)[0].cut_texts


def test_the_command_says_it_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(tmp_path / "data", 100)
    with pytest.raises(SystemExit) as ended:
        main(["export", str(tmp_path / "data"), "--to", "sft", "--out", str(tmp_path / "chat.jsonl")])
    assert not ended.value.code
    assert "3 texts were cut when this was recorded" in capsys.readouterr().err
