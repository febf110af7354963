"""What tasks of tools are made of: calls, setup steps, checks and draws."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, TypeVar

import numpy as np

from agentgym.actions import RawAction, ToolCall
from agentgym.families import Observation
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep, Task

__all__ = [
    "HOME",
    "Calls",
    "answer_is",
    "bash",
    "call",
    "draw",
    "draw_level",
    "draw_some",
    "each_with",
    "edit",
    "execute",
    "file_is",
    "getter",
    "lay",
    "lay_all",
    "make_task",
    "python",
    "read",
    "repository_is",
    "rule",
    "sql",
    "submit",
    "tree_is",
    "write",
]

HOME = "/home/user"

T = TypeVar("T")

Calls = Generator[RawAction, Observation, None]
"""A script of calls."""


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name, arguments)


def bash(command: str) -> ToolCall:
    return call("bash", command=command)


def python(code: str) -> ToolCall:
    return call("python", code=code)


def read(path: str) -> ToolCall:
    return call("read", path=path)


def write(path: str, content: str) -> ToolCall:
    return call("write", path=path, content=content)


def edit(path: str, old: str, new: str) -> ToolCall:
    return call("edit", path=path, old=old, new=new)


def sql(database: str, statement: str) -> ToolCall:
    return call("sql", database=database, statement=statement)


def submit(answer: str) -> ToolCall:
    return call("submit", answer=answer)


def draw(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def draw_some(rng: np.random.Generator, choices: Sequence[T], count: int) -> list[T]:
    """``count`` different ones of the choices."""
    return [choices[int(index)] for index in rng.choice(len(choices), size=count, replace=False)]


def draw_level(rng: np.random.Generator) -> int:
    """How hard a task is to be: 1, 2 or 3."""
    return int(rng.integers(1, 4))


def make_task(
    name: str,
    instruction: str,
    *,
    setup: Iterable[SetupStep],
    checks: Sequence[Check],
    tools: Sequence[str],
    drawn: Mapping[str, Any],
    max_steps: int = 30,
) -> Task:
    """A task that is done with tools alone.

    Args:
        name: with the suite: ``"shell/find-files"``.
        checks: what must hold in the end, all of it.
        drawn: what the scripts of the family need to know, kept as ``Task.seed_params``.
    """
    return Task(
        id=name,
        instruction=instruction,
        setup=tuple(setup),
        evaluator=EvaluatorSpec(tuple(checks)),
        tools=tuple(tools),
        max_steps=max_steps,
        seed_params=dict(drawn),
    )


def lay(path: str, content: str) -> SetupStep:
    """Lays a text file."""
    return SetupStep("file", {"path": path, "content": content})


def lay_all(folder: str, files: Mapping[str, str]) -> list[SetupStep]:
    """Lays text files, by path in a folder."""
    return [lay(f"{folder}/{name}", content) for name, content in files.items()]


def execute(script: str) -> SetupStep:
    """Runs a shell script, whose failure is a fault of the task."""
    return SetupStep("execute", {"command": ["sh", "-ec", script], "check": True})


def each_with(names: Iterable[str], command: Callable[[str], str]) -> str:
    """A script that runs a command on each name: those with the same one share a process, which is what takes time."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(command(name), []).append(shlex.quote(name))
    return "\n".join(f"{how} -- {' '.join(which)}" for how, which in alike.items())


def rule(expected: Any) -> GetterSpec:
    return GetterSpec("rule", {"type": "rule", "rules": {"expected": expected}})


def file_is(path: str, text: str) -> Check:
    """Whether a file holds a text; one newline at the end more or less does not matter."""
    bare = text.removesuffix("\n")
    return Check("match_in_list", getter("file_text", path=path), rule([bare, f"{bare}\n"]))


def tree_is(
    folder: str, files: Mapping[str, str], *, modes: Mapping[str, str] | None = None, skip: Sequence[str] = ()
) -> Check:
    """Whether a folder holds these files with these texts, and nothing else.

    Args:
        files: by path; the folders above them are expected, too; an empty one is written ``"name/"``.
        modes: if they matter, of each entry as ``"755"``, a folder written ``"name/"``.
        skip: names that do not matter.
    """
    expected: dict[str, Any] = {**dict.fromkeys(_folders(files), ""), **files}
    if modes is not None:
        expected = {name: [modes[name], content] for name, content in expected.items()}
    config = {"path": folder, "modes": modes is not None, "skip": list(skip)}
    return Check("exact_match", getter("file_tree", **config), rule(expected))


def repository_is(path: str, expected: Mapping[str, Any]) -> Check:
    """Whether a repository holds what `agentgym.evaluators.getters.repositories` would give of it, to the letter."""
    return Check("exact_match", getter("git_repository", path=path), rule(dict(expected)))


def answer_is(answer: Any) -> Check:
    """Whether this was submitted; an object as JSON."""
    return Check(
        "check_direct_json_object" if isinstance(answer, Mapping) else "matches", getter("answer"), rule(answer)
    )


def getter(kind: str, /, **config: Any) -> GetterSpec:
    """What fetches one side of a check."""
    return GetterSpec(kind, {"type": kind, **config})


def _folders(files: Iterable[str]) -> set[str]:
    parents = (PurePosixPath(name.removesuffix("/")).parents for name in files)
    return {f"{parent}/" for above in parents for parent in above if str(parent) != "."}
