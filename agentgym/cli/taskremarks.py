"""What is odd about a task though it can be played: what it says and nothing reads, what it waits for in vain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from agentgym.evaluators import remarks_on_spec
from agentgym.tasks import Task
from agentgym.tasks.parsing import TaskForm
from agentgym.tools import tools

__all__ = ["READ_BY_TOOLS", "remarks_on"]

READ_BY_TOOLS = ("clock", "corpus", "hosts", "mcp_servers", "search", "user")
"""The keys beside those of `TaskForm` that tools and their clock read."""

_READ = frozenset({*READ_BY_TOOLS, "hooks", "reward_hooks", *TaskForm.__struct_fields__})
_ALIKE = 0.8
_LONG = 30


def remarks_on(task: Task) -> Iterator[str]:
    """Each ends with the JSON path of what it is about."""
    yield from _on_keys(task)
    yield from _on_nested(task.metadata.get("metadata"))
    if task.evaluator is not None:
        yield from _on_submitting(task)
        yield from remarks_on_spec(task.evaluator)


def _on_keys(task: Task) -> Iterator[str]:
    for key in task.metadata:
        missing = set(READ_BY_TOOLS).difference(task.metadata)
        close = [] if key in _READ or len(key) > _LONG else get_close_matches(key, missing, n=1, cutoff=_ALIKE)
        if close:
            yield f"nothing reads {key!r}; did you mean {close[0]!r}? - at $.{key}"
        elif key == "setup" and not task.setup:
            yield "nothing reads 'setup'; the setup steps of a file are its 'config' - at $.setup"


def _on_nested(metadata: object) -> Iterator[str]:
    """A task's metadata are the keys of the file itself; nothing looks under one that has this name."""
    for key in metadata if isinstance(metadata, Mapping) else ():
        if key in _READ:
            yield f"nothing reads {key!r} here; write it beside 'id', not under 'metadata' - at $.metadata.{key}"


def _on_submitting(task: Task) -> Iterator[str]:
    checks = () if task.evaluator is None else task.evaluator.checks
    fetched = {side.type for check in checks for side in (check.result, check.expected) if side is not None}
    # Whether tools of another's make submit cannot be known.
    if "answer" in fetched and "submit" not in task.tools and all(name in tools for name in task.tools):
        none = "none of the task's tools submits" if task.tools else "the task names no tools, so that none submits"
        yield f"{none} the answer that is judged; add 'submit', unless tools= of the environment does - at $.tools"
