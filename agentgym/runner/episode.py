"""One agent in one environment for one episode, iterable step by step."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from types import TracebackType
from typing import Any, Self

import gymnasium as gym

from agentgym.agents import Agent
from agentgym.agents.base import checked
from agentgym.errors import EvaluationError, UsageError
from agentgym.events import Bus, ModelResponse, Reward, ToolCalled
from agentgym.hooks import NamedHook, read_hook
from agentgym.rewards import Transition
from agentgym.runner.lifecycle import Lifecycle
from agentgym.runner.result import EpisodeResult
from agentgym.runner.usage import UsageSum
from agentgym.tasks import Task
from agentgym.wrappers.hooked import Hooked
from agentgym.wrappers.tap import Tap, tap_of, wrapper_of

__all__ = ["Episode"]

_NOT_ASKED: Any = object()


class Episode:
    """An agent in an environment, iterable step by step.

    ::

        for observation in episode:               # observation 0 to the last but one
            episode.action = edited(episode.action)
            transition = episode.step()           # left out, the step is made when the loop goes on
            episode.add_reward("tidy", 0.1)

    The environment stays the caller's: it is reset at the first step and never closed here. After the end the episode
    can be looked at (``result``), not repeated. A loop that is left goes on where it stood, in another loop or by
    ``step`` or ``run``; ``close``, or ``with``, ends an episode that is to be left for good. What happens when is
    written in `agentgym.runner.lifecycle`.

    Args:
        env: any environment whose observations and actions the agent understands. What happens is published to the
            bus of the recorder around it, if there is one.
        agent: is told the environment's task, if it has one.
        seed: given to ``reset``.
        task: given to ``reset`` as an option; None to leave the choice to the environment.
        bus: where to publish, where the environment has no recorder; a new one, and a run of its own, if not given.
        hooks: who observe and intercept from the reset to the end, in any form that `agentgym.hooks.read_hook` takes;
            the task's own (its key ``hooks``) join them after the reset.
        agent_id: by which the agent is known in the stream.
        trust_task_hooks: whether the task may name functions of modules, which run here, outside any sandbox.

    Attributes:
        bus: of the episode's run.
        steps: made so far.
        observation: the last one; None before the reset.
        info: that came with it.
        transition: the last step; None before the first.

    Raises:
        UsageError: if a bus is given for an environment that is recorded already, a hook cannot be, the environment
            is `Hooked`, or the agent is none.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        agent: Agent,
        *,
        seed: int | None = None,
        task: Task | str | None = None,
        bus: Bus | None = None,
        hooks: Sequence[str | Mapping[str, Any] | NamedHook] = (),
        agent_id: str | None = None,
        trust_task_hooks: bool = False,
    ) -> None:
        if wrapper_of(env, Hooked) is not None:
            raise UsageError("an episode asks the hooks itself: give them to it, hooks=[…], and drop Hooked")
        agent = checked(agent, "the agent of an episode")
        tap = tap_of(env)
        if tap is not None and bus is not None and bus is not tap.bus:
            raise UsageError("the environment is recorded, and has a bus of its own: drop bus=, or the recorder")
        if tap is None:
            env = tap = Tap(env, bus=bus)
            owns_run = True
        else:
            owns_run = False
        self.env = env
        self.bus: Bus = tap.bus
        self._life = Lifecycle(
            env,
            tap,
            agent,
            agent_id=agent_id,
            owns_run=owns_run,
            hooks=tuple(map(read_hook, hooks)),
            trust_task_hooks=trust_task_hooks,
            on_break=self._finish,
        )
        self._seed = seed
        self._options = None if task is None else {"task": task}
        self._task = ""
        self._action: Any = _NOT_ASKED
        self._asked: Any = _NOT_ASKED
        self._begun = self._iterating = False
        self._begun_at = self._ended_at = 0.0
        self._run_id, self._number = "", 0
        self._usage = UsageSum()
        self._finished = False
        self._score: float | None = None
        self._error: BaseException | None = None
        self._rewards: list[tuple[str, float, str | None]] = []
        self._pass = 0
        self.observation: Any = None
        self.info: Mapping[str, Any] = {}
        self.transition: Transition | None = None
        self.steps = 0
        self.total_return = 0.0

    @property
    def over(self) -> bool:
        """Whether there is no further step: it terminated, was truncated, was closed, or broke."""
        return self._finished or self._at_end

    @property
    def action(self) -> Any:
        """What the agent wants to do next; it is asked when this is first read. Set it to have something else done."""
        if self._action is _NOT_ASKED:
            self._refuse_over()
            self._begin()
            self._action = self._asked = self._life.act(self.observation)
        return self._action

    @action.setter
    def action(self, action: Any) -> None:
        self._refuse_over()
        self._action = action

    def __iter__(self) -> Iterator[Any]:
        """The observation before each step; the step is made when the loop goes on, unless it was made by then."""
        while not self.over:
            self._begin()
            self._pass = self.steps
            self._iterating = True
            try:
                yield self.observation
            finally:
                self._iterating = False
            if self.steps == self._pass and not self.over:
                self.step()
        self._end()

    def step(self) -> Transition:
        """Does ``action``; the first call resets the environment and the agent.

        Raises:
            UsageError: if the episode is over.
        """
        self._refuse_over()
        self._begin()
        action = self.action
        asked = action if self._asked is _NOT_ASKED else self._asked
        before, before_info = self.observation, self.info
        done, (after, reward, terminated, truncated, info) = self._life.step(action, asked)
        self._ended_at = time.monotonic()
        self._action = self._asked = _NOT_ASKED
        paid = float(reward)
        self.observation, self.info = after, info
        self.steps += 1
        self.total_return += paid
        self.transition = Transition(before, done, after, paid, bool(terminated), bool(truncated), info, before_info)
        for added in self._rewards:
            self._pay(*added)
        self._rewards.clear()
        self._life.tell_info(info)
        # In a loop, a reward may still be added to the last step.
        if not self._iterating and self._at_end:
            self._end()
        return self.transition

    def add_reward(self, name: str, value: float, *, note: str | None = None) -> None:
        """Adds to the reward of the step that this pass of the loop makes, or that ``step`` made last.

        Raises:
            UsageError: if there is no such step: before the first and after the end; or it is no reward.
        """
        value = _reward(name, value)
        if self._finished or not (self._iterating or self.steps):
            raise UsageError("a reward is added to a step: within the loop, or after step()")
        if self._iterating and self.steps == self._pass:
            self._rewards.append((name, value, note))
        else:
            self._pay(name, value, note)

    def run(self, *, keep_screen: bool = False) -> EpisodeResult:
        """Goes on to the end.

        Raises:
            EvaluationError: if a getter or metric raised; the episode is unscored.
        """
        for _ in self:
            pass
        return self.result(keep_screen=keep_screen)

    def result(self, *, keep_screen: bool = False) -> EpisodeResult:
        """How it went, up to now. Before the end the environment is asked for the score of its present state.

        Raises:
            EvaluationError: if a getter or metric raised; the episode is unscored.
        """
        if self._at_end:
            self._end()
        if isinstance(self._error, EvaluationError):
            raise self._error
        score = self._score if self._finished else self._life.score()
        return self._result(score, self._error, keep_screen=keep_screen)

    def close(self) -> None:
        """Ends the episode where it stands, unscored unless it came to its end. May be called twice."""
        if self._at_end:
            self._end()
        self._finish(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, GeneratorExit):
            self.close()
        else:
            self._finish(error)

    @property
    def _at_end(self) -> bool:
        last = self.transition
        return last is not None and (last.terminated or last.truncated)

    def _refuse_over(self) -> None:
        if self.over:
            raise UsageError("the episode is over; make a new one")

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        self._detach = self.bus.subscribe(self._usage, ModelResponse, ToolCalled)
        self.observation, self.info, task = self._life.before(self._seed, self._options)
        self._task, self._run_id, self._number = task.id, self.bus.run_id, self.bus.episode
        self._begun_at = self._ended_at = time.monotonic()

    def _pay(self, name: str, value: float, note: str | None) -> None:
        self.bus.publish(Reward(step=self._life.recorded_steps, value=value, name=name, source="episode", note=note))
        self.total_return += value

    def _end(self) -> None:
        """Scores what came to its end. Where that fails, whoever asks for the result is told."""
        if self._finished:
            return
        unscored = None
        try:
            self._score = self._life.score()
        except EvaluationError as error:
            unscored = error
        except BaseException as error:
            self._life.broke("evaluate", error)
            raise
        self._finish(unscored)

    def _finish(self, error: BaseException | None) -> None:
        if self._finished or not self._begun:
            self._finished = True
            return
        self._finished = True
        self._error = error
        self._detach()
        self._life.after(self._result(self._score, error), error)

    def _result(self, score: float | None, error: BaseException | None, *, keep_screen: bool = False) -> EpisodeResult:
        last = self.transition
        return EpisodeResult(
            task=self._task,
            seed=self._seed,
            score=score,
            total_return=self.total_return,
            steps=self.steps,
            steps_s=self._ended_at - self._begun_at,
            terminated=last is not None and last.terminated,
            truncated=last is not None and last.truncated,
            screen=_screenshot(self.observation) if keep_screen else None,
            run_id=self._run_id,
            episode=self._number,
            usage=self._usage.total(),
            error=None if error is None else f"{type(error).__name__}: {error}".removesuffix(": "),
        )


def _reward(name: Any, value: Any) -> float:
    """The value of a reward that can be added up."""
    if not isinstance(name, str) or not name:
        raise UsageError(f"a reward's name is a text that is not empty, not {name!r}")
    # Numbers of NumPy are Real, too.
    if not isinstance(value, Real) or not math.isfinite(value):
        raise UsageError(f"the value of the reward {name!r} is a finite number, not {value!r}")
    return float(value)


def _screenshot(observation: Any) -> Any:
    return observation.get("screenshot") if isinstance(observation, Mapping) else None
