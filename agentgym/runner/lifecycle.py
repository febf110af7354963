"""The life of an episode: what happens before, while it runs, and after, also when it breaks. Written here alone.

::

    before   hooks join the bus
             env.reset          through the interceptors of "reset"     RunStarted, Reset
             the task's hooks join
             agent.draw_from(action_space)         if it has it
             agent.reset(task, emit)                                    (whatever the agent publishes)
             agent.read_info(info)                 if it has it
      │
      ▼
    run      agent.act(observation)                                     ModelRequest, ModelResponse
      ▲      env.step(action)   through the interceptors of "step"      ToolCalled, ToolReturned, Step; the last: Scored
      └───── agent.read_info(info)                 if it has it
      │
      ▼ terminated or truncated                  ▼ left: close()        ▼ broke: anything raised
    after    env.evaluate()     its score          no score               Failed, which says during what; no score
             agent.finish(result)                  the same               the same, if agent.reset was called
             the run ends, if it is the episode's own                     RunCompleted
             hooks leave the bus                   the same               the same, and the error goes on

Whatever is called here, the episode's run is the current one (`agentgym.events.tracing`), so that agents, tools and
hooks publish into one stream. The recorder tells of resets and steps and of what broke in them; what broke elsewhere is
told here. ``env.close()``, which ends a recorder's run, and ``agent.close()`` are for who made them: `rollout` does.
An episode in a thread that its engine has given up breaks at its next act or step (`agentgym.engines.threads`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import gymnasium as gym
import msgspec

from agentgym.agents.base import Agent, DrawsActions, Finishes, ReadsInfo
from agentgym.engines import leave_if_given_up
from agentgym.events import Bus, tracing
from agentgym.hooks import NamedHook, hooks_of_task, join
from agentgym.tasks import Task
from agentgym.wrappers.intercepting import Intercepting
from agentgym.wrappers.tap import Returned, Tap

__all__ = ["Lifecycle"]


class Lifecycle:
    """Does each part of an episode's life, as its run, and ends the life when one breaks.

    Args:
        env: what is reset and stepped; the tap is within it.
        tap: publishes what passes.
        agent: who acts.
        agent_id: by which the agent is known in the stream.
        owns_run: whether the run ends with the episode.
        hooks: who observe and intercept while the episode lasts.
        trust_task_hooks: whether the task may name functions of modules as hooks.
        on_break: told of an error before it goes on.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        tap: Tap,
        agent: Agent,
        *,
        agent_id: str | None,
        owns_run: bool,
        hooks: Sequence[NamedHook],
        trust_task_hooks: bool,
        on_break: Callable[[BaseException], object],
    ) -> None:
        self.bus: Bus = tap.bus
        self._env = env
        self._tap = tap
        self._agent = agent
        self._agent_id = agent_id
        self._owns_run = owns_run
        self._hooks = hooks
        self._trust_task_hooks = trust_task_hooks
        self._on_break = on_break
        self._read_info = agent.read_info if isinstance(agent, ReadsInfo) else None
        self._joined = ExitStack()
        self._agent_began = False
        self._through = Intercepting(env, tap, agent_id=agent_id)

    @property
    def recorded_steps(self) -> int:
        """As the stream counts them; a wrapper around the recorder, or a hook, may make several of one."""
        return self._tap.steps_of_episode

    def before(self, seed: int | None, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any], Task]:
        """Observation 0, its info, and the task, which is empty where the environment has none."""
        self.bus.askers.agent_id = self._agent_id
        with _Part(self, "hooks"):
            self._joined.callback(join(self.bus, self._hooks))
        with _Part(self, "reset"):
            observation, info = self._through.reset(seed, options)
        found = getattr(self._env.unwrapped, "task", None)
        task = found if isinstance(found, Task) else Task(id="", instruction="")
        with _Part(self, "the task's hooks"):
            self._joined.callback(join(self.bus, hooks_of_task(task.metadata, trusted=self._trust_task_hooks)))
        with _Part(self, "agent.reset"):
            self._agent_began = True
            if isinstance(self._agent, DrawsActions):
                self._agent.draw_from(self._env.action_space)
            self._agent.reset(self._as_played(task), self.bus.publish)
        self.tell_info(info)
        return observation, info, task

    def _as_played(self, task: Task) -> Task:
        """The task with the number of steps that counts, which the environment may have been given."""
        limit = getattr(self._env.unwrapped, "max_steps", None)
        return msgspec.structs.replace(task, max_steps=limit) if isinstance(limit, int) else task

    def act(self, observation: Any) -> Any:
        """What the agent wants to do."""
        with _Part(self, "agent.act"):
            leave_if_given_up()
            return self._agent.act(observation)

    def step(self, action: Any, asked: Any) -> tuple[Any, Returned]:
        """What was done in the end, and what came of it.

        Args:
            action: what is to be done.
            asked: what the agent wanted, if it was asked; otherwise the action.
        """
        with _Part(self, "step"):
            leave_if_given_up()
            return self._through.step(action, asked=asked)

    def tell_info(self, info: dict[str, Any]) -> None:
        """Shows the agent what came with an observation, if it wants to see it."""
        if self._read_info is not None:
            with _Part(self, "agent.read_info"):
                self._read_info(info)

    def score(self) -> float | None:
        """What the environment says of its present state; None if it says nothing."""
        evaluate = getattr(self._env.unwrapped, "evaluate", None)
        with tracing(self.bus):
            score = None if evaluate is None else evaluate()
        return None if score is None else float(score.value)

    def after(self, result: Any, error: BaseException | None) -> None:
        """Ends the episode.

        Args:
            result: how it went.
            error: what ended it, which is about to be raised; one of the agent's ``finish`` is then noted on it.
        """
        # Or the episode would live until the garbage is collected, and with it whatever its agent holds.
        self._on_break = _nothing
        with self._joined:
            try:
                with tracing(self.bus):
                    self._tell_finished(result, error)
            finally:
                self.bus.askers.agent_id = None
                if self._owns_run:
                    self._tap.complete()

    def broke(self, during: str, error: BaseException) -> None:
        """Tells of what was raised, if nobody has, and ends the life."""
        self._tap.fail(during, error, agent_id=self._agent_id)
        self._on_break(error)

    def _tell_finished(self, result: Any, error: BaseException | None) -> None:
        if not (self._agent_began and isinstance(self._agent, Finishes)):
            return
        try:
            self._agent.finish(result)
        except Exception as second:
            self._tap.fail("agent.finish", second, agent_id=self._agent_id)
            if error is None:
                raise
            error.add_note(f"and then agent.finish raised {type(second).__name__}: {second}")


def _nothing(_error: BaseException) -> None:
    """For an episode that is over."""


class _Part:
    """A part of the life: its run is the current one, and what it raises ends the life."""

    __slots__ = ("_during", "_life", "_tracing")

    def __init__(self, life: Lifecycle, during: str) -> None:
        self._life = life
        self._during = during

    def __enter__(self) -> None:
        self._tracing = tracing(self._life.bus)
        self._tracing.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                self._life.broke(self._during, error)
        finally:
            self._tracing.__exit__(kind, error, trace)
