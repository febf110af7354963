"""Which episodes a source of tasks and a template come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentgym.agents import make_agent, oracle_family
from agentgym.agents.policy import read_description, wrapped
from agentgym.backends.base import backends
from agentgym.envs.making import made_by_id
from agentgym.errors import TaskError, UsageError
from agentgym.families import DESKTOP, entries_at, env_of, suites
from agentgym.hooks import read_hook
from agentgym.registration import small_task_ids
from agentgym.registry import suggestion
from agentgym.runner import RolloutSpec
from agentgym.sinks import make_sink
from agentgym.tasks import Task, TaskEntry

__all__ = ["check", "domain_of", "domains_of", "for_policy", "plan"]


def plan(source: str, template: RolloutSpec, *, episodes: int = 1) -> Sequence[RolloutSpec]:
    """One order for each task and seed, in the order of the tasks.

    A task of a suite is named, not made: the environment, which is that of the suite, draws it from the episode's
    seed. A scripted agent of a suite is given the observations that its family says it needs.

    Args:
        source: a suite's name, ``"suite/name"``, or a file or folder of tasks.
        template: everything but the task; its seed is the first. An environment other than the desktop stays.
        episodes: how many seeds each task is run with.

    Raises:
        UsageError: if there is no such source, or no task in it.
        TaskError: if one is malformed.
    """
    tasks: Sequence[Task | str] = _of_suite(source) or [_whole(entry) for entry in entries_at(source)]
    if not tasks:
        raise UsageError(f"there is no task in {source!r}")
    return [
        replace(_with_needs(template, task), task=task, env=_env(template, task), seed=template.seed + number)
        for task in tasks
        for number in range(episodes)
    ]


def domains_of(source: str | None) -> dict[str, str]:
    """What each task of a source is counted under, by its id.

    The suite of a suite's task; of a task in a file its ``domain``, or the folder below the source that it lies in, as
    OSWorld's tree has one for each application.
    """
    if source is None:
        return {}
    if of_suite := _of_suite(source):
        return {name: name.partition("/")[0] for name in of_suite}
    return {
        entry.task.id: domain_of(entry, entry.task, source) for entry in entries_at(source) if entry.task is not None
    }


def domain_of(entry: TaskEntry, task: Task, source: str | Path) -> str:
    """What a task of a file is counted under, as `domains_of` has it.

    Args:
        entry: where it stands.
        source: the file or folder that was asked for.
    """
    said = task.metadata.get("domain")
    if isinstance(said, str):
        return said
    suite = task.id.partition("/")[0]
    if suite in suites:
        return suite
    root = Path(source)
    inside = entry.file.relative_to(root if root.is_dir() else root.parent).parent
    return "" if inside == Path() else inside.name


def for_policy(template: RolloutSpec, source: str | None, *, episodes: int = 1) -> Sequence[RolloutSpec]:
    """`plan` for an agent that is a trained policy: on the environment that it knows, with the spaces that it knows.

    Args:
        source: another small task, ``"micro/click-shape"``, to try it on; None for its own.
        template: its ``env_kwargs`` go before those of the policy.

    Raises:
        UsageError: if there is no such policy, or the source is no small task.
    """
    known = read_description(template.agent.partition(":")[2])
    env = known.env if source is None else _small_task(source)
    env_kwargs = {**known.env_kwargs, **template.env_kwargs}
    ready = replace(template, env=env, env_kwargs=env_kwargs, wrappers=(*known.wrappers, *template.wrappers))
    return [replace(ready, seed=template.seed + number) for number in range(episodes)]


def check(spec: RolloutSpec) -> None:
    """Makes what an order asks for and lets go of it: a mistake costs no process for each episode, and no machine.

    Raises:
        UsageError: if a hook, a sink, the agent, the environment or its backend cannot be made from what is named.
    """
    for hook in spec.hooks:
        read_hook(hook).check()
    for sink in spec.sinks:
        make_sink(sink, recording=spec.record).close()
    make_agent(spec.agent, seed=spec.seed, options=spec.agent_options)
    backend = spec.env_kwargs.get("backend")
    if isinstance(backend, str):
        backends[backend]
    task = {} if spec.task is None else {"task": spec.task}
    env = made_by_id(spec.env, {**spec.env_kwargs, **task})
    wrapped(env, spec.wrappers).close()


def _of_suite(source: str) -> Sequence[str]:
    if source in suites:
        return [f"{source}/{name}" for name in suites[source].families]
    return [source] if source.partition("/")[0] in suites else ()


def _whole(entry: TaskEntry) -> Task:
    if entry.task is None:
        raise TaskError(entry.faults[0])
    return entry.task


def _small_task(source: str) -> str:
    """The id of the environment of a task of the suite `micro`."""
    suite, _, name = source.partition("/")
    ids = small_task_ids()
    if suite != "micro":
        raise UsageError(f"a policy runs on the small task that it learned, or on micro/NAME, not on {source!r}")
    if name not in ids:
        raise UsageError(f"no small task {name!r}; {suggestion(name, ids)}")
    return ids[name]


def _env(template: RolloutSpec, task: Task | str) -> str:
    return env_of(task) if template.env == DESKTOP else template.env


def _with_needs(spec: RolloutSpec, task: Task | str) -> RolloutSpec:
    if spec.agent != "oracle" or _env(spec, task) != DESKTOP:
        return spec
    wanted: Sequence[str] = spec.env_kwargs.get("observation", ("screenshot",))
    needs = [kind for kind in oracle_family(task.id if isinstance(task, Task) else task).needs if kind not in wanted]
    env_kwargs: Mapping[str, Any] = {**spec.env_kwargs, "observation": (*wanted, *needs)}
    return replace(spec, env_kwargs=env_kwargs)
