"""What `agentgym serve-mcp` refuses, before anything is started; that it serves is in tests/serving."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write_tasks


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-place"], "no tasks at 'no-such-place'"),
        (["shell/no-such-task"], "no task in suite 'shell' named 'no-such-task'"),
        (["agentgym/Tools-v0"], "give either task= (one) or tasks="),
        (["CartPole-v1"], "actions of Discrete(2) cannot be called by name"),
        (["shell", "--hide", "evaluat"], "'evaluat' cannot be hidden; did you mean 'evaluate'"),
        (["shell", "--option", "no_such=1"], "agentgym/Tools-v0 cannot be made so"),
        (["shell", "--option", "tool=bash"], "unexpected keyword argument 'tool'; did you mean 'tools'?"),
        (["shell", "--option", "no_such"], "--option takes KEY=VALUE"),
        (["shell", "--idle", "3"], "--idle is for --http"),
    ],
)
def test_what_cannot_be_served_is_one_line(run: Run, arguments: list[str], said: str) -> None:
    code, out, err = run("serve-mcp", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = run("serve-mcp", "shell", "--http", port)
    assert (code, err) == (2, f"agentgym: cannot listen on port {port} of 127.0.0.1: Address already in use\n")


def test_tasks_for_two_kinds_of_environment_are_not_served_together(run: Run, tmp_path: Path) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "tools": ["bash"]}, {"id": "b"})
    code, _, err = run("serve-mcp", tasks)
    assert code == 2
    assert "has tasks for agentgym/Desktop-v0 and agentgym/Tools-v0; choose one of them" in err


def test_without_the_sdk_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    code, _, err = run("serve-mcp", "shell")
    assert (code, err) == (2, "agentgym: mcp is not installed: pip install 'agentgym-envs[mcp]'\n")
