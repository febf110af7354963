"""An export says of how many texts the recording has only the beginning."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli import main
from agentgym.events import ModelRequest, ModelResponse
from agentgym.export import ExportWarning, exporters
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.conftest import Pictures

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


@pytest.mark.parametrize("name", ["atif", "aworld", "events", "otel", "parquet", "rl", "sft", "trae"])
def test_an_export_says_once_how_many_texts_are_cut(tmp_path: Path, name: str) -> None:
    dataset = recorded(tmp_path / "data", 100, episodes=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ExportWarning)
        exporters[name](dataset, tmp_path / "out")
    said = [str(warning.message) for warning in caught if "cut" in str(warning.message)]
    assert said == [
        "3 texts were cut when this was recorded (preview_chars); the export has no more of them than their beginning"
    ]


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
