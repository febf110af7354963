"""Chat JSONL, checked by OpenAI's own types and loaded by Hugging Face `datasets`, as TRL loads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageParam

from agentgym.errors import DatasetError, UsageError
from agentgym.export import ExportWarning, exporters
from agentgym.trajectory import Dataset
from tests.export.conftest import Recordings
from tests.export.traces import TOOLS, record_talks

MESSAGES: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(list[ChatCompletionMessageParam])
DEFINITIONS: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(list[ChatCompletionFunctionToolParam])


def export(dataset: Dataset, out: Path, **options: Any) -> list[dict[str, Any]]:
    exporters["sft"](dataset, out, **options)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    for row in rows:
        assert row.keys() <= {"messages", "tools"}
        MESSAGES.validate_python(row["messages"])
        DEFINITIONS.validate_python(row.get("tools", []))
        check_calls(row["messages"])
    return rows


def check_calls(messages: list[dict[str, Any]]) -> None:
    """Each tool's answer is to a call before it; the last word is the model's."""
    asked: set[str] = set()
    for message in messages:
        asked |= {call["id"] for call in message.get("tool_calls", ())}
        assert message["role"] != "tool" or message["tool_call_id"] in asked
        for call in message.get("tool_calls", ()):
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
    assert messages[-1]["role"] == "assistant"


def load(path: Path, tmp_path: Path) -> Any:
    import datasets

    datasets.disable_progress_bars()
    return datasets.load_dataset("json", data_files=str(path), cache_dir=str(tmp_path / "cache"))["train"]


def test_each_conversation_is_a_line(tmp_path: Path) -> None:
    rows = export(record_talks(tmp_path / "data"), tmp_path / "chat.jsonl")
    assert [len(row["messages"]) for row in rows] == [7, 5, 5]
    assert all(row["tools"] == TOOLS for row in rows)
    assert rows[0]["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"numbers": [2, 3]}'


@pytest.mark.episodes
def test_datasets_loads_it(tmp_path: Path) -> None:
    rows = export(record_talks(tmp_path / "data"), tmp_path / "chat.jsonl")
    loaded = load(tmp_path / "chat.jsonl", tmp_path)
    assert set(loaded.column_names) == {"messages", "tools"}
    assert [message["content"] for message in loaded[0]["messages"]] == [
        message.get("content") for message in rows[0]["messages"]
    ]


def test_only_good_episodes_if_so_asked(tmp_path: Path) -> None:
    with pytest.warns(ExportWarning, match=r"left out 2 episodes without a score of at least 1"):
        (row,) = export(record_talks(tmp_path / "data"), tmp_path / "chat.jsonl", min_score=1)
    assert row["messages"][-1]["tool_calls"][0]["function"]["arguments"] == '{"numbers": [9]}'


def test_a_recording_without_a_model_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="8 episodes without an answer of a model, as those of scripts") as raised:
        exporters["sft"](recordings("cartpole"), tmp_path / "chat.jsonl")
    assert "None" not in str(raised.value)
    assert not (tmp_path / "chat.jsonl").exists()


def test_a_recording_without_good_episodes_says_what_was_left_out(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"to learn from: 8 episodes without a score of at least 0\.5$"):
        exporters["sft"](recordings("cartpole"), tmp_path / "chat.jsonl", min_score=0.5)


def test_a_score_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"in \[0, 1\]"):
        exporters["sft"](record_talks(tmp_path / "data"), tmp_path / "chat.jsonl", min_score=70)


def test_arguments_are_objects_if_so_asked(tmp_path: Path) -> None:
    exporters["sft"](record_talks(tmp_path / "data"), tmp_path / "chat.jsonl", arguments="object")
    row = json.loads((tmp_path / "chat.jsonl").read_text().splitlines()[0])
    assert row["messages"][2]["tool_calls"][0]["function"]["arguments"] == {"numbers": [2, 3]}


def test_arguments_in_a_form_that_is_not_known_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'text', 'object'"):
        exporters["sft"](record_talks(tmp_path / "data"), tmp_path / "chat.jsonl", arguments="dict")
