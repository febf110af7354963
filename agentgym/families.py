"""Task families: seeded makers of tasks, with the scripts that prove them; and the suites that hold them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np

from agentgym.actions import RawAction
from agentgym.errors import MissingDependencyError, UsageError
from agentgym.registry import Registry
from agentgym.tasks import Task, TaskEntry, parse_task, read_each, read_tasks

__all__ = [
    "DESKTOP",
    "TOOLS",
    "Observation",
    "Script",
    "Split",
    "Suite",
    "TaskFamily",
    "entries_at",
    "env_of",
    "find_family",
    "load_tasks",
    "of_split",
    "suites",
    "tasks_at",
]

# Of a name that is compared with others: a path may be long.
_LONGEST_NAME = 100

_HALF = 2**31
DESKTOP = "agentgym/Desktop-v0"
TOOLS = "agentgym/Tools-v0"

Split: TypeAlias = Literal["train", "test"]
"""Two halves of what a family can draw."""

Observation: TypeAlias = Mapping[str, Any]
"""What an environment shows, by kind."""

Script: TypeAlias = Callable[[Task], Generator[RawAction, Observation, None]]
"""A scripted agent: yields actions and is sent the observation after each.

The first observation is not sent: a script that wants to look before it acts begins with
``observation = yield Wait()``.
"""


@dataclass(frozen=True)
class TaskFamily:
    """Tasks of one kind.

    Args:
        name: within its suite: ``"note-save"``.
        make: draws a task; the same generator state gives the same task.
        oracle: is known to solve every task of the family.
        near_misses: scripts that nearly solve it, by what is wrong with them; each must score less than 1.
        needs: kinds of observation that the scripts read.
        tags: words to choose families by.
    """

    name: str
    make: Callable[[np.random.Generator], Task]
    oracle: Script
    near_misses: Mapping[str, Script] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """Named families that belong together, in their order.

    Args:
        env: the id of the environment that their tasks are played in.
        traces: what tells only how a task was done, so that two ends which differ in it alone are the same: names of
            evidence, and tables and columns (``"refunds.reason"``) of databases.
    """

    name: str
    families: Mapping[str, TaskFamily]
    description: str = ""
    env: str = DESKTOP
    traces: tuple[str, ...] = ()


suites: Registry[Suite] = Registry("suite")
suites.register_lazily("apps", "agentgym.suites.apps:SUITE")
suites.register_lazily("bfcl", "agentgym.suites.bfcl:SUITE")
suites.register_lazily("code", "agentgym.suites.code:SUITE")
suites.register_lazily("data", "agentgym.suites.data:SUITE")
suites.register_lazily("micro", "agentgym.suites.micro.suite:SUITE")
suites.register_lazily("miniwob", "agentgym.suites.miniwob:SUITE")
suites.register_lazily("mixed", "agentgym.suites.mixed:SUITE")
suites.register_lazily("reasoning-gym", "agentgym.suites.reasoning_gym:SUITE")
suites.register_lazily("research", "agentgym.suites.research:SUITE")
suites.register_lazily("shell", "agentgym.suites.shell:SUITE")
suites.register_lazily("service", "agentgym.suites.service:SUITE")
suites.register_lazily("tau2-airline", "agentgym.suites.tau2:AIRLINE")
suites.register_lazily("tau2-retail", "agentgym.suites.tau2:RETAIL")


def find_family(name: str) -> TaskFamily:
    """The family that ``"suite/name"`` names.

    Raises:
        UnknownNameError: if there is no such suite or family; it suggests a close one.
    """
    suite, _, family = name.partition("/")
    known: Registry[TaskFamily] = Registry(f"task in suite {suite!r}", plugins=False)
    for key, value in suites[suite].families.items():
        known.register(key, value)
    return known[family]


def of_split(family: TaskFamily, split: Split) -> TaskFamily:
    """The family, which now draws from one half only.

    An instance is a number below 2^31 for training, and one from there up to 2^32 for testing, and what is drawn
    depends on it alone: no instance is in both halves, though small tasks may come out alike.

    Raises:
        UsageError: if there is no such split.
    """
    if split not in ("train", "test"):
        raise UsageError(f"split is {split!r}; it can be 'train' or 'test'")

    def make(rng: np.random.Generator) -> Task:
        instance = int(rng.integers(_HALF)) + (_HALF if split == "test" else 0)
        task = family.make(np.random.default_rng(instance))
        return msgspec.structs.replace(task, seed_params={**task.seed_params, "instance": instance, "split": split})

    return replace(family, make=make)


def env_of(task: Task | str) -> str:
    """The id of the environment that a task is played in.

    A suite says it for its tasks. Any other task that names tools and no application needs no desktop.

    Args:
        task: the task, or ``"suite/name"``.
    """
    suite = (task.id if isinstance(task, Task) else task).partition("/")[0]
    if suite in suites:
        return suites[suite].env
    return TOOLS if isinstance(task, Task) and task.tools and not task.related_apps else DESKTOP


def load_tasks(
    source: str | Path | Task | Mapping[str, Any], *, seed: int = 0, split: Split | None = None
) -> Sequence[Task]:
    """The tasks that a source holds.

    Args:
        source: a suite's name, ``"suite/name"``, a JSON or JSONL file, a folder, OSWorld's tree, a dict or a task.
        seed: draws what varies in a suite's tasks, each family on its own.
        split: draws from one half of what a suite's families can draw; None from all of it.

    Raises:
        UsageError: if there is nothing of that name.
        TaskError: if a file is malformed; it gives file, line and JSON path.
    """
    if isinstance(source, Task):
        return [source]
    if isinstance(source, Mapping):
        return [parse_task(source)]
    name = str(source)
    if name in suites:
        families = list(suites[name].families.values())
    elif name.count("/") == 1 and name.partition("/")[0] in suites:
        families = [find_family(name)]
    else:
        return tasks_at(source)
    if split is not None:
        families = [of_split(family, split) for family in families]
    return [family.make(np.random.default_rng(seed)) for family in families]


def tasks_at(place: str | Path) -> Sequence[Task]:
    """The tasks of a file or a folder, as `agentgym.tasks.read_tasks` reads them.

    Raises:
        UsageError: if there is nothing; it suggests a suite, or a task of one, of a name that is like it.
        TaskError: if a file is malformed; it gives file, line and JSON path.
    """
    with _suggesting(place):
        return read_tasks(place)


def entries_at(place: str | Path) -> Iterator[TaskEntry]:
    """What a file or a folder holds, as `agentgym.tasks.read_each` reads it.

    Raises:
        UsageError: as `tasks_at` does.
    """
    with _suggesting(place):
        return read_each(place)


@contextmanager
def _suggesting(place: str | Path) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{error}; {_meant(str(place))}") from error


def _meant(name: str) -> str:
    """What may have been meant: a file or folder beside, a suite or the task of one; a task also by its name alone."""
    known = {f"{suite}/{family}": family for suite in suites for family in _families(suite)}
    asked = name[:_LONGEST_NAME]
    close = [str(Path(name).with_name(near)) for near in get_close_matches(Path(asked).name, _beside(name), n=1)]
    close += get_close_matches(asked, [*suites, *known], n=1)
    # With a slash or an ending it is a path, which is like many a short name.
    if not name.endswith(("/", ".json", ".jsonl")):
        close += [task for task, family in known.items() if get_close_matches(asked, [family], n=1)]
    return f"did you mean {close[0]!r}?" if close else f"suites are {', '.join(suites) or 'none'}"


def _families(suite: str) -> Collection[str]:
    try:
        return suites[suite].families
    except MissingDependencyError:
        # A name that is not known is the fault to tell of, not that a suite of which a hint may come wants a library.
        return ()


def _beside(name: str) -> list[str]:
    """The folders and files of tasks in the folder where the named one would be."""
    try:
        return sorted(
            path.name for path in Path(name).parent.iterdir() if path.suffix in (".json", ".jsonl") or path.is_dir()
        )
    except (OSError, ValueError):
        # There is no such folder either, or there can be none.
        return []
