from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agentgym.errors import UnknownNameError
from agentgym.events import Bus, Note, Reset, RunCompleted, RunStarted, Step, ToolCalled
from agentgym.trajectory import TrajectoryWriter
from agentgym.trajectory.query import records


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two runs, each of two episodes, the tasks ``a`` and ``b/c``."""
    for run_id in ("r1", "r2"):
        bus = Bus(run_id)
        writer = TrajectoryWriter(tmp_path, run_id)
        bus.subscribe(writer.append)
        bus.publish(RunStarted())
        for task in ("a", "b/c"):
            bus.publish(Reset(observation=0, task_id=task))
            bus.publish(ToolCalled(call_id="1", name="bash", arguments={"command": "ls"}, agent_id="planner"))
            bus.publish(ToolCalled(call_id="2", name="read", arguments={"path": np.zeros(3)}, agent_id="worker"))
            bus.publish(
                Step(step=1, observation=np.zeros(2000), action=1, reward=0.5, terminated=True, truncated=False)
            )
        bus.publish(RunCompleted(status="completed"))
        writer.close()
    return tmp_path


def found(data: Path, **asked: Any) -> list[tuple[str, int]]:
    return [(record.run_id, record.idx) for record in records(data, **asked)]


def test_all_of_it_in_order(data: Path) -> None:
    assert found(data) == [(run, idx) for run in ("r1", "r2") for idx in range(10)]


def test_from_one_place_on(data: Path) -> None:
    assert found(data, run="r2", start=8) == [("r2", 8), ("r2", 9)]


def test_of_a_task_in_all_runs(data: Path) -> None:
    assert found(data, task="b/*") == [(run, idx) for run in ("r1", "r2") for idx in range(5, 10)]
    assert found(data, task=["a", "b/c"]) == found(data)
    assert found(data, task="a", episode=1) == []


def test_of_an_episode_by_type_and_agent(data: Path) -> None:
    assert found(data, run="r1", episode=1, types=["tool_call"]) == [("r1", 6), ("r1", 7)]
    assert found(data, run="r1", types=[ToolCalled, "reset"], agent="work*") == [("r1", 3), ("r1", 7)]


@pytest.mark.parametrize(
    ("where", "idx"),
    [
        ({"name": "bash"}, [2, 6]),
        ({"name": "b*"}, [2, 6]),
        ({"arguments.command": "ls"}, [2, 6]),
        ({"name": "bash", "agent_id": "worker"}, []),
        ({"reward": 0.5, "terminated": True}, [4, 8]),
        ({"model_call_id": None, "call_id": "2"}, [3, 7]),
        ({"arguments.path": 0}, []),
    ],
)
def test_where_a_value_is_so(data: Path, where: dict[str, Any], idx: list[int]) -> None:
    assert [at for _, at in found(data, run="r1", where=where)] == idx


def test_a_line_that_is_being_written_is_left_out(data: Path) -> None:
    with (data / "r1.jsonl").open("ab") as file:
        file.write(b'{"ts_utc": "2026')
    assert found(data) == [(run, idx) for run in ("r1", "r2") for idx in range(10)]


def test_a_type_that_there_is_not_is_told(data: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tool_call'"):
        next(records(data, types=["toolcall"]))


def test_a_run_without_a_reset_is_found_by_no_task(tmp_path: Path) -> None:
    bus = Bus("r")
    writer = TrajectoryWriter(tmp_path, "r")
    bus.subscribe(writer.append)
    bus.publish(RunStarted())
    bus.publish(Note(kind="x"))
    writer.close()
    assert found(tmp_path, task="*") == []
    assert found(tmp_path, types=[Note]) == [("r", 1)]
