"""What would fail of the tasks that a source holds, found without running them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agentgym.cli.taskremarks import remarks_on
from agentgym.envs.toolset import ToolSets
from agentgym.errors import MissingDependencyError, TaskError, UsageError
from agentgym.evaluators import faults_of_spec
from agentgym.families import entries_at, load_tasks, suites
from agentgym.hooks import faults_of_task_hooks
from agentgym.rewards import faults_of_hooks
from agentgym.setup import check_step
from agentgym.tasks import Task, TaskEntry

__all__ = ["Problem", "Verdict", "check_tasks"]

_HOOKS = "reward_hooks"


class Problem(msgspec.Struct, frozen=True):
    """What would fail, or what nothing reads, with file, line and JSON path, and in which task, if it has an id."""

    task: str | None
    message: str


class Verdict(msgspec.Struct, frozen=True):
    """How many tasks a source holds, the malformed among them, what is wrong with them, and what is only odd."""

    tasks: int
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def check_tasks(source: str) -> Verdict:
    """Looks at every task of a suite, a file or a folder.

    Raises:
        UsageError: if there is nothing of that name, or no task in it.
    """
    if source.partition("/")[0] in suites:
        tasks = load_tasks(source)
        return Verdict(
            len(tasks),
            tuple(Problem(task.id, said) for task in tasks for said in _faults(task)),
            tuple(Problem(task.id, said) for task in tasks for said in remarks_on(task)),
        )
    entries = list(entries_at(source))
    if not entries:
        raise UsageError(f"there is no task in {source!r}")
    problems = [problem for entry in entries for problem in _problems(entry)]
    warnings = [warning for entry in entries for warning in _warnings(entry)]
    return Verdict(len(entries), (*problems, *_taken_ids(entries)), tuple(warnings))


def _problems(entry: TaskEntry) -> Iterator[Problem]:
    if entry.task is None:
        yield from (Problem(None, fault) for fault in entry.faults)
        return
    for fault in _faults(entry.task):
        yield Problem(entry.task.id, entry.placed(fault))


def _warnings(entry: TaskEntry) -> Iterator[Problem]:
    if entry.task is not None:
        for said in remarks_on(entry.task):
            yield Problem(entry.task.id, entry.placed(said))


def _taken_ids(entries: list[TaskEntry]) -> Iterator[Problem]:
    """Results are kept by the task's id."""
    first: dict[str, str] = {}
    for entry in entries:
        if entry.task is not None:
            said = entry.placed(f"another task has the id {entry.task.id!r}, too - at $.id")
            if first.setdefault(entry.task.id, said) is not said:
                yield Problem(entry.task.id, said)


def _faults(task: Task) -> Iterator[str]:
    """Every fault of a task that its form does not show."""
    for index, step in enumerate(task.setup):
        try:
            check_step(step, f"$.config[{index}]")
        except TaskError as error:
            yield str(error)
    yield from _faults_of_tools(task)
    yield from faults_of_hooks(task.metadata.get(_HOOKS, {}))
    yield from faults_of_task_hooks(task.metadata.get("hooks", []))
    if task.evaluator is not None:
        yield from faults_of_spec(task.evaluator)


def _faults_of_tools(task: Task) -> Iterator[str]:
    sets = ToolSets(None)
    for look in (sets.of, sets.servers):
        try:
            look(task)
        except (MissingDependencyError, TaskError) as error:
            yield str(error)
