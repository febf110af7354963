"""Hooks for loops that have no `agentgym.runner.Episode`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from agentgym.events import Bus, tracing
from agentgym.hooks import NamedHook, hooks_of_task, join, read_hook
from agentgym.tasks import Task
from agentgym.wrappers.intercepting import Intercepting
from agentgym.wrappers.tap import Tap, tap_of

__all__ = ["Hooked"]


class Hooked(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Lets hooks observe and intercept the resets and steps of any loop, and the tool calls and judging within.

    It goes around the recorder, if there is one, whose stream then has what was really done.

    Args:
        env: any environment.
        hooks: in any form that `agentgym.hooks.read_hook` takes. Interceptors may be added to ``bus`` as well.
        trust_task_hooks: whether a task may name functions of modules as hooks, which run outside any sandbox.

    Attributes:
        bus: of the recorder, or a new one.

    Raises:
        UsageError: if a hook cannot be.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        hooks: Sequence[str | Mapping[str, Any] | NamedHook] = (),
        *,
        trust_task_hooks: bool = False,
    ) -> None:
        RecordConstructorArgs.__init__(self, hooks=hooks, trust_task_hooks=trust_task_hooks)
        tap = tap_of(env)
        if tap is None:
            env = tap = Tap(env)
        gym.Wrapper.__init__(self, env)
        self.bus: Bus = tap.bus
        self._through = Intercepting(env, tap)
        self._trust_task_hooks = trust_task_hooks
        self._leave = join(tap.bus, list(map(read_hook, hooks)))
        self._leave_task: Callable[[], None] = _stay

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Resets, through the interceptors; then the hooks that the task names join in the place of those before.

        Raises:
            Refused: if a hook refused.
            TaskError: if the task names hooks that cannot be, or are not trusted.
        """
        self._leave_task()
        self._leave_task = _stay
        with tracing(self.bus):
            observation, info = self._through.reset(seed, options)
        task = getattr(self.env.unwrapped, "task", None)
        if isinstance(task, Task):
            self._leave_task = join(self.bus, hooks_of_task(task.metadata, trusted=self._trust_task_hooks))
        return observation, info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Steps, through the interceptors; one that is refused does nothing, and ``info["action_error"]`` says why."""
        with tracing(self.bus):
            return self._through.step(action, asked=action)[1]

    def close(self) -> None:
        """Closes the environment; hooks hear the end of the run, and leave."""
        self.env.close()
        self._leave_task()
        self._leave_task = _stay
        self._leave()


def _stay() -> None:
    """For where no hooks have joined."""
