"""What an agent keeps while it works, and what it gives in the end."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import agentgym
from agentgym.actions import ToolCall
from agentgym.events import FinalReport
from agentgym.tasks import Task
from agentgym.tools import ToolContext, ToolResult, call_tool, resolve_tools
from agentgym.wrappers import TrajectoryRecorder


def calling() -> tuple[ToolContext, Any]:
    context = ToolContext(Task("t", "i"))
    tools = resolve_tools(["save_findings", "submit"])

    def call(name: str, **arguments: Any) -> ToolResult:
        return call_tool(tools, ToolCall(name, arguments), context, call_id="1")

    return context, call


def test_findings_are_kept_by_their_names() -> None:
    context, call = calling()
    call(
        "save_findings",
        findings=[{"name": "a", "value": 1, "source": "https://a.example"}, {"name": "b", "value": "x"}],
    )
    result = call("save_findings", findings=[{"name": "a", "value": 2.5}])
    assert result.content == "Saved 1; there are 2 findings: a, b."
    assert json.loads(context.evidence()["findings.json"]) == [{"name": "a", "value": 2.5}, {"name": "b", "value": "x"}]


def test_a_snapshot_keeps_the_findings_of_its_time() -> None:
    context, call = calling()
    call("save_findings", findings=[{"name": "a", "value": 1}])
    kept = copy.deepcopy(context.state)
    call("save_findings", findings=[{"name": "a", "value": 2}])
    assert kept["findings"] == [{"name": "a", "value": 1}]


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        ([], "$.findings"),
        ([{"name": "a"}], "$.findings[0].value: missing"),
        ([{"name": "", "value": 1}], "$.findings[0].name"),
        ([{"name": "a", "value": 1, "sauce": "x"}], "$.findings[0].sauce"),
        ([{"name": "a", "value": "x" * 2001}], "$.findings[0].value"),
        ("a=1", "$.findings"),
    ],
)
def test_what_is_no_finding_is_refused(findings: Any, message: str) -> None:
    context, call = calling()
    result = call("save_findings", findings=findings)
    assert not result.ok
    assert message in result.content
    assert "findings.json" not in context.evidence()


def test_there_is_an_end_to_findings() -> None:
    _, call = calling()
    for start in range(0, 200, 50):
        assert call("save_findings", findings=[{"name": str(start + n), "value": n} for n in range(50)]).ok
    result = call("save_findings", findings=[{"name": "one more", "value": 0}])
    assert not result.ok
    assert "200 are the most" in result.content


@pytest.mark.parametrize(
    ("answer", "kept"),
    [("plain text", b"plain text"), (2.5, b"2.5"), (True, b"true"), ({"a": [1, "x"]}, b'{"a":[1,"x"]}'), ("", b"")],
)
def test_an_answer_is_text_or_json(answer: Any, kept: bytes) -> None:
    context, call = calling()
    assert call("submit", answer=answer).ok
    assert context.over
    assert context.evidence()["answer"] == kept
    assert "report.json" not in context.evidence()


def test_a_report_is_kept_with_its_digest_and_length() -> None:
    context, call = calling()
    text = "Größe: 12 m\n" * 3
    assert call("submit", answer="12", report=text).ok
    report = json.loads(context.evidence()["report.json"])
    assert report == {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest(), "length": len(text.encode())}


def test_a_report_of_more_than_fifty_thousand_characters_is_refused() -> None:
    context, call = calling()
    assert not call("submit", answer="x", report="x" * 50_001).ok
    assert not context.over


def test_the_report_is_in_the_stream_with_its_digest_and_length(tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", task="research/report"), tmp_path)
    env.reset(seed=1)
    env.step({"name": "submit", "arguments": {"answer": 1, "report": "All is well."}})
    env.close()
    records = list(agentgym.Dataset(tmp_path)[0].records())
    kinds = [record.event_type for record in records]
    reports = [record.payload for record in records if isinstance(record.payload, FinalReport)]
    assert len(reports) == 1
    assert reports[0].text == "All is well."
    assert reports[0].sha256 == hashlib.sha256(b"All is well.").hexdigest()
    assert reports[0].length == 12
    assert kinds.index("tool_result") < kinds.index("final_report")


def test_an_answer_without_a_report_puts_none_into_the_stream(tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", task="research/density"), tmp_path)
    env.reset(seed=1)
    env.step({"name": "submit", "arguments": {"answer": 1}})
    env.close()
    assert "final_report" not in [record.event_type for record in agentgym.Dataset(tmp_path)[0].records()]
