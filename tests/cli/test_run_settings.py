"""``agentgym run`` with settings from everywhere, a real address to ask, and secrets to keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgym import Dataset
from agentgym.events import RunStarted
from tests.cli.conftest import Run, on_memory, write_tasks
from tests.modelserver import call, fault, say, serving

pytestmark = pytest.mark.episodes

FIVE = {
    "id": "five",
    "instruction": "Write the sum of 2 and 3 into five.txt.",
    "tools": ["bash"],
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "/home/user/five.txt"]},
        "expected": {"type": "rule", "rules": {"expected": "5\n"}},
    },
}
KEY = "a key of no form that is known"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "data" / "results.jsonl").read_text().splitlines()]


def test_no_secret_is_written_anywhere(tmp_path: Path, elsewhere: Path, run: Run) -> None:
    """Of ``.env``, whether the model acts, quotes its key or is refused."""
    source = write_tasks(tmp_path / "tasks.jsonl", FIVE, {**FIVE, "id": "six"})
    (elsewhere / ".env").write_text(f"OPENAI_API_KEY={KEY!r}\n")
    script: list[Any] = [
        call("bash", command="echo 5 > five.txt"),
        say("DONE"),
        call("bash", command=f"echo {KEY}"),
        fault(400),
    ]
    with serving(script, key=KEY) as server:
        (elsewhere / "run.toml").write_text(f'agent = "openai"\nmodel = "small"\nbase_url = "{server.url}"\n')
        told = ("--config", "run.toml", "--out", "data", "--sink", "jsonl:events.jsonl", "--engine", "threads")
        code, out, err = run("run", source, *told, "--workers", "1")
    assert [len(server.requests), code] == [4, 1], out + err
    assert [line["status"] for line in lines(elsewhere)] == ["scored", "error"]
    written = [path for path in elsewhere.rglob("*") if path.is_file() and path.name != ".env"]
    wanted = {"args.json", "results.jsonl", "results_summary.jsonl", "dataset.json", "events.jsonl"}
    assert wanted <= {path.name for path in written}
    assert [path.name for path in written if KEY.encode() in path.read_bytes()] == []
    assert KEY not in out + err


def test_flags_win_over_variables_and_they_over_the_file(
    tasks: str, elsewhere: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "run.toml").write_text(f'tasks = "{tasks}"\nagent = "noop"\nseed = 1\nepisodes = 1\nout = "data"\n')
    (elsewhere / ".env").write_text("AGENTGYM_SEED=2\nAGENTGYM_EPISODES=2\nTRACE_TRAJECTORY=0\n")
    monkeypatch.setenv("AGENTGYM_SEED", "3")
    memory = ("--backend", "memory", "--engine", "serial")
    code, _, err = run("run", "--config", "run.toml", *memory, "--agent-option", "steps=2")
    assert code == 0, err
    assert {(line["agent"], line["seed"], line["steps"]) for line in lines(elsewhere)} == {
        ("noop", 3, 3),
        ("noop", 4, 3),
    }
    args = json.loads((elsewhere / "data" / "args.json").read_text())
    assert (args["trace"], args["seed"], args["episodes"]) == (False, 3, 2)
    assert not (elsewhere / "data" / "dataset.json").exists()


def test_a_mistaken_setting_is_told_with_its_place(tasks: str, elsewhere: Path, run: Run) -> None:
    (elsewhere / "run.yaml").write_text("agent: noop\nworker: 2\n")
    code, out, err = run("run", tasks, "--config", "run.yaml")
    assert (code, out, err) == (2, "", "agentgym: run.yaml: no setting 'worker'; did you mean 'workers'?\n")


def test_a_run_is_recorded_where_nothing_is_said(tasks: str, elsewhere: Path, run: Run) -> None:
    _, out, _ = run(*on_memory(tasks, "--agent", "noop"))
    (folder,) = (elsewhere / "runs").iterdir()
    assert f"dataset: runs/{folder.name}\n" in out
    data = Dataset(folder)
    assert len(data) == 2
    started = next(iter(data.records(data.runs[0]))).payload
    assert isinstance(started, RunStarted)
    assert started.session_id == folder.name


def test_nothing_is_kept_where_nothing_is_asked_for(tasks: str, elsewhere: Path, run: Run) -> None:
    code, out, _ = run(*on_memory(tasks, "--agent", "noop", "--no-trace"))
    assert code == 0
    assert "2 episodes, 2 scored" in out
    assert list(elsewhere.iterdir()) == []


def test_a_session_that_is_named_goes_on_by_its_name(tasks: str, elsewhere: Path, run: Run) -> None:
    run(*on_memory(tasks, "--agent", "noop", "--session", "mine"))
    _, out, _ = run(*on_memory(tasks, "--agent", "noop", "--session", "mine"))
    assert "2 of them had finished before\ndataset: runs/mine\n" in out
    code, _, err = run(*on_memory(tasks, "--agent", "noop", "--session", "yours", "--out", "runs/mine"))
    assert code == 2
    assert "runs/mine is of the session 'mine', not 'yours'" in err


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        (("--hook", "tool_call=refus"), "did you mean 'refuse'?"),
        (("--hook", "tool_call=refus:rm_*"), "did you mean the hook 'refuse'?"),
        (("--hook", "tool_call=agentgym.hooks:nofn"), "'agentgym.hooks' has no 'nofn'"),
        (("--agent", "nop"), "did you mean 'noop'?"),
        (("--agent-option", "stepps=3"), "stepps"),
        (("--sink", "redis://localhost:many/0"), "redis://localhost:many/0"),
        (("--sink", "consol"), "did you mean 'console'?"),
        (("--wrapper", "agentgym.wrappers:Nothing"), "'agentgym.wrappers' has no 'Nothing'"),
        (("--engine", "proceses"), "did you mean 'processes'?"),
        (("--engine-option", "worker=2"), "did you mean 'workers'?"),
        (("--engine-option", "retries=2"), "the engine's retries is said by --retries"),
        (("--env-option", "screeen=3"), "screeen"),
        (("--timeout", "5"), "'serial' cannot end an item after 5 s"),
        (("--session", "a/b"), "--session: a session is named by letters"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_made(
    mistake: tuple[str, ...], says: str, tasks: str, elsewhere: Path, run: Run
) -> None:
    kept = ("--out", "data", "--trace-dir", "recorded/here", "--contact-sheet", "sheets/one.png")
    usual = ("--backend", "memory", "--agent", "noop", "--engine", "serial")
    code, out, err = run("run", tasks, *usual, *kept, *mistake)
    assert (code, out) == (2, "")
    assert err.startswith("agentgym: ")
    assert says in err
    assert list(elsewhere.iterdir()) == []


def test_hooks_and_sinks_are_named_on_the_command_line(tasks: str, elsewhere: Path, run: Run) -> None:
    hook = {"point": "step", "hook": "refuse", "arguments": {"action": "."}}
    told = ("--hook", json.dumps(hook), "--sink", "jsonl:events.jsonl", "--agent-option", "steps=1", "--max-steps", "2")
    code, out, err = run(*on_memory(tasks, "--agent", "noop", *told))
    assert code == 0, out + err
    events = [json.loads(line) for line in (elsewhere / "events.jsonl").read_text().splitlines()]
    steps = [event["payload"]["info"] for event in events if event["event_type"] == "step"]
    assert len(steps) == 4
    assert all("refused" in info["action_error"] for info in steps)
