"""What tools in the sandbox cost: calls, resets, snapshots, and many environments at once."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from rich.console import Console
from tools_table import Line, duration, timed

from agentgym.backends.sandbox.bubblewrap import visible_python
from agentgym.envs.tools import ToolEnv
from agentgym.families import suites
from agentgym.tasks import SetupStep, Task

__all__ = ["calls", "many", "resets", "snapshots"]

_SUITES = ("shell", "data", "code", "service", "research")
_CALL_S, _RESET_S, _RESTORE_S = 0.010, 0.050, 0.020
# A file is laid, so that each reset starts or empties the machine, and not the first call.
_TASK = Task(
    id="bench",
    instruction="Call the tools.",
    tools=("bash", "python"),
    setup=(SetupStep("file", {"path": "/home/user/a", "content": "a"}),),
)
_BWRAP = (
    "bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/home",
    "--unshare-all", "--die-with-parent",
)  # fmt: skip


def made(**given: Any) -> gym.Env[Any, Any]:
    return gym.make("agentgym/Tools-v0", **given)


def asked(env: gym.Env[Any, Any], name: str, **arguments: Any) -> str:
    """The result of a call, written as a model writes it.

    Raises:
        RuntimeError: if the tool failed.
    """
    (result,) = env.step(json.dumps({"name": name, "arguments": arguments}))[4]["tool_results"]
    if not result["ok"]:
        raise RuntimeError(f"{name} failed: {result['content']}")
    return str(result["content"])


def calls(console: Console, count: int) -> list[Line]:
    """A call in the sandbox that is kept, against a process for each."""
    env = made(task=_TASK)
    try:
        env.reset(seed=0)
        return [
            *_calls_of(console, "bash", ["bash", "-c"], "echo $((6 * 7))", env, count, command="echo $((6 * 7))"),
            *_calls_of(console, "python", [visible_python(), "-c"], "print(6 * 7)", env, count, code="print(6 * 7)"),
        ]
    finally:
        env.close()


def _calls_of(
    console: Console, name: str, program: list[str], text: str, env: gym.Env[Any, Any], count: int, **arguments: str
) -> Iterator[Line]:
    console.log(f"calls of {name}")
    sides: Mapping[str, Callable[[], str]] = {
        "": partial(asked, env, name, **arguments),
        f"{Path(program[0]).name} -c by subprocess.run, no sandbox": partial(_output, [*program, text]),
        "a fresh bubblewrap each time": partial(_output, [*_BWRAP, *program, text]),
        "a fresh sandbox of ours each time": partial(_in_a_fresh_one, name, arguments),
    }
    spent: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(count):
        for side, call in sides.items():
            start = time.perf_counter()
            answer = call()
            spent[side].append(time.perf_counter() - start)
            assert answer.strip() == "42", (name, side, answer)
    medians = {side: statistics.median(each) for side, each in spent.items()}
    ours = medians.pop("")
    part = "A call in the sandbox, gym.make, JSON text"
    yield Line(part, name, duration(ours), wanted="< 10 ms", holds=ours < _CALL_S)
    for side, seconds in medians.items():
        yield Line(part, f"{name} against {side}", duration(ours), duration(seconds), seconds / ours)


def _output(argv: Sequence[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _in_a_fresh_one(name: str, arguments: Mapping[str, str]) -> str:
    env = made(task=_TASK)
    try:
        env.reset(seed=0)
        return asked(env, name, **arguments)
    finally:
        env.close()


def resets(console: Console, count: int) -> list[Line]:
    """A reset of each family's tasks, in an environment that has been reset before, and used."""
    lines = []
    for name in (name for name in _SUITES if name in suites):
        console.log(f"resets of {name}")
        lines.append(_resets_of(name, count))
    return lines


def _resets_of(name: str, count: int) -> Line:
    env = made(tasks=name)
    inner = env.unwrapped
    assert isinstance(inner, ToolEnv)
    medians: dict[str, float] = {}
    try:
        for family in suites[name].families.values():
            task = family.make(np.random.default_rng(0))
            env.reset(seed=0, options={"task": task})
            spent = []
            for seed in range(count):
                if task.setup:
                    # Somebody was here, and left a shell, an interpreter and a file.
                    inner.context.workspace.bash("echo left > left", timeout_s=10, max_output=100)
                    inner.context.workspace.python("left = 1", timeout_s=10, max_output=100)
                spent.append(timed(partial(env.reset, seed=seed, options={"task": task})))
            medians[family.name] = statistics.median(spent)
    finally:
        env.close()
    median, worst = statistics.median(medians.values()), max(medians, key=medians.__getitem__)
    what = f"{name}, {len(medians)} families; the slowest, {worst}: {duration(medians[worst])}"
    return Line(
        "A reset of a suite's tasks, after an episode: the median family",
        what,
        duration(median),
        wanted="< 50 ms",
        holds=medians[worst] < _RESET_S,
    )


def snapshots(console: Console, count: int) -> list[Line]:
    """Saving and bringing back: a file, a folder, a shell's and an interpreter's variables were changed meanwhile."""
    lines: list[Line] = []
    for what, files, size, wanted in (
        ("a small state: 3 files of 1 kB", 3, 1_000, _RESTORE_S),
        ("50 files of 2 kB", 50, 2_000, None),
        ("20 files of 1 MB", 20, 1_000_000, None),
    ):
        console.log(f"snapshots of {what}")
        lines += _snapshots_of(what, files, size, count, wanted)
    return lines


def _snapshots_of(what: str, files: int, size: int, count: int, wanted: float | None) -> Iterator[Line]:
    env = made(task=_TASK)
    inner = env.unwrapped
    assert isinstance(inner, ToolEnv)
    spent: dict[str, list[float]] = {"snapshot": [], "snapshot after a change": [], "restore": [], "of all": []}
    try:
        for seed in range(count):
            env.reset(seed=seed)
            asked(env, "python", code=_writing(files, size))
            asked(env, "bash", command="mkdir -p work && cd work && export TOKEN=7 && echo a > notes")
            # The first also reads every file; those that follow what has changed.
            spent["snapshot"].append(timed(inner.snapshot))
            asked(env, "bash", command="echo b >> notes")
            spent["snapshot after a change"].append(timed(inner.snapshot))
            token = inner.snapshot()
            asked(env, "bash", command="echo c >> notes; cd /; TOKEN=8")
            asked(env, "python", code="found = 9")
            spent["restore"].append(timed(partial(inner.restore, token)))
            assert asked(env, "bash", command='echo "$TOKEN $PWD $(cat notes | wc -l)"') == "7 /home/user/work 2\n"
            asked(env, "bash", command="rm -r ~/*")
            spent["of all"].append(timed(partial(inner.restore, token)))
            assert asked(env, "python", code=_READING) == f"{files} {files * size} 7\n"
    finally:
        env.close()
    medians = {name: statistics.median(each) for name, each in spent.items()}
    part = f"Snapshot and restore: {what}, a shell, an interpreter"
    yield Line(part, "snapshot, the first", duration(medians["snapshot"]))
    yield Line(part, "snapshot after a change", duration(medians["snapshot after a change"]))
    says = "" if wanted is None else f"< {wanted * 1e3:g} ms"
    for name, seconds in (("a change", medians["restore"]), ("everything was removed", medians["of all"])):
        holds = None if wanted is None else seconds < wanted
        yield Line(part, f"restore after {name}", duration(seconds), wanted=says, holds=holds)


def _writing(files: int, size: int) -> str:
    return (
        "import os, pathlib\n"
        "found = 7\n"
        "folder = pathlib.Path.home() / 'files'\n"
        "folder.mkdir()\n"
        f"for number in range({files}):\n"
        f"    (folder / str(number)).write_bytes(os.urandom({size}))\n"
    )


_READING = "sizes = [one.stat().st_size for one in folder.iterdir()]\nprint(len(sizes), sum(sizes), found)"


def many(console: Console, count: int) -> list[Line]:
    """Many environments in one process, each with its own shell and interpreter in use."""
    console.log(f"{count} environments")
    opened, running = _descriptors(), set(descendants(os.getpid()))
    with ExitStack() as stack:
        envs = [stack.enter_context(_closing(made(task=_TASK))) for _ in range(count)]
        started = timed(lambda: [env.reset(seed=seed) for seed, env in enumerate(envs)])
        used = timed(lambda: _leave_all(envs))
        right = sum(_left(env) == (f"/tmp {number}\n", f"{number}\n") for number, env in enumerate(envs))
        again = timed(lambda: [env.reset(seed=seed) for seed, env in enumerate(envs)])
        _leave_all(envs)
        processes = set(descendants(os.getpid())) - running
        memory, descriptors = sum(map(_pss_mb, processes)), _descriptors() - opened
        closed = timed(stack.close)
    remaining = (len(set(descendants(os.getpid())) - running), _descriptors() - opened)
    part = f"{count} environments in one process, each with a shell and an interpreter in use"
    figures = {
        "started, one after the other": duration(started),
        "a first call of bash and of python in each": duration(used),
        "reset again, one after the other": duration(again),
        f"memory of all (PSS), {len(processes)} processes": f"{memory:,.0f} MB",
        "memory of one": f"{memory / count:.1f} MB",
        "file descriptors in this process": str(descriptors),
        "closed, one after the other": duration(closed),
    }
    return [
        Line(part, "answer with what is their own", f"{right} of {count}", wanted="all", holds=right == count),
        *(Line(part, what, figure) for what, figure in figures.items()),
        Line(part, "processes, descriptors that are left", f"{remaining}", wanted="none", holds=remaining == (0, 0)),
    ]


@contextmanager
def _closing(env: gym.Env[Any, Any]) -> Iterator[gym.Env[Any, Any]]:
    try:
        yield env
    finally:
        env.close()


def _leave_all(envs: Sequence[gym.Env[Any, Any]]) -> None:
    for number, env in enumerate(envs):
        asked(env, "bash", command=f"cd /tmp; MINE={number}")
        asked(env, "python", code=f"mine = {number}")


def _left(env: gym.Env[Any, Any]) -> tuple[str, str]:
    return asked(env, "bash", command="echo $PWD $MINE"), asked(env, "python", code="mine")


def descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, found):
            yield child
            yield from descendants(child)


def _pss_mb(pid: int) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(rollup.partition("\nPss:")[2].split()[0]) / 1024


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))
