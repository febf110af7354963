"""Rewards that take long to say, asked for in the background."""

from __future__ import annotations

import copy
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from agentgym.errors import RewardHookError, UsageError
from agentgym.events import Bus, Reward
from agentgym.rewards import EpisodeHook, RewardHook, Transition, resolve_hooks, term
from agentgym.wrappers.shown_transitions import ShownTransitions

__all__ = ["LateRewards"]


@dataclass(frozen=True, slots=True)
class _Asked:
    step: int
    name: str
    value: Future[float]


class LateRewards(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Asks slow hooks, such as `agentgym.rewards.LLMJudge`, in threads; what they say joins the recording afterwards.

    ``step`` never waits for a hook. A verdict is published as a ``reward`` event of its step to the recorder that this
    stands around: ``episode.rewards`` and ``episode.reward_terms`` have it, the reward that ``step`` returns has not.
    ``reset`` and ``close`` wait for the verdicts of the episode that ends there.

    Args:
        env: a `TrajectoryRecorder`, or what has one further in.
        every: which steps are judged: each so many-th, and the last one.
        threads: how many verdicts are waited for at once.
        hooks: by name: a function of the transition alone, which is called in another thread; or ``"module:function"``.

    Raises:
        UsageError: if there is no recorder further in, a hook cannot be found or remembers, or a number is below 1.
    """

    def __init__(self, env: gym.Env[Any, Any], *, every: int = 1, threads: int = 4, **hooks: RewardHook | str) -> None:
        kwargs: dict[str, Any] = {"every": every, "threads": threads, **hooks}
        RecordConstructorArgs.__init__(self, **kwargs)
        gym.Wrapper.__init__(self, env)
        if every < 1 or threads < 1:
            raise UsageError(f"every and threads are at least 1; got {every!r} and {threads!r}")
        if not env.has_wrapper_attr("bus"):
            raise UsageError("LateRewards goes around a TrajectoryRecorder, which keeps what comes late")
        self._hooks: dict[str, RewardHook] = {}
        for name, hook in resolve_hooks(hooks).items():
            if isinstance(hook, EpisodeHook):
                raise UsageError(
                    f"the reward hook {name!r} remembers, and must see each step in order: use RewardHooks"
                )
            self._hooks[name] = hook
        self._every = every
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._asked: list[_Asked] = []
        self._shown = ShownTransitions()
        self._step = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Publishes what is still to be said of the episode that ends, then resets.

        Raises:
            RewardHookError: if a hook failed; the other verdicts are published, and the next call resets.
        """
        self._publish(wait=True)
        observation, info = self.env.reset(seed=seed, options=options)
        self._step = 0
        self._shown.begin(observation, info)
        return observation, info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Publishes what has been said meanwhile, then steps and asks. That a hook failed is told at the end."""
        self._publish(wait=False)
        returned = self.env.step(action)
        self._step += 1
        transition = self._shown.step(action, returned)
        if self._step % self._every == 0 or transition.terminated or transition.truncated:
            self._ask(transition)
        return returned

    def close(self) -> None:
        """Publishes what is still to be said and closes the environment.

        Raises:
            RewardHookError: if a hook failed; the environment is closed and the other verdicts are published.
        """
        try:
            self._publish(wait=True)
        finally:
            if self._pool is not None:
                self._pool.shutdown()
                self._pool = None
            self.env.close()

    def _ask(self, transition: Transition) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="late-reward")
        # The environment may write into its arrays while a hook still looks.
        kept = replace(transition, after=self._shown.latest, action=copy.deepcopy(transition.action))
        for name, hook in self._hooks.items():
            self._asked.append(_Asked(self._step, name, self._pool.submit(term, name, hook, kept)))

    def _publish(self, *, wait: bool) -> None:
        waiting, self._asked = self._asked, []
        errors: list[RewardHookError] = []
        for asked in waiting:
            if not wait and (not asked.value.done() or asked.value.exception() is not None):
                self._asked.append(asked)
                continue
            try:
                value = asked.value.result()
            except RewardHookError as error:
                error.add_note(f"at step {asked.step}")
                errors.append(error)
                continue
            self._bus.publish(Reward(step=asked.step, value=value, name=asked.name, source="late"))
        if errors:
            if len(errors) > 1:
                errors[0].add_note(f"and {len(errors) - 1} more verdicts failed, the last with: {errors[-1]}")
            raise errors[0]

    @property
    def _bus(self) -> Bus:
        bus: Bus = self.env.get_wrapper_attr("bus")
        return bus
