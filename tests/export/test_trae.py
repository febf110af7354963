"""Trae Agent's files: its layout, key by key, and what stands in it."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agentgym.errors import UsageError
from agentgym.export import exporters
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.conftest import Recordings
from tests.export.traces import SECRET, Adding, Talker, play, record_talks

ROOT = (
    "task start_time end_time provider model max_steps llm_interactions agent_steps success final_result execution_time"
)
INTERACTION = "timestamp provider model input_messages response tools_available"
RESPONSE = "content model finish_reason usage tool_calls"
USAGE = "input_tokens output_tokens cache_creation_input_tokens cache_read_input_tokens reasoning_tokens"
AGENT_STEP = (
    "step_number timestamp state llm_messages llm_response tool_calls tool_results reflection error lakeview_summary"
)
MESSAGE = "role content tool_call tool_result"
CALL = "call_id name arguments id"
RESULT = "call_id success result error id"


def export(dataset: Dataset, out: Path) -> list[dict[str, Any]]:
    exporters["trae"](dataset, out)
    read = [json.loads(path.read_text()) for path in sorted(out.iterdir())]
    for document in read:
        check_layout(document)
    return sorted(read, key=lambda one: one["start_time"])


def has(form: dict[str, Any] | None, keys: str) -> None:
    assert form is None or list(form) == keys.split()


def check_layout(document: dict[str, Any]) -> None:
    has(document, ROOT)
    for each in document["llm_interactions"]:
        has(each, INTERACTION)
        has(each["response"], RESPONSE)
        has(each["response"]["usage"], USAGE)
        for message in each["input_messages"]:
            has(message, MESSAGE)
            has(message["tool_call"], CALL)
            has(message["tool_result"], RESULT)
    for number, step in enumerate(document["agent_steps"], 1):
        has(step, AGENT_STEP)
        assert step["step_number"] == number
        assert step["state"] in ("thinking", "calling_tool", "reflecting", "completed", "error")
        assert datetime.fromisoformat(step["timestamp"]).tzinfo is not None
        for call in step["tool_calls"] or ():
            has(call, CALL)
        for result in step["tool_results"] or ():
            has(result, RESULT)


def test_every_call_stands_in_it(tmp_path: Path) -> None:
    solved, stumbled, broken = export(record_talks(tmp_path / "data"), tmp_path / "out")
    assert solved["task"] == "How much is 2 + 3 + 4?"
    assert (solved["provider"], solved["model"], solved["max_steps"]) == ("openai", "adder-1", 6)
    assert (solved["success"], stumbled["success"], broken["success"]) == (True, False, None)
    assert solved["final_result"] == "It is 9."
    assert [len(one["llm_interactions"]) for one in (solved, stumbled, broken)] == [3, 2, 2]
    last = solved["llm_interactions"][-1]
    assert [message["role"] for message in last["input_messages"]] == ["system", "user", *["assistant", "user"] * 2]
    assert last["input_messages"][3]["tool_result"]["result"] == "5"
    assert last["response"]["usage"] == {
        "input_tokens": 100,
        "output_tokens": 10,
        "cache_creation_input_tokens": None,
        "cache_read_input_tokens": 40,
        "reasoning_tokens": 4,
    }
    assert last["response"]["tool_calls"][0]["arguments"] == {"numbers": [9]}
    assert last["tools_available"] == ["add", "answer"]
    assert solved["agent_steps"][0]["lakeview_summary"] == "adds two numbers"


def test_what_failed_says_so(tmp_path: Path) -> None:
    _, stumbled, broken = export(record_talks(tmp_path / "data"), tmp_path / "out")
    result = stumbled["agent_steps"][0]["tool_results"][0]
    assert (result["success"], result["error"]) == (False, "ValueError: could not convert string to float: 'two'")
    assert (broken["agent_steps"][-1]["state"], broken["agent_steps"][-1]["tool_results"]) == ("error", None)
    assert "slate" in broken["agent_steps"][-1]["error"]


def test_file_names_are_traes_own_and_do_not_clash(tmp_path: Path) -> None:
    exporters["trae"](record_talks(tmp_path / "data"), tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 3
    for name in names:
        stamp = name.removeprefix("trajectory_").removesuffix(".json")
        assert datetime.strptime(stamp[:15], "%Y%m%d_%H%M%S").year >= 2026


def test_steps_without_a_model_are_calls_of_env_step(recordings: Recordings, tmp_path: Path) -> None:
    (first, *_) = export(recordings("cartpole"), tmp_path / "out")
    assert (first["model"], first["llm_interactions"], first["success"]) == (None, [], None)
    call = first["agent_steps"][0]["tool_calls"][0]
    assert (call["name"], call["arguments"]["action"] in ("0", "1")) == ("env.step", True)


@pytest.mark.desktop
def test_a_desktop_recording(recordings: Recordings, tmp_path: Path) -> None:
    (document,) = export(recordings("desktop"), tmp_path / "out")
    (episode,) = recordings("desktop")
    assert len(document["agent_steps"]) == len(episode)
    assert document["success"] is True
    assert episode.task is not None
    assert document["task"] == episode.task.instruction
    assert document["agent_steps"][0]["tool_calls"][0]["arguments"]["action"].startswith("pyautogui.write(")


def test_no_secret_is_written_even_if_the_recording_holds_one(tmp_path: Path) -> None:
    recorder = TrajectoryRecorder(Adding(), tmp_path / "data", redact=False)
    plan = [("answer", [SECRET])]
    for _ in play(recorder, Talker(recorder.bus, plan, fails_once=True)):
        pass
    recorder.close()
    assert any(SECRET in path.read_text() for path in (tmp_path / "data").glob("*.jsonl"))
    for name in ("aworld", "atif", "events", "failures", "osworld", "otel", "rl", "sft", "trae"):
        exporters[name](Dataset(tmp_path / "data"), tmp_path / name)
        files = [tmp_path / name] if (tmp_path / name).is_file() else (tmp_path / name).rglob("*")
        assert not [path for path in files if path.is_file() and SECRET.encode() in path.read_bytes()], name


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        exporters["trae"](record_talks(tmp_path / "data"), tmp_path / "out")
