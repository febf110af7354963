"""An episode as an order: picklable, and run wherever it arrives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import gymnasium as gym

from agentgym.agents import Closes, make_agent
from agentgym.agents.policy import wrapped
from agentgym.errors import BackendError
from agentgym.hooks import join, read_hook
from agentgym.runner.episode import Episode
from agentgym.runner.filming import filmed, screen_of
from agentgym.runner.result import EpisodeResult
from agentgym.sinks import attached
from agentgym.tasks import Task
from agentgym.trajectory.redaction import Redact, given_secrets, taking_out
from agentgym.wrappers import TrajectoryRecorder
from agentgym.wrappers.tap import Tap

__all__ = ["ClosingWarning", "RolloutSpec", "rollout"]


@dataclass(frozen=True)
class RolloutSpec:
    """An episode to be run and recorded, here or in another process.

    Attributes:
        env: a registered id.
        env_kwargs: for ``gymnasium.make``.
        wrappers: what is put around it, from the inside: ``"package.module:Class"``, or with options, as
            `agentgym.agents.policy.wrapped` takes them.
        agent: a name of `agentgym.agents.agents`, with its argument behind a colon.
        agent_options: keyword arguments of the agent.
        task: what ``gymnasium.make`` is told as ``task``; None for an environment that chooses or has none.
        record: the folder of a dataset, or None.
        first_attempt: the number of the first, where others were made before.
        attempts: how many machines may break, one after the other, before the episode is given up.
        keep_screen: whether the result holds the last screenshot.
        hooks: who observes and intercepts, each in a form that `agentgym.hooks.read_hook` takes: a text or a dict.
        trust_task_hooks: whether a task may name functions of modules as hooks, which run outside any sandbox.
        sinks: where its records go besides, each as `agentgym.sinks.make_sink` takes it.
        session_id: what the runs of one session have in common.
        metadata: kept with the run.
        agent_seed: of an agent that draws at random, where it is not that of the environment.
        film: where a film of the episode is written, or None.
    """

    agent: str
    task: Task | str | None = None
    seed: int = 0
    env: str = "agentgym/Desktop-v0"
    env_kwargs: Mapping[str, Any] = field(default_factory=dict)
    wrappers: tuple[str | Mapping[str, Any], ...] = ()
    agent_options: Mapping[str, Any] = field(default_factory=dict)
    record: str | None = None
    first_attempt: int = 1
    attempts: int = 1
    keep_screen: bool = False
    hooks: tuple[str | Mapping[str, Any], ...] = ()
    trust_task_hooks: bool = False
    sinks: tuple[str, ...] = ()
    session_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    agent_seed: int | None = None
    film: str | None = None


class ClosingWarning(UserWarning):
    """An environment could not be closed after its episode had ended."""


def rollout(spec: RolloutSpec, *, began: Callable[[str], object] | None = None) -> EpisodeResult:
    """Makes agent and environment, runs the episode, closes both.

    A broken machine is no score: the episode is run again on a new one, ``spec.attempts`` times in all. Each attempt
    is a run of its own in the record.

    Args:
        began: is told the id of each, so that it is known of one that breaks, too.

    Raises:
        BackendError: if every attempt broke its machine; the episode is unscored.
        EvaluationError: if a getter or metric raised; the episode is unscored.
    """
    for attempt in range(1, spec.attempts):
        try:
            return replace(_attempt(spec, attempt, began), attempts=attempt)
        except BackendError:
            continue
    return replace(_attempt(spec, spec.attempts, began), attempts=spec.attempts)


def _attempt(spec: RolloutSpec, attempt: int, began: Callable[[str], object] | None) -> EpisodeResult:
    ended: list[EpisodeResult] = []
    try:
        _play(spec, attempt, began, ended)
    except BackendError as error:
        if not ended:
            raise
        # What the episode came to does not depend on how its machine ended.
        warnings.warn(f"after its episode {spec.env} could not be closed: {error}", ClosingWarning, stacklevel=3)
    return ended[0]


def _play(spec: RolloutSpec, attempt: int, began: Callable[[str], object] | None, ended: list[EpisodeResult]) -> None:
    """Plays the episode; its result is in ``ended`` before anything is closed."""
    hooks = [read_hook(one) for one in spec.hooks]
    seed = spec.seed if spec.agent_seed is None else spec.agent_seed
    agent = make_agent(spec.agent, seed=seed, options=spec.agent_options)
    task = {} if spec.task is None else {"task": spec.task}
    with ExitStack() as stack:
        if isinstance(agent, Closes):
            stack.callback(agent.close)
        # Whoever listens hears the end of the run, too, which comes when the environment is closed.
        listening = stack.enter_context(ExitStack())
        env = wrapped(gym.make(spec.env, **{**spec.env_kwargs, **task}), spec.wrappers)
        stack.callback(lambda: env.close())  # noqa: PLW0108 - by then it is the recorder around it
        env = tap = _tapped(env, spec, attempt)
        if began is not None:
            began(tap.run_id)
        listening.enter_context(
            attached(tap.bus, spec.sinks, recording=spec.record, secrets=_secrets(spec), look=partial(screen_of, tap))
        )
        listening.callback(join(tap.bus, hooks))
        stack.enter_context(filmed(tap, spec.film))
        episode = Episode(env, agent, seed=spec.seed, trust_task_hooks=spec.trust_task_hooks)
        ended.append(episode.run(keep_screen=spec.keep_screen))


def _tapped(env: gym.Env[Any, Any], spec: RolloutSpec, attempt: int) -> Tap:
    about = {"session_id": spec.session_id, "attempt": spec.first_attempt + attempt - 1}
    if spec.record is None:
        return Tap(env, agent=spec.agent, metadata=spec.metadata, about=about)
    return TrajectoryRecorder(
        env, spec.record, agent=spec.agent, metadata=spec.metadata, about=about, redact=_secrets(spec)
    )


def _secrets(spec: RolloutSpec) -> Redact:
    return taking_out(given_secrets([spec.agent_options, spec.env_kwargs, spec.wrappers, spec.hooks]))
