"""Pairs for preference training: TRL's columns, loaded by Hugging Face `datasets`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgym.errors import DatasetError, UsageError
from agentgym.export import ExportWarning, exporters
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.conftest import Recordings
from tests.export.test_sft import DEFINITIONS, MESSAGES, check_calls, load
from tests.export.traces import SOLVES, STUMBLES, Adding, Plan, Talker, play, record_talks


def export(dataset: Dataset, out: Path, **options: Any) -> list[dict[str, Any]]:
    exporters["preference"](dataset, out, **options)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    for row in rows:
        for side in ("chosen", "rejected"):
            talk = [*row["prompt"], *map(with_texts, row[side])]
            MESSAGES.validate_python(talk)
            check_calls(talk)
        DEFINITIONS.validate_python(row["tools"])
        assert row["score_chosen"] > row["score_rejected"]
    return rows


def with_texts(message: dict[str, Any]) -> dict[str, Any]:
    """The message as OpenAI has it: arguments of calls are JSON texts."""
    calls = [
        {**call, "function": {**call["function"], "arguments": json.dumps(call["function"]["arguments"])}}
        for call in message.get("tool_calls", ())
    ]
    return {**message, "tool_calls": calls} if calls else message


def record(path: Path, plans: list[Plan]) -> Dataset:
    recorder = TrajectoryRecorder(Adding(), path)
    for plan in plans:
        for _ in play(recorder, Talker(recorder.bus, plan)):
            pass
    recorder.close()
    return Dataset(path)


def test_the_better_attempt_is_chosen(tmp_path: Path) -> None:
    dataset = record_talks(tmp_path / "data")
    with pytest.warns(ExportWarning, match="left out 1 episode without a score"):
        (row,) = export(dataset, tmp_path / "pairs.jsonl")
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert row["chosen"][-1]["tool_calls"][0]["function"]["arguments"] == {"numbers": [9]}
    assert row["rejected"][-1]["tool_calls"][0]["function"]["arguments"] == {"numbers": [8]}
    assert row["chosen_from"] == f"{dataset[0].run_id}-0"


@pytest.mark.episodes
def test_datasets_loads_trls_columns(tmp_path: Path) -> None:
    export(record(tmp_path / "data", [SOLVES, STUMBLES]), tmp_path / "pairs.jsonl")
    loaded = load(tmp_path / "pairs.jsonl", tmp_path)
    assert {"prompt", "chosen", "rejected", "tools"} <= set(loaded.column_names)
    assert all("role" in message for name in ("prompt", "chosen", "rejected") for message in loaded[0][name])


def test_each_attempt_is_in_one_pair_at_most(tmp_path: Path) -> None:
    rows = export(record(tmp_path / "data", [SOLVES, STUMBLES, SOLVES, STUMBLES, SOLVES]), tmp_path / "pairs.jsonl")
    used = [row[side] for row in rows for side in ("chosen_from", "rejected_from")]
    assert len(rows) == 2
    assert len(set(used)) == 4


def test_attempts_that_scored_the_same_are_no_pair(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="2 scored conversations with 1 different prompts"):
        exporters["preference"](record(tmp_path / "data", [SOLVES, SOLVES]), tmp_path / "pairs.jsonl")
    assert not (tmp_path / "pairs.jsonl").exists()


def test_recordings_without_a_model_are_no_pair(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="8 episodes without a score"):
        exporters["preference"](recordings("cartpole"), tmp_path / "pairs.jsonl")


def test_a_margin_that_cannot_be_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="margin"):
        exporters["preference"](recordings("cartpole"), tmp_path / "pairs.jsonl", margin=2)
