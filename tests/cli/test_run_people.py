"""``agentgym run`` where a person is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.episodes

ROOT = Path(__file__).parents[2]
ASKING = ("--agent", "noop", "--backend", "memory", "--hook")


def called(tasks: str, *arguments: str, stdin: str | None) -> subprocess.CompletedProcess[str]:
    """The command with a pipe for its standard input, or with ``/dev/null``."""
    return subprocess.run(
        [sys.executable, "-m", "agentgym", "run", tasks, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
    )


@pytest.mark.parametrize(
    ("asking", "who"),
    [((*ASKING, "step=approve"), "the hook 'approve'"), (("--agent", "terminal"), "the agent 'terminal'")],
)
def test_nothing_starts_where_nobody_can_answer(asking: tuple[str, ...], who: str, tasks: str, elsewhere: Path) -> None:
    ended = called(tasks, *asking, "--out", "data", stdin=None)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"agentgym: {who} asks at the terminal, and standard input is none")
    assert list(elsewhere.iterdir()) == []


def test_answers_may_come_by_a_pipe(tasks: str) -> None:
    ended = called(tasks, *ASKING, "step=approve", stdin="a\n" * 20)
    assert (ended.returncode, "2 episodes, 2 scored" in ended.stdout) == (0, True), ended.stderr


def test_a_hook_with_a_default_needs_nobody(tasks: str) -> None:
    hook = '{"point": "step", "hook": "approve", "default": "approve"}'
    ended = called(tasks, *ASKING, hook, stdin=None)
    assert (ended.returncode, "2 episodes, 2 scored" in ended.stdout) == (0, True), ended.stderr
