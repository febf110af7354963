from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import agentgym
from agentgym.cli.statusview import Room, view
from agentgym.events import Bus, Failed, ModelRequest, Phase, Reset, RunStarted, Scored, Step, ToolCalled
from agentgym.state import RunState
from agentgym.wrappers import TrajectoryRecorder
from tests.cli.conftest import Run, write_tasks
from tests.state.small import Counting, ask, use

pytestmark = pytest.mark.episodes

ROOT = Path(agentgym.__file__).parents[1]
ON_MEMORY = ("--backend", "memory", "--engine", "serial")


def clock(*, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Iterator[datetime]:
    while True:
        start += timedelta(milliseconds=100)
        yield start


def shown(state: RunState, *, width: int = 140, room: Room | None = None) -> str:
    now = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)
    console = Console(width=width, record=True, file=StringIO())
    console.print(view(state, title="data/", now=now, room=room))
    return console.export_text()


def started(state: RunState, run_id: str, task: str) -> Bus:
    times = clock()
    bus = Bus(run_id, clock=lambda: next(times))
    bus.subscribe(state.apply)
    bus.publish(RunStarted(agent="openai", session_id="s"))
    bus.publish(Reset(observation=0, task_id=task, seed=7))
    return bus


def step(bus: Bus, *, number: int = 1, end: bool = False) -> None:
    bus.publish(
        Step(step=number, observation=0, action="pyautogui.click(1, 2)", reward=0.5, terminated=end, truncated=False)
    )


def test_what_goes_on_is_told() -> None:
    state = RunState()
    waits, works, sets_up = (started(state, name, f"suite/{name}") for name in ("waits", "works", "sets-up"))
    step(waits)
    waits.publish(ModelRequest(call_id="m", model="small", agent_id="planner"))
    works.publish(ToolCalled(call_id="c", name="bash", arguments={"command": "ls"}))
    step(sets_up, end=True)
    sets_up.publish(Phase(name="setup", status="began"))
    lines = {line.split()[0]: line for line in shown(state).splitlines() if line.strip()}
    assert "suite/waits" in lines["waits"]
    assert lines["waits"].split()[3:] == ["1", "9.8", "s", "planner:", "small", "9.6", "s", "pyautogui.click(1,", "2)"]
    assert "bash(command='ls') 9.7 s" in lines["works"]
    assert "setup" in lines["sets-up"]


def test_scores_usage_and_failures_are_told() -> None:
    state = RunState()
    bus = started(state, "r1", "suite/a")
    ask(bus, "m", agent_id="critic")
    use(bus, "c")
    step(bus, end=True)
    bus.publish(Scored(value=0.5))
    broken = started(state, "r2", "suite/b")
    broken.publish(Failed(during="step", type="BackendError", message="no\ndisplay", infrastructure=True))
    text = shown(state)
    assert "episodes 1 done, 1 failed   steps 1   mean score 0.50 of 1 scored" in text
    assert "1 model call, 1 tool call   tokens 10 in (4 cached), 3 out   $0.2500" in text
    assert "█████····· 0.50" in text
    assert "the machine's fault  BackendError: no display" in text


def test_names_are_shown_as_they_are() -> None:
    state = RunState()
    step(started(state, "[red]r", "[bold]a :smile:"))
    assert "[red]r" in shown(state)
    assert shown(state).count("[bold]a :smile:") == 2


def test_a_state_of_nothing_is_shown() -> None:
    assert shown(RunState()).split() == ["data/", "0", "runs", "episodes", "0", "steps", "0"]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    state = RunState()
    for number in range(30):
        bus = started(state, f"a-long-name-of-a-run-{number}", f"suite/a-long-name-of-a-task-{number}")
        use(bus, "c", error="e" * 300)
        step(bus, end=number % 2 == 0)
    lines = shown(state, width=width).splitlines()
    assert max(map(len, lines)) <= width


def test_the_view_fits_into_its_room() -> None:
    state = RunState()
    for number in range(100):
        bus = started(state, f"run-{number}", f"suite/{number}")
        step(bus, end=number % 2 == 0)
        ask(bus, "m", agent_id=f"agent-{number}")
        bus.publish(Failed(during="act", type="ValueError", message="no"))
    for height in (30, 50):
        text = shown(state, room=Room.of(height))
        assert len(text.splitlines()) <= height
        assert "and 90 more" in shown(state, room=Room(running=10))


def test_once_in_a_pipe(run: Run, tmp_path: Path) -> None:
    env = TrajectoryRecorder(Counting(1), tmp_path, agent="someone")
    env.reset()
    env.step(0)
    env.close()
    code, out, _ = run("status", str(tmp_path))
    assert code == 0
    assert "1 run: 1 done" in out
    code, out, _ = run("status", str(tmp_path), "--json")
    state = json.loads(out)
    assert (state["is_over"], state["runs"][0]["agent"], state["runs"][0]["episodes"][0]["steps"]) == (
        True,
        "someone",
        1,
    )


def test_no_dataset_is_told(run: Run, tmp_path: Path) -> None:
    code, _, err = run("status", str(tmp_path))
    assert code == 2
    assert "no dataset.json" in err


def test_a_terminal_follows_until_all_have_ended(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Counting(1), tmp_path)
    env.reset()
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "agentgym", "status", str(tmp_path), "--follow"],
        stdout=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
    ) as process:
        os.close(theirs)
        said = until(ours, b"1 running")
        env.step(0)
        env.close()
        said += until(ours, b"1 done")
        while chunk := _read(ours):
            said += chunk
        assert process.wait(30) == 0
    os.close(ours)
    assert b"\x1b[" in said


def until(descriptor: int, text: bytes) -> bytes:
    said = b""
    while text not in said:
        chunk = _read(descriptor)
        assert chunk, said
        said += chunk
    return said


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux's end of a terminal that nobody has open
        return b""


@pytest.mark.parametrize("follow", [(), ("--follow",)])
def test_what_was_not_recorded_here_is_said_to_be_elsewhere(run: Run, tmp_path: Path, follow: tuple[str, ...]) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", {"id": "a"})
    out, board = str(tmp_path / "out"), str(tmp_path / "traces")
    again = ("run", tasks, "--agent", "random", "--max-steps", "1", "--out", out, *ON_MEMORY)
    assert run(*again, "--no-trace")[0] == 0
    code, _, err = run("status", out, *follow)
    assert (code, f"{out} was run without recording; `agentgym results {out}` shows" in err) == (2, True)
    assert run(*again, "--fresh", "--trace-dir", board)[0] == 0
    code, _, err = run("status", out, *follow)
    assert (code, f"{out} is recorded in {board}" in err) == (2, True)


def test_a_dataset_without_runs_has_no_episodes_yet() -> None:
    console = Console(width=140, record=True, file=StringIO())
    console.print(view(RunState(), title="data/", now=datetime(2026, 1, 1, tzinfo=UTC), planned=1))
    assert "episodes 0 of 1 planned" in console.export_text()


def test_what_was_planned_is_told(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "data")
    tasks = write_tasks(tmp_path / "tasks.jsonl", {"id": "a"}, {"id": "b"})
    assert run("run", tasks, "--agent", "random", "--max-steps", "1", "--out", out, *ON_MEMORY)[0] == 0
    _, said, _ = run("status", out)
    assert "episodes 2 done of 2 planned" in said
    _, said, _ = run("status", out, "--json")
    assert json.loads(said)["planned"] == 2
