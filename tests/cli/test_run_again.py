"""``agentgym run`` that is ended in the middle, by all means there are, and called again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentgym import Dataset
from agentgym.events import RunStarted
from tests.cli.conftest import SAVED, Run, on_memory, write_tasks

pytestmark = pytest.mark.episodes

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
UNSCORABLE = {**SAVED, "options": {"nonsense": 1}}


def started(*arguments: str, path: Path, **environment: str) -> subprocess.Popen[str]:
    """The command in a session of its own, with modules of ``path``."""
    return subprocess.Popen(
        [sys.executable, "-m", "agentgym", "run", *arguments],
        env={**os.environ, "PYTHONPATH": f"{path}:{ROOT}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_over(session: int) -> bool:
    """Whether none of its processes runs any more; who is nobody's child now may be a zombie for good."""
    states = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            states += [fields[0]] if int(fields[3]) == session else []
    return set(states) <= {"Z", "X"}


def lines(data: Path, name: str = "results.jsonl") -> list[dict[str, Any]]:
    path = data / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def finished(data: Path) -> list[tuple[str, int]]:
    return [(line["task"], line["seed"]) for line in lines(data) if line["status"] == "scored"]


def test_a_run_that_is_killed_goes_on_and_does_nothing_twice(tmp_path: Path, run: Run) -> None:
    data = tmp_path / "data"
    arguments = ("shell", "--num-envs", "2", "--out", str(data))
    with started(*arguments, path=tmp_path) as process:
        wait_for(lambda: len(finished(data)) >= 1, process)
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    wait_for(lambda: is_over(process.pid))
    before = (data / "results.jsonl").read_bytes()
    done = finished(data)
    assert 1 <= len(done) < 9
    code, out, err = run("run", *arguments)
    assert code == 0, err
    assert f"{len(done)} of them had finished before" in out
    assert (data / "results.jsonl").read_bytes().startswith(before[: before.rfind(b"\n") + 1])
    assert set(Counter(finished(data)).values()) == {1}
    assert len(finished(data)) == 9
    summary = [(line["task"], line["seed"], line["score"]) for line in lines(data, "results_summary.jsonl")]
    assert len(summary) == len(set(summary)) == 9
    recorded = Dataset(data)
    begun = [next(iter(recorded.records(run_id))) for run_id in recorded.runs]
    # What was in the middle when it was killed is a recording without an end, and has its line, too.
    assert sorted(line["run_id"] for line in lines(data)) == [record.run_id for record in begun]
    told = {line["run_id"]: (line["session_id"], line["attempt"]) for line in lines(data)}
    for record in begun:
        assert isinstance(record.payload, RunStarted)
        assert told[record.run_id] == (record.payload.session_id, record.payload.attempt)


HANGING = """
import os, select

def script(task):
    if task.id == "b" and not os.path.exists(os.environ["READY"]):
        open(os.environ["READY"], "w").close()
        select.select([], [], [])
    yield {"action_type": "DONE"}
"""


@pytest.mark.parametrize("engine", ["processes", "serial"])
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_interrupted_goes_on(
    engine: str, number: int, status: int, tasks: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hanging_once.py").write_text(HANGING)
    ready, data = tmp_path / "ready", tmp_path / "data"
    machine = ("--backend", "memory", "--engine", engine, "--agent", "scripted:hanging_once:script")
    kept = ("--out", str(data), "--session", "mine")
    with started(tasks, *machine, *kept, path=tmp_path, READY=str(ready)) as process:
        wait_for(lambda: ready.exists() and bool(lines(data)), process)
        process.send_signal(number)
        _, err = process.communicate()
    assert process.returncode == status, err
    assert err == "agentgym: interrupted; 1 of 2 episodes ended before; the same command goes on\n"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("READY", str(ready))
    code, out, err = run("run", tasks, *machine[:2], "--engine", "serial", *machine[4:], *kept)
    assert code == 0, err
    assert "1 of them had finished before" in out
    assert [(line["task"], line["attempt"], line["error_kind"]) for line in lines(data)] == [
        ("a", 1, None),
        ("b", 1, "interrupted"),
        ("b", 2, None),
    ]
    assert len({line["session_id"] for line in lines(data)}) == 1


STUBBORN = """
import os, select

def script(task):
    try:
        open(os.environ["READY"], "w").close()
        select.select([], [], [])
    finally:
        open(os.environ["READY"] + "2", "w").close()
        select.select([], [], [])
    yield {"action_type": "DONE"}
"""


def test_a_second_interrupt_ends_with_the_same_status_and_is_no_result(tasks: str, tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    ready, again, data = tmp_path / "ready", tmp_path / "ready2", tmp_path / "data"
    machine = ("--backend", "memory", "--engine", "serial", "--agent", "scripted:stubborn:script")
    said = []
    for _ in range(2):
        ready.unlink(missing_ok=True)
        again.unlink(missing_ok=True)
        with started(tasks, *machine, "--out", str(data), path=tmp_path, READY=str(ready)) as process:
            wait_for(ready.exists, process)
            process.send_signal(signal.SIGINT)
            wait_for(again.exists, process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate()
        said.append((process.returncode, err))
    # The second call has a line of what the first one could not end, which did not end all the same.
    assert said == [(130, "agentgym: interrupted; 0 of 2 episodes ended before; the same command goes on\n")] * 2
    assert [line["error_kind"] for line in lines(data)] == ["interrupted"]


def test_a_second_process_is_told_who_writes(tasks: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "hanging_once.py").write_text(HANGING)
    ready, data = tmp_path / "ready", tmp_path / "data"
    arguments = (tasks, "--backend", "memory", "--engine", "serial", "--out", str(data))
    with started(*arguments, "--agent", "scripted:hanging_once:script", path=tmp_path, READY=str(ready)) as process:
        wait_for(ready.exists, process)
        code, out, err = run("run", *arguments, "--agent", "noop")
        process.kill()
        process.communicate()
    assert (code, out) == (2, "")
    assert f"{data} is being written by process {process.pid} on " in err


def test_results_are_shown_again_from_the_files(tasks: str, tmp_path: Path, run: Run) -> None:
    data = tmp_path / "data"
    machine = ("--backend", "memory", "--engine", "serial", "--agent", "noop")
    _, table, _ = run("run", tasks, *machine, "--out", str(data), "--no-trace")
    with (data / "results.jsonl").open("ab") as file:
        file.write(b'{"ts": "2026')
    code, again, err = run("results", str(data))
    assert (code, err) == (0, "")
    assert table.startswith(again)
    _, out, _ = run("results", str(data), "--json")
    report = json.loads(out)
    assert [(row["task"], row["score"]) for row in report["rows"]] == [("a", 1.0), ("b", 0.0)]
    assert report["summary"]["mean_score"] == 0.5


def test_a_folder_without_results_is_told(tmp_path: Path, run: Run) -> None:
    code, _, err = run("results", str(tmp_path))
    assert code == 2
    assert "holds no results" in err


def test_the_last_screens_of_what_had_finished_are_drawn_from_the_recording(
    tasks: str, tmp_path: Path, run: Run
) -> None:
    sheets = [tmp_path / "first.png", tmp_path / "again.png"]
    machine = ("--backend", "memory", "--engine", "serial", "--agent", "noop", "--out", str(tmp_path / "data"))
    for sheet in sheets:
        assert run("run", tasks, *machine, "--contact-sheet", str(sheet))[0] == 0
    assert sheets[0].read_bytes() == sheets[1].read_bytes()


def test_what_each_call_was_told_is_kept(tasks: str, tmp_path: Path, run: Run) -> None:
    data = tmp_path / "data"
    machine = ("--backend", "memory", "--engine", "serial", "--agent", "noop", "--out", str(data), "--no-trace")
    run("run", tasks, *machine)
    run("run", tasks, *machine, "--episodes", "2")
    args = json.loads((data / "args.json").read_text())
    assert (args["episodes"], args["agent"], args["trace"]) == (2, "noop", False)
    assert ["episodes" in call["given"] for call in args["calls"]] == [False, True]


def test_of_many_results_those_are_shown_that_failed(tmp_path: Path, run: Run) -> None:
    fine = [{"id": f"t{number}", "evaluator": {"func": "infeasible"}} for number in range(200)]
    source = write_tasks(tmp_path / "tasks.jsonl", *fine, {"id": "broken", "evaluator": UNSCORABLE})
    code, out, _ = run(*on_memory(source, "--agent", "noop", "--no-trace"))
    assert code == 1
    assert "201 results, of which 1 are shown; --json has all" in out
    assert "broken" in out
    assert "t199" not in out
    assert "201 episodes, 200 scored, 1 failed" in out
