"""AWorld's trajectory items, checked against the types that its package declares.

The package itself (0.3.2) wants an older pydantic than the readers of the other formats; these are its
``aworld.dataset.types.TrajectoryItem`` and ``aworld.core.common.ActionResult``, field by field, and nothing else is
allowed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentgym.export import exporters
from agentgym.trajectory import Dataset
from tests.export.conftest import Recordings
from tests.export.traces import record_talks


class ExpMeta(msgspec.Struct, forbid_unknown_fields=True):
    session_id: str
    task_id: str
    task_name: str | None
    agent_id: str | None
    step: int | None
    execute_time: float | None
    pre_agent: str | None


class ActionResult(msgspec.Struct, forbid_unknown_fields=True):
    is_done: bool
    success: bool
    content: Any
    error: str | None
    keep: bool
    action_name: str | None
    tool_name: str | None
    tool_call_id: str | None
    metadata: dict[str, Any]
    parameter: dict[str, Any]


class Input(msgspec.Struct, forbid_unknown_fields=True):
    from_agent_name: str | None
    to_agent_name: str | None
    content: Any
    action_result: list[ActionResult]
    image: str | None
    images: list[str]
    dom_tree: str | None


class State(msgspec.Struct, forbid_unknown_fields=True):
    input: Input
    messages: list[dict[str, Any]]
    context: dict[str, Any]


class Action(msgspec.Struct, forbid_unknown_fields=True):
    content: Any
    tool_calls: list[dict[str, Any]]
    is_agent_finished: bool
    ext_info: dict[str, Any]


class Reward(msgspec.Struct, forbid_unknown_fields=True):
    tool_outputs: list[ActionResult]
    status: str | None
    score: float | None


class TrajectoryItem(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    meta: ExpMeta
    state: State
    action: Action
    reward: Reward


def export(dataset: Dataset, out: Path) -> list[list[TrajectoryItem]]:
    exporters["aworld"](dataset, out)
    return [msgspec.json.decode(path.read_bytes(), type=list[TrajectoryItem]) for path in sorted(out.iterdir())]


def test_items_are_what_the_model_was_asked_and_did(tmp_path: Path) -> None:
    solved, stumbled, broken = export(record_talks(tmp_path / "data"), tmp_path / "out")
    assert [item.meta.step for item in solved] == [1, 2, 3]
    assert [item.reward.score for item in solved] == [0.25, 0.0, 1.0]
    # The label is not among what was sent.
    assert [len(item.state.messages) for item in solved] == [2, 4, 6]
    assert solved[0].action.tool_calls[0]["function"] == {"name": "add", "arguments": '{"numbers": [2, 3]}'}
    assert [item.meta.pre_agent for item in solved] == ["runner", "add", "add"]
    assert solved[1].state.input.action_result == solved[0].reward.tool_outputs
    assert [item.action.is_agent_finished for item in solved] == [False, False, True]
    assert solved[-1].action.ext_info["score"] == 1.0
    assert stumbled[0].action.ext_info["error"] == "429 too many requests, key [redacted]"
    assert (stumbled[1].reward.tool_outputs[0].success, stumbled[0].reward.score) == (False, None)
    assert "slate" in broken[-1].action.ext_info["failure"]
    assert broken[-1].reward.score is None


def test_no_number_is_made_up_where_there_is_no_model(recordings: Recordings, tmp_path: Path) -> None:
    (first, *_) = export(recordings("cartpole"), tmp_path / "out")
    assert first[0].state.messages == []
    assert first[0].action.content in ("0", "1")
    assert first[0].meta.agent_id is None
    assert [item.reward.score for item in first] == recordings("cartpole")[0].rewards.tolist()


@pytest.mark.desktop
def test_a_desktop_recording(recordings: Recordings, tmp_path: Path) -> None:
    (items,) = export(recordings("desktop"), tmp_path / "out")
    assert items[0].state.input.content.startswith("Write the line")
    assert items[-1].action.ext_info["score"] == items[-1].reward.score == 1.0
