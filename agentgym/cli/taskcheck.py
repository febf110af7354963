"""What would fail of the tasks that a source holds, found without running them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from agentgym.cli.taskneeds import TaskNeeds, told_needs
from agentgym.cli.taskremarks import remarks_on
from agentgym.envs.toolset import ToolSets
from agentgym.errors import MissingDependencyError, TaskError, UsageError
from agentgym.evaluators import faults_of_spec
from agentgym.families import entries_at, load_tasks, suites
from agentgym.hooks import faults_of_task_hooks
from agentgym.results.planning import domain_of
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
    """How many tasks a source holds, the malformed among them, what is wrong with them, and what is only odd.

    Args:
        needs: what each that is not malformed needs.
    """

    tasks: int
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    needs: tuple[TaskNeeds, ...] = ()


def check_tasks(source: str, *, network: bool = False) -> Verdict:
    """Looks at every task of a suite, a file or a folder.

    Args:
        network: whether the tasks' environments are given the machine's network.

    Raises:
        UsageError: if there is nothing of that name, or no task in it.
    """
    suite = source.partition("/")[0]
    if suite in suites:
        looks = [_look(task, suite, network) for task in load_tasks(source)]
        return _verdict(looks)
    entries = list(entries_at(source))
    if not entries:
        raise UsageError(f"there is no task in {source!r}")
    looks = [_look_at(entry, source, network) for entry in entries]
    return _verdict(looks, tuple(_taken_ids(entries)))


class _Look(NamedTuple):
    """What is to be said of one task."""

    problems: Sequence[Problem]
    warnings: Sequence[Problem] = ()
    needs: TaskNeeds | None = None


def _verdict(looks: Sequence[_Look], taken: tuple[Problem, ...] = ()) -> Verdict:
    return Verdict(
        len(looks),
        (*(problem for look in looks for problem in look.problems), *taken),
        tuple(warning for look in looks for warning in look.warnings),
        tuple(look.needs for look in looks if look.needs is not None),
    )


def _look_at(entry: TaskEntry, source: str, network: bool) -> _Look:
    if entry.task is None:
        return _Look([Problem(None, fault) for fault in entry.faults])
    look = _look(entry.task, domain_of(entry, entry.task, source), network, entry.placed)
    unread = [Problem(entry.task.id, said) for said in entry.remarks]
    return look._replace(warnings=[*look.warnings, *unread])


def _look(task: Task, domain: str, network: bool, placed: Callable[[str], str] = str) -> _Look:
    faults = list(map(placed, _faults(task)))
    return _Look(
        [Problem(task.id, fault) for fault in faults],
        [Problem(task.id, placed(said)) for said in remarks_on(task)],
        told_needs(task, domain, faults, network=network),
    )


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
