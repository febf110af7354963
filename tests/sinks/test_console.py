"""What a person reads while an episode runs."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from agentgym.errors import UsageError
from agentgym.events import Bus, ModelResponse, Note, Step
from agentgym.sinks import make_sink
from agentgym.sinks.console import ConsoleLines
from tests.export.traces import SECRET, record_talks


def shown(path: Path, *, level: int = 1, width: int = 160) -> list[str]:
    """The lines of a recording, without their times and the run's name."""
    dataset, out = record_talks(path), io.StringIO()
    sink = ConsoleLines(level=level, console=Console(file=out, width=width))
    for run_id in dataset.runs:
        for record in dataset.records(run_id):
            sink(record)
    sink.close()
    return out.getvalue().splitlines()


def words(lines: list[str]) -> list[str]:
    return [line[17:25].strip() for line in lines]


def test_an_episode_is_told_as_it_goes(tmp_path: Path) -> None:
    lines = shown(tmp_path / "data")
    turn = ["model", "tool"]
    assert words(lines)[:12] == ["reset", *turn, "step 1", *turn, "step 2", *turn, "step 3", "score", "reward"]
    assert lines[0].endswith("sums/three  seed 0  agent talker  model adder-1")
    assert "adder-1  100 → 10 tokens" in lines[1]
    assert lines[1].endswith('add({"numbers": [2, 3]})')
    assert "+1.00" in lines[9]
    assert "ended" in lines[9]
    assert "score   1.00  return 1.00  3 steps" in lines[10]
    assert lines[10].endswith("300 → 30 tokens")
    assert lines[11].endswith("tidy of step 1  +0.25")


def test_what_failed_is_told_with_whose_fault_it_is(tmp_path: Path) -> None:
    lines = shown(tmp_path / "data")
    (failed,) = [line for line in lines if line[17:25].strip() == "failed"]
    assert failed.endswith("BackendError: the slate at /dev/slate7 is broken, code 17  (the machine, not the agent)")
    assert "unscored  return 0.00  1 steps" in lines[-1]
    assert any("could not convert string to float" in line for line in lines)


def test_quiet_tells_of_ends_and_failures_alone(tmp_path: Path) -> None:
    assert words(shown(tmp_path / "data", level=0)) == ["score", "score", "failed", "end"]


def test_verbose_tells_what_was_said(tmp_path: Path) -> None:
    lines = shown(tmp_path / "data", level=2)
    assert "thought" in words(lines)
    assert any(line.endswith("I call add.") for line in lines)
    assert any("lakeview_summary: adds two numbers" in line for line in lines)
    assert any("Traceback" in line or "raise BackendError" in line for line in lines)


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    for level in range(4):
        assert SECRET not in "".join(shown(tmp_path / str(level), level=level, width=400))


def test_figures_are_seen_where_the_line_is_cut(tmp_path: Path) -> None:
    lines = shown(tmp_path / "data", width=60)
    assert max(map(len, lines)) <= 60
    assert any("100 → 10 tokens" in line for line in lines)
    assert any("+1.00" in line for line in lines)


def test_what_a_model_wrote_does_not_steer_the_terminal() -> None:
    out, bus = io.StringIO(), Bus()
    bus.subscribe(ConsoleLines(level=3, console=Console(file=out, width=160)))
    bus.publish(ModelResponse(call_id="1", content="\x1b]0;title\x07 \x1b[2J[bold]all[/bold]", reasoning="\x1b[1m"))
    bus.publish(Note(kind="\x1b[31m", text="\x9b31m"))
    bus.publish(Step(step=1, observation=None, action="\x1b[2J", reward=0.0, terminated=False, truncated=False))
    assert "\x1b" not in out.getvalue()
    assert "\x9b" not in out.getvalue()
    assert "[bold]all[/bold]" in out.getvalue()


def test_an_episode_that_was_not_seen_to_begin_is_told() -> None:
    out, bus = io.StringIO(), Bus()
    bus.publish(Note(kind="tag"))
    bus.subscribe(ConsoleLines(console=Console(file=out, width=160)))
    bus.publish(Step(step=7, observation=None, action="click(1, 2)", reward=-0.5, terminated=False, truncated=False))
    assert "step 7  -0.50  click(1, 2)" in out.getvalue()


def test_it_writes_to_the_standard_error() -> None:
    program = """
from agentgym.events import Bus, Step
from agentgym.sinks import attached
bus = Bus()
with attached(bus, ["console"]):
    bus.publish(Step(step=1, observation=None, action="noop", reward=0.5, terminated=True, truncated=False))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "step 1  +0.50  ended  noop" in done.stderr


def test_a_level_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="'console:-w' is one of: console:-q, console:, console:-v"):
        make_sink("console:-w")
