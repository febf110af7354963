"""One agent in one environment for one episode: step by step, to its end, or as a picklable order to do so."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import gymnasium as gym

from agentgym.agents import Agent, Emit, make_agent
from agentgym.agents.base import DrawsActions
from agentgym.agents.policy import wrapped
from agentgym.errors import BackendError, UsageError
from agentgym.events import Bus, Event
from agentgym.rewards import Transition
from agentgym.tasks import Task
from agentgym.wrappers import TrajectoryRecorder

__all__ = ["Episode", "EpisodeResult", "RolloutSpec", "rollout"]


@dataclass(frozen=True)
class EpisodeResult:
    """How an episode went.

    Attributes:
        task: the task's id; empty for an environment without tasks.
        score: None if the task has no evaluator or the environment none to score.
        total_return: the sum of the rewards.
        steps_s: seconds from the first action to the last observation, the agent's own time included.
        attempts: how many machines it took; more than 1 if one broke.
        screen: what the last observation showed, uint8 (height, width, 3), RGB, if it was asked for.
    """

    task: str
    seed: int | None
    score: float | None
    total_return: float
    steps: int
    steps_s: float
    terminated: bool
    truncated: bool
    attempts: int = 1
    screen: Any = field(default=None, repr=False, compare=False)


class Episode:
    """An agent in an environment, iterable step by step.

    The environment stays the caller's: it is reset at the first step and never closed here. After the end the
    episode can be looked at (``result``), not repeated.

    Args:
        env: any environment whose observations and actions the agent understands.
        agent: is told the environment's task, if it has one.
        seed: given to ``reset``.
        task: given to ``reset`` as an option; None to leave the choice to the environment.
        emit: where the agent's own events go.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        agent: Agent,
        *,
        seed: int | None = None,
        task: Task | str | None = None,
        emit: Emit | None = None,
    ) -> None:
        self._env = env
        self._agent = agent
        self._seed = seed
        self._options = None if task is None else {"task": task}
        self._emit = emit or _publisher(env)
        self._observation: Any = None
        self._info: dict[str, Any] = {}
        self._begun_at = self._ended_at = 0.0
        self._last: Transition | None = None
        self._total_return = 0.0
        self.steps = 0

    @property
    def over(self) -> bool:
        return self._last is not None and (self._last.terminated or self._last.truncated)

    def __iter__(self) -> Iterator[Transition]:
        while not self.over:
            yield self.step()

    def step(self) -> Transition:
        """Lets the agent act once; the first call resets the environment and the agent.

        Raises:
            UsageError: if the episode is over.
        """
        if self.over:
            raise UsageError("the episode is over; make a new one")
        if self.steps == 0:
            self._begin()
        before, before_info = self._observation, self._info
        action = self._agent.act(before)
        after, reward, terminated, truncated, info = self._env.step(action)
        self._ended_at = time.monotonic()
        self._observation, self._info = after, info
        self._total_return += float(reward)
        self.steps += 1
        self._last = Transition(before, action, after, float(reward), terminated, truncated, info, before_info)
        return self._last

    def run(self, *, keep_screen: bool = False) -> EpisodeResult:
        """Goes on to the end."""
        for _ in self:
            pass
        return self.result(keep_screen=keep_screen)

    def result(self, *, keep_screen: bool = False) -> EpisodeResult:
        """How it went, up to now."""
        task = getattr(self._env.unwrapped, "task", None)
        return EpisodeResult(
            task="" if task is None else task.id,
            seed=self._seed,
            score=_score(self._env),
            total_return=self._total_return,
            steps=self.steps,
            steps_s=self._ended_at - self._begun_at,
            terminated=self._last is not None and self._last.terminated,
            truncated=self._last is not None and self._last.truncated,
            screen=_screenshot(self._observation) if keep_screen else None,
        )

    def _begin(self) -> None:
        self._observation, self._info = self._env.reset(seed=self._seed, options=self._options)
        task = getattr(self._env.unwrapped, "task", None)
        if isinstance(self._agent, DrawsActions):
            self._agent.draw_from(self._env.action_space)
        self._agent.reset(task or Task(id="", instruction=""), self._emit)
        self._begun_at = time.monotonic()


@dataclass(frozen=True)
class RolloutSpec:
    """An episode to be run and recorded, here or in another process.

    Attributes:
        env: a registered id.
        env_kwargs: for ``gymnasium.make``.
        wrappers: what is put around it, from the inside: ``"package.module:Class"``.
        agent: a name of `agentgym.agents.agents`, with its argument behind a colon.
        agent_options: keyword arguments of the agent.
        task: what ``gymnasium.make`` is told as ``task``; None for an environment that chooses or has none.
        record: the folder of a dataset, or None.
        attempts: how many machines may break before the episode is given up.
        keep_screen: whether the result holds the last screenshot.
    """

    agent: str
    task: Task | str | None = None
    seed: int = 0
    env: str = "agentgym/Desktop-v0"
    env_kwargs: Mapping[str, Any] = field(default_factory=dict)
    wrappers: tuple[str, ...] = ()
    agent_options: Mapping[str, Any] = field(default_factory=dict)
    record: str | None = None
    attempts: int = 3
    keep_screen: bool = False


def rollout(spec: RolloutSpec) -> EpisodeResult:
    """Makes the environment, runs the episode, closes the environment.

    A broken machine is no score: the episode is run again on a new one. Each attempt is a run of its own in the
    record.

    Raises:
        BackendError: if every attempt broke its machine; the episode is unscored.
        EvaluationError: if a getter or metric raised; the episode is unscored.
    """
    for attempt in range(1, spec.attempts):
        try:
            return replace(_attempt(spec), attempts=attempt)
        except BackendError:
            continue
    return replace(_attempt(spec), attempts=spec.attempts)


def _attempt(spec: RolloutSpec) -> EpisodeResult:
    agent = make_agent(spec.agent, seed=spec.seed, options=spec.agent_options)
    task = {} if spec.task is None else {"task": spec.task}
    env = wrapped(gym.make(spec.env, **{**spec.env_kwargs, **task}), spec.wrappers)
    try:
        if spec.record is not None:
            env = TrajectoryRecorder(env, spec.record, agent=spec.agent)
        return Episode(env, agent, seed=spec.seed).run(keep_screen=spec.keep_screen)
    finally:
        env.close()


def _publisher(env: gym.Env[Any, Any]) -> Emit:
    """Puts events into the stream of the recorder around the environment, if there is one."""
    if env.has_wrapper_attr("bus"):
        bus: Bus = env.get_wrapper_attr("bus")
        return bus.publish
    return _drop


def _drop(_event: Event) -> None:
    pass


def _score(env: gym.Env[Any, Any]) -> float | None:
    evaluate = getattr(env.unwrapped, "evaluate", None)
    score = None if evaluate is None else evaluate()
    return None if score is None else float(score.value)


def _screenshot(observation: Any) -> Any:
    return observation.get("screenshot") if isinstance(observation, Mapping) else None
