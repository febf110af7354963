"""Resets and steps an environment through those who intercept it, so that the stream tells what was really done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from agentgym.errors import Refused
from agentgym.events import Note, Reward, around
from agentgym.wrappers.tap import Returned, Tap

__all__ = ["Intercepting"]


class Intercepting:
    """An environment whose run's interceptors of ``reset`` and ``step`` are asked. The run is the current one here.

    Args:
        env: what is reset and stepped.
        tap: publishes what passes; it is within the environment, or the environment itself.
        agent_id: who acts.
    """

    def __init__(self, env: gym.Env[Any, Any], tap: Tap, *, agent_id: str | None = None) -> None:
        self._env = env
        self._tap = tap
        self._agent_id = agent_id
        self._asked: Any = None
        self._done: Any = None
        self._made = 0
        self._paid = 0.0

    def reset(self, seed: int | None, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any]]:
        return around("reset", {"seed": seed, "options": options}, self._reset, agent_id=self._agent_id)

    def step(self, action: Any, *, asked: Any) -> tuple[Any, Returned]:
        """What was done in the end, and what came of it. If that is not what was asked for, a `Note` has that, too.

        Args:
            action: what is to be done.
            asked: what the agent wanted.

        Raises:
            Refused: if a hook refused when the step had been made.
        """
        self._asked, self._done, self._made, self._paid = asked, action, 0, 0.0
        if not self._tap.bus.interceptions("step"):
            return self._done, self._step(action)
        try:
            returned: Returned = around("step", action, self._step, agent_id=self._agent_id)
        except Refused as refused:
            if self._made:
                refused.add_note("the step had been made: refuse before calling proceed")
                raise
            return action, self._tap.refuse(action, refused.reason)
        if self._made:
            self._tell_paid(float(returned[1]) - self._paid)
        else:
            self._tap.stand_in(action, returned)
        return self._done, returned

    def _reset(self, asked: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        return self._env.reset(seed=asked["seed"], options=asked["options"])

    def _step(self, action: Any) -> Returned:
        if action is not self._asked and not self._made:
            step = self._tap.steps_of_episode + 1
            self._tap.bus.publish(Note(kind="action_replaced", value={"asked": self._asked}, step=step))
        self._done = action
        returned = self._env.step(action)
        self._made += 1
        self._paid += float(returned[1])
        return returned

    def _tell_paid(self, more: float) -> None:
        """The stream's rewards add up to what was paid."""
        if more:
            step = self._tap.steps_of_episode
            self._tap.bus.publish(Reward(step=step, value=more, name="step_hook", source="interceptor"))
