"""A suite run as a whole: plan the episodes, run them on an engine, gather one row for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from agentgym.agents import make_agent, oracle_family
from agentgym.agents.policy import read_description, wrapped
from agentgym.backends.base import backends
from agentgym.engines import Engine, Outcome
from agentgym.envs.making import made_by_id
from agentgym.errors import UsageError
from agentgym.families import DESKTOP, env_of, load_tasks, suites
from agentgym.registration import small_task_ids
from agentgym.registry import suggestion
from agentgym.runner import EpisodeResult, RolloutSpec, rollout
from agentgym.tasks import Task

__all__ = ["Row", "Summary", "check", "for_policy", "plan", "run", "summarise"]


class Row(msgspec.Struct, frozen=True):
    """One episode of a table of results.

    Attributes:
        score: None if the episode is unscored; ``error`` then says why, unless the task has nothing to score.
        steps_per_s: None before there was a step.
        attempts: how many machines it took.
        skipped: why it was not run.
    """

    task: str
    seed: int | None
    score: float | None = None
    total_return: float | None = None
    steps: int | None = None
    steps_per_s: float | None = None
    attempts: int = 1
    error: str | None = None
    skipped: str | None = None


class Summary(msgspec.Struct, frozen=True):
    """What the rows come to. The mean is over the scored episodes alone: a broken machine is no score."""

    episodes: int
    scored: int
    failed: int
    skipped: int
    mean_score: float | None
    steps: int


@dataclass(frozen=True)
class Finished:
    """A row, the place of its order in the plan, and the last screen of its episode if that was asked for."""

    index: int
    row: Row
    screen: Any = None


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
    tasks = _tasks(source)
    if not tasks:
        raise UsageError(f"there is no task in {source!r}")
    return [
        replace(_with_needs(template, task), task=task, env=_env(template, task), seed=template.seed + number)
        for task in tasks
        for number in range(episodes)
    ]


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
    ready = replace(template, env=env, env_kwargs=env_kwargs, wrappers=known.wrappers)
    return [replace(ready, seed=template.seed + number) for number in range(episodes)]


def check(spec: RolloutSpec) -> None:
    """Makes what an order asks for and lets go of it: a mistake costs no process for each episode, and no machine.

    Raises:
        UsageError: if the agent, the environment or its backend cannot be made from these names and options.
    """
    make_agent(spec.agent, seed=spec.seed, options=spec.agent_options)
    backend = spec.env_kwargs.get("backend")
    if isinstance(backend, str):
        backends[backend]
    task = {} if spec.task is None else {"task": spec.task}
    env = made_by_id(spec.env, {**spec.env_kwargs, **task})
    wrapped(env, spec.wrappers).close()


def run(specs: Sequence[RolloutSpec], engine: Engine, *, skip: Mapping[int, str] | None = None) -> Iterator[Finished]:
    """Runs the orders and gives their rows as they finish.

    Args:
        skip: the places in ``specs`` of what cannot be run here, and why.
    """
    skip = skip or {}
    for index, reason in skip.items():
        yield Finished(index, Row(task=task_name(specs[index]), seed=specs[index].seed, skipped=reason))
    wanted = [index for index in range(len(specs)) if index not in skip]
    for outcome in engine.map(rollout, [specs[index] for index in wanted]):
        index = wanted[outcome.index]
        yield _finished(index, specs[index], outcome)


def summarise(rows: Iterable[Row]) -> Summary:
    rows = list(rows)
    scores = [row.score for row in rows if row.score is not None]
    return Summary(
        episodes=len(rows),
        scored=len(scores),
        failed=sum(row.error is not None for row in rows),
        skipped=sum(row.skipped is not None for row in rows),
        mean_score=sum(scores) / len(scores) if scores else None,
        steps=sum(row.steps or 0 for row in rows),
    )


def task_name(spec: RolloutSpec) -> str:
    """Of an order whose environment has its own task, the environment's id."""
    return spec.task.id if isinstance(spec.task, Task) else spec.task or spec.env


def _tasks(source: str) -> Sequence[Task | str]:
    if source in suites:
        return [f"{source}/{name}" for name in suites[source].families]
    if source.partition("/")[0] in suites:
        return [source]
    return load_tasks(source)


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


def _finished(index: int, spec: RolloutSpec, outcome: Outcome[EpisodeResult]) -> Finished:
    result = outcome.value
    if result is None:
        error = f"{type(outcome.error).__name__}: {outcome.error}"
        return Finished(index, Row(task=task_name(spec), seed=spec.seed, error=error))
    row = Row(
        task=result.task,
        seed=result.seed,
        score=result.score,
        total_return=result.total_return,
        steps=result.steps,
        steps_per_s=result.steps / result.steps_s if result.steps else None,
        attempts=result.attempts,
    )
    return Finished(index, row, result.screen)
