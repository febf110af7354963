"""What follows a snapshot that was restored is what follows the same actions from the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from agentgym.envs.tools import ToolEnv

pytestmark = pytest.mark.episodes

_TOOLS = ["bash", "python", "read", "write", "edit", "list", "grep", "sql", "calculator", "save_findings"]
_TASK = {
    "id": "branches",
    "instruction": "Do something.",
    "config": [
        {"type": "file", "parameters": {"path": "~/notes.txt", "content": "one\ntwo\nthree\n"}},
        {"type": "execute", "parameters": {"command": ["mkdir", "-p", "/home/user/project/src"]}},
    ],
    "tools": _TOOLS,
    "max_steps": 100,
}
_BASH = (
    "echo {n} >> notes.txt; wc -l notes.txt",
    "x=$((x + {n})); echo $x $RANDOM",
    "mkdir -p d{n}; cd d{n}; pwd",
    "cd; ls -A; cat notes.txt | sort | tail -n 3",
    "rm -rf d* notes.txt; ls",
    "list+=({n}); echo ${{#list[@]}} ${{list[@]}}",
    "f() {{ echo f{n}; }}; f; declare -F",
    "f; echo $?",
    "chmod 4{n}4 notes.txt; stat -c %a notes.txt",
    "ln -sf notes.txt link{n}; readlink link*",
    "git init -q r{n} 2>&1; cd r{n}; echo {n} > a; git add a; git commit -qm c{n}; git log --format=%h; cd",
    "exit {n}",
    "export V{n}=$RANDOM; env | grep ^V | sort",
    "false; echo $?; umask 02{n}",
)
_PYTHON = (
    "n = globals().get('n', 0) + {n}; n",
    "import random; random.random(), random.randrange({n} + 1)",
    "seen = [*globals().get('seen', []), {n}]; seen",
    "def g(a=globals().get('n', 0)): return a + {n}\ng()",
    "import os; open('from-python', 'a').write('{n}'); os.path.getsize('from-python')",
    "class C{n}:\n    v = {n}\nc = C{n}(); c.v, sorted(k for k in globals() if k.startswith('C'))",
    "1 / {n}",
    "gen = iter(range({n})); len(globals().get('seen', ()))",
    "g.__defaults__",
)
_SQL = (
    "create table if not exists t (a, b)",
    "insert into t values ({n}, 'x{n}')",
    "select a, count(*) from t group by a order by a",
    "delete from t where a = {n}",
    "update t set b = {n}",
)


def a_call(rng: np.random.Generator) -> dict[str, Any]:
    n = int(rng.integers(5))

    def pick(lines: Sequence[str]) -> str:
        return lines[int(rng.integers(len(lines)))].format(n=n)

    calls: Sequence[tuple[str, Any]] = (
        ("bash", lambda: {"command": pick(_BASH)}),
        ("bash", lambda: {"command": pick(_BASH)}),
        ("python", lambda: {"code": pick(_PYTHON)}),
        ("sql", lambda: {"database": "data.db", "statement": pick(_SQL)}),
        ("write", lambda: {"path": f"w{n}/f.txt", "content": f"line {n}\n" * n}),
        ("edit", lambda: {"path": "notes.txt", "old": "two", "new": f"two {n}"}),
        ("read", lambda: {"path": f"w{n}/f.txt"}),
        ("list", lambda: {"depth": 3}),
        ("grep", lambda: {"pattern": f"{n}"}),
        ("calculator", lambda: {"expression": f"{n} * 7 / 3"}),
        ("save_findings", lambda: {"findings": f"found {n}"}),
    )
    name, arguments = calls[int(rng.integers(len(calls)))]
    return {"name": name, "arguments": arguments()}


def check_branches(count: int) -> None:
    """Grows a tree of ``count`` branches by restoring, and plays each of its paths from the start as well."""
    grown, played = ToolEnv(task=_TASK), ToolEnv(task=_TASK)
    rng = np.random.default_rng(7)
    try:
        observation, _ = grown.reset(seed=11)
        tree: list[tuple[list[dict[str, Any]], Any, str]] = [([], grown.snapshot(), observation)]
        for branch in range(count):
            path, token, seen = tree[int(rng.integers(len(tree)))]
            assert grown.restore(token) == seen
            calls = [a_call(rng) for _ in range(int(rng.integers(1, 4)))]
            got = [grown.step(call)[0] for call in calls]
            token = grown.snapshot()
            played.reset(seed=11)
            again = [played.step(call)[0] for call in [*path, *calls]]
            assert again[len(path) :] == got, f"branch {branch}: {[*path, *calls]}"
            if len(path) < 12 and len(tree) < 200:
                tree.append(([*path, *calls], token, got[-1]))
    finally:
        grown.close()
        played.close()


def test_branches_are_what_a_replay_gives() -> None:
    check_branches(60)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_thousand_branches_are_what_a_replay_gives() -> None:
    check_branches(1000)


def test_token_of_one_environment_is_taken_by_another_that_has_done_nothing() -> None:
    first, second = ToolEnv(task=_TASK), ToolEnv(task=_TASK)
    try:
        first.reset(seed=1)
        first.step({"name": "bash", "arguments": {"command": "x=5; echo 1 > made"}})
        first.step(
            {"name": "python", "arguments": {"code": "kept = 1; lost = iter(())\ndel lost\ng = (i for i in [])"}}
        )
        token = first.snapshot()
        assert list(token.lost) == ["g"]
        second.reset(seed=2)
        second.restore(token)
        looked = second.step({"name": "bash", "arguments": {"command": "echo $x; cat made"}})[4]["tool_results"]
        assert looked[0]["content"] == "5\n1\n"
        second.close()
        second.restore(token)
        assert second.step({"name": "python", "arguments": {"code": "kept"}})[4]["tool_results"][0]["content"] == "1\n"
    finally:
        first.close()
        second.close()
