from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest

import agentgym.trajectory
from agentgym.errors import DatasetError
from agentgym.events import (
    EVENT_TYPES,
    Bus,
    Event,
    Failed,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Phase,
    Reset,
    Reward,
    RunCompleted,
    RunStarted,
    Scored,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.tasks import Task
from agentgym.trajectory import Dataset, TrajectoryWriter
from agentgym.trajectory.stored import SCHEMA_FILE, check_line, stream_schema

LONG = "long text " * 500
PICTURE = np.zeros((40, 40, 3), np.uint8)
EVERYTHING: list[Event] = [
    RunStarted(env={"id": "x"}, agent="a", sampling={"temperature": 0.5}, tools=[{"name": LONG}], attempt=2),
    Reset(observation=PICTURE, info={"t": (1, 2)}, seed=1, options={"a": 1}, task=Task("t", "Do it."), task_id="t"),
    Phase(name="setup", status="completed", details={"x": float("nan")}, duration_ms=1.5),
    ModelRequest(call_id="1", messages=[{"role": "user", "content": "hello " * 90}] * 9, parameters={"top_p": 1}),
    ModelResponse(
        call_id="1",
        content=[{"type": "text"}],
        usage={"input_tokens": 1},
        prompt_token_ids=[1],
        completion_token_ids=[2],
        completion_mask=[1],
        logprobs=[-0.5],
        cost_usd=0.1,
    ),
    ToolCalled(call_id="2", name="look", arguments={"at": {1: 2}}, arguments_raw='{"at": {1: 2}}'),
    ToolReturned(call_id="2", ok=True, result={"x": np.arange(3)}, latency_ms=0.25, artifacts=[{"path": "a"}]),
    MessageSnapshot(purpose="end", messages=["hi"]),
    Step(
        step=1,
        observation=PICTURE,
        action=np.int64(3),
        reward=float("inf"),
        terminated=True,
        truncated=False,
        info={"a": b"b"},
        reward_terms={"env": 1.0},
        timing={"perform": 0.5},
        tool_call_ids=["2"],
        discount=0.9,
        reflection=LONG,
        agent_finished=True,
    ),
    Reward(step=1, value=0.5, name="late", source="human"),
    Scored(value=1.0, terms={"exact": 1.0}, explanation="as asked"),
    Failed(during="step", type="ValueError", message="lone \ud800", infrastructure=True, action={"x": 1}),
    RunCompleted(status="success", success=True, episodes=1, steps=1, totals={"tokens": 3}),
    FinalReport(text=LONG),
    Note(kind="tag", value=[1, "two"], step=1),
]
SCHEMA = jsonschema.Draft202012Validator(stream_schema())


def lines_of(root: Path) -> list[bytes]:
    writer = TrajectoryWriter(root, "run")
    bus = Bus("run")
    bus.subscribe(writer.append)
    for event in EVERYTHING:
        bus.publish(event)
    return (root / "run.jsonl").read_bytes().splitlines()


def test_the_shipped_schema_is_the_one_that_the_types_make() -> None:
    shipped = Path(agentgym.trajectory.__file__).with_name(SCHEMA_FILE)
    assert json.loads(shipped.read_text()) == stream_schema(), f"python -m agentgym.trajectory.stored > {shipped}"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(stream_schema())


def test_every_kind_of_event_is_written_as_the_schema_says(tmp_path: Path) -> None:
    assert {type(event) for event in EVERYTHING} == set(EVENT_TYPES.values())
    for line in lines_of(tmp_path):
        check_line(line)
        SCHEMA.validate(json.loads(line))


def test_every_kind_of_event_comes_back(tmp_path: Path) -> None:
    lines_of(tmp_path)
    for record, event in zip(Dataset(tmp_path).records("run"), EVERYTHING, strict=True):
        for name in set(type(event).__struct_fields__) - {"result_preview", "sha256", "length", "task"}:
            assert repr(getattr(record.payload, name)) == repr(getattr(event, name))


def test_every_field_of_every_event_is_in_the_schema() -> None:
    definitions = stream_schema()["$defs"]
    for kind in EVENT_TYPES.values():
        assert set(definitions[kind.__name__]["properties"]) == set(kind.__struct_fields__)


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        (0, {"event_type": "reseted"}, "unknown event type 'reseted' - at `$.event_type`"),
        (1, {"idx": "1"}, "Expected `int`, got `str` - at `$.idx`"),
        (8, {"payload": {"step": 1}}, "missing required field `observation` - at `$.payload`"),
        (6, {"payload": {"call_id": "1", "ok": "yes"}}, "Expected `bool`, got `str` - at `$.payload.ok`"),
        (9, {"payload": {"step": 1, "value": "1", "name": "x"}}, "at `$.payload.value`"),
        (12, {"payload": {"status": "fine"}}, "Invalid enum value 'fine' - at `$.payload.status`"),
        (4, {"payload": {"call_id": "1", "logprobs": [0.5, None]}}, "at `$.payload.logprobs[1]`"),
        (14, {"payload": {"kind": "x", "txt": "y"}}, "unknown field `txt` - at `$.payload`"),
    ],
)
def test_a_wrong_line_is_refused_with_its_path_by_us_and_by_the_schema(
    tmp_path: Path, place: int, change: dict[str, Any], message: str
) -> None:
    line = {**json.loads(lines_of(tmp_path)[place]), **change}
    with pytest.raises(DatasetError) as caught:
        check_line(msgspec.json.encode(line))
    assert message in str(caught.value)
    assert not SCHEMA.is_valid(line)


def test_a_tools_result_has_a_preview_and_a_report_its_digest(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in lines_of(tmp_path)]
    assert lines[6]["payload"]["result_preview"].startswith('{"x":[0,1,2]')
    report = lines[13]["payload"]
    assert report["length"] == len(LONG)
    assert report["sha256"] == report["text"]["sha256"]
