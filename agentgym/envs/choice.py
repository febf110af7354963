"""Which task an episode gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from agentgym.actions.quoting import cut, short
from agentgym.errors import UsageError
from agentgym.evaluators import needs_of
from agentgym.families import DESKTOP, TOOLS, Split, TaskFamily, find_family, of_split, suites, tasks_at
from agentgym.tasks import Task, parse_task

__all__ = ["TaskChoice", "TaskSource"]

TaskSource: TypeAlias = Task | TaskFamily | Mapping[str, Any] | str | Path

_Candidate: TypeAlias = Task | TaskFamily


class TaskChoice:
    """The tasks of an environment, and the draw among them.

    Args:
        task: the one task.
        tasks: those to draw from.
        split: from which half of what families can draw; None from all of it.
        desktop: whether there is one; without it, tasks of suites that are played on a desktop are refused.

    Raises:
        UsageError: if both or none are given, there is no such split, or a task is played elsewhere.
        TaskError: if one is malformed.
    """

    def __init__(
        self,
        task: TaskSource | None,
        tasks: str | Sequence[TaskSource] | None,
        *,
        split: Split | None = None,
        desktop: bool = True,
    ) -> None:
        if (task is None) == (tasks is None):
            raise UsageError("give either task= (one) or tasks= (some to draw from)")
        self._split = split
        self._desktop = desktop
        self._candidates = self._playable(task if task is not None else tasks or (), alone=task is not None)
        if not self._candidates:
            raise UsageError(f"no task in {tasks!r}")

    @property
    def needs(self) -> frozenset[str]:
        """The kinds of observation that the tasks' evaluators look at."""
        return frozenset(kind for task in self.samples for kind in observed_by(task))

    @property
    def samples(self) -> Iterator[Task]:
        """One task of each kind that can be drawn."""
        return map(_sample, self._candidates)

    def some_samples(self, most: int) -> Iterator[Task]:
        """The tasks that are there, and one of each of the first families, as many as ``most``."""
        families = [one for one in self._candidates if isinstance(one, TaskFamily)]
        yield from (one for one in self._candidates if isinstance(one, Task))
        yield from map(_sample, families[:most])

    def draw(self, rng: np.random.Generator, options: Mapping[str, Any]) -> Task:
        """The task of the next episode, with what varies in it.

        Raises:
            UsageError: if the options are not understood.
            TaskError: if the task among them is malformed.
        """
        _check_options(options)
        candidates = self._playable(options["task"], alone=True) if "task" in options else self._candidates
        chosen = candidates[int(rng.integers(len(candidates)))]
        return chosen if isinstance(chosen, Task) else chosen.make(rng)

    def _playable(self, source: Any, *, alone: bool) -> Sequence[_Candidate]:
        found = _one(source) if alone else _some(source)
        if not self._desktop:
            _check_needs_no_desktop(source, found)
        return self._halved(found)

    def _halved(self, candidates: Sequence[_Candidate]) -> Sequence[_Candidate]:
        split = self._split
        if split is None:
            return candidates
        return [one if isinstance(one, Task) else of_split(one, split) for one in candidates]


def observed_by(task: Task) -> frozenset[str]:
    """The kinds of observation that the task's evaluator looks at."""
    return frozenset() if task.evaluator is None else needs_of(task.evaluator)


def _check_needs_no_desktop(source: TaskSource | Sequence[TaskSource], found: Sequence[_Candidate]) -> None:
    given = source if isinstance(source, list | tuple) else [source]
    names = [one for one in given if isinstance(one, str)] + [one.id for one in found if isinstance(one, Task)]
    for name in names:
        if _is_played_on_a_desktop(name):
            raise UsageError(
                f"{name!r} is played in {DESKTOP}, which takes tools=, too; there is no desktop in {TOOLS}"
            )


def _is_played_on_a_desktop(name: str) -> bool:
    """Whether it is a suite, or a task of one, whose tasks need windows; one's own may be called what it likes."""
    suite, _, family = name.partition("/")
    if suite not in suites or suites[suite].env != DESKTOP:
        return False
    return not family or family in suites[suite].families


def _check_options(options: object) -> None:
    if not isinstance(options, Mapping):
        raise UsageError(f"the options of a reset are a dict, not {short(options)}")
    for name in options:
        if name != "task":
            close = get_close_matches(cut(str(name)), ["task"])
            hint = "did you mean 'task'?" if close else "there is 'task'"
            raise UsageError(f"no reset option named {short(name)}; {hint}")


def _one(source: TaskSource) -> Sequence[_Candidate]:
    if isinstance(source, str) and source in suites:
        families = list(suites[source].families)
        example = f", or name one of them, such as task='{source}/{families[0]}'" if families else ""
        raise UsageError(
            f"{source!r} is a suite of {len(families)} tasks: pass tasks={source!r} to draw from them{example}"
        )
    found = _candidates(source)
    if len(found) != 1:
        raise UsageError(f"{short(source)} holds {len(found)} tasks; for more than one, pass tasks=")
    return found


def _some(source: str | Sequence[TaskSource]) -> Sequence[_Candidate]:
    if not isinstance(source, str | Path):
        if not isinstance(source, Sequence):
            raise UsageError(f"tasks is {short(source)}; it must be a suite's name, a path or a list")
        return [candidate for one in source for candidate in _candidates(one)]
    if source in suites:
        return list(suites[source].families.values())
    return _candidates(source)


def _candidates(source: TaskSource) -> Sequence[_Candidate]:
    if isinstance(source, Task | TaskFamily):
        return [source]
    if isinstance(source, Mapping):
        return [parse_task(dict(source))]
    if isinstance(source, Path):
        return list(tasks_at(source))
    if not isinstance(source, str):
        raise UsageError(f"a task is a Task, a dict, a path or 'suite/name', not {short(source)}")
    if source.count("/") == 1 and source.partition("/")[0] in suites:
        return [find_family(source)]
    return list(tasks_at(source))


def _sample(candidate: _Candidate) -> Task:
    return candidate if isinstance(candidate, Task) else candidate.make(np.random.default_rng(0))
