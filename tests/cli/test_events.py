from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.cli.conftest import Run
from tests.state.small import Counting, ask, use


@pytest.fixture
def data(tmp_path: Path) -> str:
    """Two runs of one episode."""
    for name in ("first", "second"):
        env = TrajectoryRecorder(Counting(1), tmp_path, agent=name)
        env.reset(seed=1)
        ask(env.bus, "m1", "c1", agent_id="planner")
        use(env.bus, "c1")
        env.step(0)
        env.close()
    return str(tmp_path)


def test_each_record_is_a_line(run: Run, data: str) -> None:
    code, out, _ = run("events", data)
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[1] for line in lines if line.startswith("run ")] == list(Dataset(data).runs)
    assert [line.split()[3] for line in lines[1:9]] == [
        "run_started",
        "reset",
        "model_request",
        "model_response",
        "tool_call",
        "tool_result",
        "step",
        "run_completed",
    ]
    assert "[planner] -> bash  10+3 tokens" in lines[4]


def test_an_episode_is_counted_over_the_runs(run: Run, data: str) -> None:
    _, out, _ = run("events", data, "--episode", "1", "--type", "tool_call,step", "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [(one["event_type"], one["run_id"]) for one in found] == [
        ("tool_call", Dataset(data).runs[1]),
        ("step", Dataset(data).runs[1]),
    ]
    last = ("--type", "tool_call,step", "--json")
    assert run("events", data, "--episode", "-1", *last)[1] == out
    assert run("events", data, "--episode", "-1", "--run", Dataset(data).runs[1], *last)[1] == out
    code, _, err = run("events", data, "--episode", "2")
    assert code == 2
    assert "has 2 episodes, from 0; there is no episode 2" in err


def test_json_has_the_whole_record(run: Run, data: str) -> None:
    _, out, _ = run("events", data, "--agent", "planner", "--from", "3", "--json", "--limit", "1")
    record = json.loads(out)
    assert record["idx"] == 3
    assert record["payload"]["usage"]["prompt_tokens"] == 10


def test_where_takes_values_as_json(run: Run, data: str) -> None:
    _, out, _ = run("events", data, "--where", "terminated=true", "--where", "reward=1", "--json")
    assert [json.loads(line)["event_type"] for line in out.splitlines()] == ["step", "step"]


def test_nothing_found_is_said(run: Run, data: str) -> None:
    code, out, err = run("events", data, "--task", "none")
    assert (code, out, err) == (0, "", "agentgym: no record is such\n")
