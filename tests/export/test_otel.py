"""Spans, read by OpenTelemetry's own protobuf types, with the names that its conventions have."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

from agentgym.export import exporters
from agentgym.trajectory import Dataset
from tests.export.conftest import Recordings
from tests.export.traces import SYSTEM, record_talks

NAMES = {value for name, value in vars(gen_ai_attributes).items() if name.isupper() and isinstance(value, str)}
SPAN_KINDS = {"chat": Span.SPAN_KIND_CLIENT, "execute_tool": Span.SPAN_KIND_INTERNAL}


def export(dataset: Dataset, out: Path, **options: Any) -> list[list[Any]]:
    exporters["otel"](dataset, out, **options)
    traces = [ParseDict(_as_protobuf(json.loads(line)), TracesData()) for line in out.read_text().splitlines()]
    return [check(list(trace.resource_spans[0].scope_spans[0].spans)) for trace in traces]


def _as_protobuf(value: Any) -> Any:
    """OTLP has ids in hexadecimal where protobuf's JSON has base64; everything else is protobuf's."""
    if isinstance(value, list):
        return [_as_protobuf(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode()
        if key in ("traceId", "spanId", "parentSpanId")
        else _as_protobuf(item)
        for key, item in value.items()
    }


def check(spans: list[Any]) -> list[Any]:
    root, *children = spans
    assert root.parent_span_id == b""
    assert len({span.span_id for span in spans}) == len(spans)
    for span in spans:
        assert (span.trace_id, len(span.trace_id), len(span.span_id)) == (root.trace_id, 16, 8)
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano
        names = {attribute.key for attribute in span.attributes}
        assert {name for name in names if name.startswith("gen_ai.")} <= NAMES
        assert told(span)["gen_ai.operation.name"] == span.name.split(" ")[0]
    for child in children:
        assert child.parent_span_id == root.span_id
        assert child.kind == SPAN_KINDS[child.name.split(" ")[0]]
    return spans


def told(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_calls_are_spans(tmp_path: Path) -> None:
    solved, stumbled, broken = export(record_talks(tmp_path / "data"), tmp_path / "out.jsonl")
    assert [span.name for span in solved] == [
        "invoke_agent talker",
        *["chat adder-1", "execute_tool add"] * 2,
        "chat adder-1",
        "execute_tool answer",
    ]
    chat = told(solved[1])
    assert (chat["gen_ai.provider.name"], chat["gen_ai.request.temperature"]) == ("openai", 0.5)
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == (100, 10)
    assert json.loads(chat["gen_ai.system_instructions"]) == [{"type": "text", "content": SYSTEM}]
    (answer,) = json.loads(chat["gen_ai.output.messages"])
    assert [part["type"] for part in answer["parts"]] == ["reasoning", "text", "tool_call"]
    assert (answer["finish_reason"], answer["parts"][2]["arguments"]) == ("tool_call", {"numbers": [2, 3]})
    last = json.loads(told(solved[5])["gen_ai.input.messages"])
    assert last[2] == {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call_1", "response": "5"}]}
    assert stumbled[1].status.code == broken[0].status.code == Status.STATUS_CODE_ERROR
    assert told(stumbled[3])["error.type"] == "tool_error"


def test_rewards_and_scores_are_evaluations(tmp_path: Path) -> None:
    solved, _, broken = export(record_talks(tmp_path / "data"), tmp_path / "out.jsonl")
    results = [(event.name, told(event)) for event in solved[0].events]
    assert {name for name, _ in results} == {"gen_ai.evaluation.result"}
    values = [(one["gen_ai.evaluation.name"], one["gen_ai.evaluation.score.value"]) for _, one in results]
    assert values == [("reward", 0.25), ("reward", 0.0), ("reward", 1.0), ("score", 1.0)]
    assert len(broken[0].events) == 1


def test_another_export_has_the_same_ids(tmp_path: Path) -> None:
    dataset = record_talks(tmp_path / "data")
    export(dataset, tmp_path / "one.jsonl")
    export(dataset, tmp_path / "other.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "other.jsonl").read_bytes()


def test_content_may_be_left_out(tmp_path: Path) -> None:
    export(record_talks(tmp_path / "data"), tmp_path / "out.jsonl", content=False)
    written = (tmp_path / "out.jsonl").read_text()
    assert SYSTEM not in written
    assert "numbers" not in written


@pytest.mark.desktop
def test_a_desktop_recording(recordings: Recordings, tmp_path: Path) -> None:
    ((root,),) = export(recordings("desktop"), tmp_path / "out.jsonl")
    assert root.name == "invoke_agent oracle"
    assert told(root)["agentgym.task_id"] == "apps/note-save"
    assert told(root.events[-1])["gen_ai.evaluation.score.value"] == 1.0
