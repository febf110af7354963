"""Spans at a real OTLP/HTTP receiver, with the names that the conventions have."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.semconv._incubating.attributes import error_attributes, gen_ai_attributes

from agentgym.agents import make_agent
from agentgym.errors import StreamError, UsageError
from agentgym.events import Bus, Reward
from agentgym.export import exporters
from agentgym.sinks import SinkWarning, attached, make_sink, sync
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.agents.test_team import pair, played, two_minds
from tests.export.test_otel import check, told
from tests.export.traces import SECRET, SOLVES, STUMBLES, SYSTEM, Adding, Talker, play
from tests.modelserver import serving
from tests.sinks.collector import Collector, collecting

pytestmark = pytest.mark.episodes

_PATIENCE_S = 60
ABOUT = {"model": "adder-1", "provider": "openai", "session_id": "session-1", "agent_version": "0.3"}


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def record(data: Path, sink: str) -> None:
    """Two episodes: solved, with a reward that is added afterwards; failed, with a tool's and a model's error."""
    recorder = TrajectoryRecorder(Adding(), data, agent="talker", about=ABOUT)
    with attached(recorder.bus, [sink], recording=data):
        list(play(recorder, Talker(recorder.bus, SOLVES)))
        recorder.bus.publish(Reward(step=1, value=0.25, name="tidy"))
        list(play(recorder, Talker(recorder.bus, STUMBLES, fails_once=True), seed=1))
        recorder.close()


def traces(collector: Collector) -> list[list[Any]]:
    """The spans of each trace, its root first, as they came."""
    by_id: dict[bytes, list[Any]] = {}
    for span in collector.spans:
        by_id.setdefault(span.trace_id, []).append(span)
    return [sorted(spans, key=lambda span: span.parent_span_id != b"") for spans in by_id.values()]


def test_an_episode_is_a_trace(tmp_path: Path) -> None:
    with collecting() as collector:
        record(tmp_path / "data", collector.sink)
    solved, stumbled = (check(spans) for spans in traces(collector))
    assert set(collector.paths) == {"/v1/traces"}
    assert [span.name for span in solved] == [
        "invoke_agent talker",
        *["chat adder-1", "execute_tool add"] * 2,
        "chat adder-1",
        "execute_tool answer",
    ]
    assert told(solved[0])["gen_ai.conversation.id"] == told(solved[1])["gen_ai.conversation.id"] == "session-1"
    chat = told(solved[1])
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == (100, 10)
    assert [one.string_value for one in chat["gen_ai.response.finish_reasons"].values] == ["tool_calls"]
    assert chat[gen_ai_attributes.GEN_AI_OPERATION_NAME] == gen_ai_attributes.GenAiOperationNameValues.CHAT.value
    assert stumbled[1].status.code == Status.STATUS_CODE_ERROR
    assert told(stumbled[1])[error_attributes.ERROR_TYPE] == "_OTHER"
    assert solved[1].kind == Span.SPAN_KIND_CLIENT
    assert {one.key: one.value.string_value for one in collector.resources[0].attributes}["service.name"] == "agentgym"


def test_rewards_and_scores_are_evaluations(tmp_path: Path) -> None:
    with collecting() as collector:
        record(tmp_path / "data", collector.sink)
    (root, *_), _ = traces(collector)
    found = [(event.name, told(event)) for event in root.events]
    assert {name for name, _ in found} == {"gen_ai.evaluation.result"}
    values = [(one["gen_ai.evaluation.name"], one["gen_ai.evaluation.score.value"]) for _, one in found]
    assert values == [("reward", 0.25), ("reward", 0.0), ("reward", 1.0), ("score", 1.0)]


def test_the_agents_of_a_team_are_spans_within_its_own() -> None:
    with collecting() as collector, serving(two_minds) as server:
        bus = Bus()
        with attached(bus, [collector.sink]):
            played(make_agent("team", options={"members": pair(server.url)}), bus=bus)
    names = {span.span_id: span.name for span in collector.spans}
    parents = [(span.name, names.get(span.parent_span_id)) for span in collector.spans]
    (root,) = [name for name, parent in parents if parent is None]
    assert set(parents) == {
        (root, None),
        ("invoke_agent clerk", root),
        ("invoke_agent archivist", root),
        ("chat clerk", "invoke_agent clerk"),
        ("chat archivist", "invoke_agent archivist"),
        ("execute_tool add", "invoke_agent clerk"),
        ("execute_tool answer", "invoke_agent clerk"),
    }
    by_agent = {told(span)["gen_ai.agent.id"] for span in collector.spans if span.name.startswith("chat")}
    assert by_agent == {"clerk", "archivist"}
    counted = [told(span).get("gen_ai.usage.input_tokens", 0) for span in collector.spans]
    assert sum(counted) == server.usage["input_tokens"] > 0


def test_content_is_sent_where_it_is_asked_for_alone(tmp_path: Path) -> None:
    with collecting() as collector:
        record(tmp_path / "without", collector.sink)
        without = "".join(map(str, collector.spans))
        collector.spans.clear()
        record(tmp_path / "with", f"{collector.sink}?content=true")
        content = "".join(map(str, collector.spans))
    assert SYSTEM not in without
    assert "numbers" not in without
    assert SYSTEM in content
    assert SECRET not in content
    assert SECRET not in without


def test_live_spans_are_those_of_the_export(tmp_path: Path) -> None:
    with collecting() as collector:
        record(tmp_path / "data", f"{collector.sink}?content=true")
    exporters["otel"](Dataset(tmp_path / "data"), tmp_path / "out.jsonl")
    exported = {
        span["spanId"]: span
        for line in (tmp_path / "out.jsonl").read_text().splitlines()
        for span in json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    }
    assert {span.span_id.hex() for span in collector.spans} == set(exported)
    for span in collector.spans:
        other = exported[span.span_id.hex()]
        assert (span.name, span.trace_id.hex()) == (other["name"], other["traceId"])
        assert (str(span.start_time_unix_nano), str(span.end_time_unix_nano)) == (
            other["startTimeUnixNano"],
            other["endTimeUnixNano"],
        )
        assert {one.key for one in span.attributes} == {one["key"] for one in other["attributes"]}


def test_of_a_killed_run_the_spans_that_ended_are_there_and_the_rest_comes_with_sync(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with collecting() as collector:
        program = f"""
from agentgym.sinks import attached
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SOLVES, Adding, Talker, play
recorder = TrajectoryRecorder(Adding(), {str(data)!r}, agent="talker")
with attached(recorder.bus, [{collector.sink!r}], recording={str(data)!r}):
    for step in play(recorder, Talker(recorder.bus, SOLVES)):
        print(step, flush=True)
        if step == 2:
            import signal
            signal.pause()
"""
        worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        until(lambda: len(collector.spans) == 4)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        before = {span.span_id for span in collector.spans}
        assert all(span.parent_span_id for span in collector.spans), "the episode's own span has not ended"
        list(sync(data, collector.sink))
    after = {span.span_id for span in collector.spans}
    assert before < after
    (root,) = [span for span in collector.spans if not span.parent_span_id]
    assert len(after - before) == 1
    assert len(root.events) == 2


def test_a_collector_that_is_away_holds_nobody_up(tmp_path: Path) -> None:
    with collecting() as collector:
        address = collector.sink
    began = time.monotonic()
    with pytest.warns(SinkWarning, match="13 of 13 spans were not taken by http://127.0.0.1"):
        record(tmp_path / "data", f"{address}?patience_s=0.2")
    assert time.monotonic() - began < 10
    assert [episode.score for episode in Dataset(tmp_path / "data")] == [1.0, 0.0]


def test_a_collector_that_does_not_answer_holds_no_step_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentgym.sinks.otlp._ANSWER_S", 60.0)
    with collecting() as collector:
        collector.opens.clear()
        recorder = TrajectoryRecorder(Adding(), tmp_path / "data")
        with attached(recorder.bus, [collector.sink], recording=tmp_path / "data"):
            began = time.monotonic()
            for _ in range(20):
                list(play(recorder, Talker(recorder.bus, SOLVES)))
            took = time.monotonic() - began
            collector.opens.set()
            recorder.close()
    assert took < 10
    assert len(collector.spans) == 20 * 7


def test_a_collector_that_refuses_is_told(tmp_path: Path) -> None:
    with collecting() as collector:
        collector.answers = 400
        with pytest.warns(SinkWarning, match="13 of 13 spans were not taken"):
            record(tmp_path / "data", collector.sink)


def test_a_recording_that_a_collector_does_not_take_is_told(tmp_path: Path) -> None:
    with collecting() as collector:
        record(tmp_path / "data", collector.sink)
        collector.answers = 400
        with pytest.raises(StreamError, match=r"/v1/traces did not take 13 spans"):
            list(sync(tmp_path / "data", collector.sink))


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="expected otlp:http://HOST:4318, got 'otlp:somewhere'"):
        make_sink("otlp:somewhere")
