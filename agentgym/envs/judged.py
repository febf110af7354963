"""What environments of tasks have in common: the draw of a task, when an episode is over, and its score."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

import gymnasium as gym
import msgspec
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded

from agentgym.actions import Action
from agentgym.actions.quoting import short
from agentgym.backends.base import Backend
from agentgym.envs.arguments import plain_arguments, step_limit
from agentgym.envs.choice import TaskChoice, TaskSource
from agentgym.envs.phases import Phase
from agentgym.envs.refusals import Refusable
from agentgym.errors import BackendError, EvaluationError, Refused, UsageError
from agentgym.evaluators import Score, check_spec, evaluate
from agentgym.events import around
from agentgym.families import Split
from agentgym.tasks import EvaluatorSpec, Task

__all__ = ["JudgedEnv"]

Seen = TypeVar("Seen")


class JudgedEnv(Refusable, gym.Env[Seen, Any]):
    """An environment that draws a task at ``reset`` and pays its score in the last step.

    Args:
        task: the one task.
        tasks: those to draw from.
        max_steps: truncates the episode; None takes the task's own number.
        render_mode: one of ``metadata["render_modes"]``, or None.
        split: from which half of what families can draw; None from all of it.
        strict: whether every task's evaluator is `EvaluatorSpec.strict`; otherwise it is what the task says.

    Raises:
        UsageError: if an argument cannot work.
    """

    _has_desktop: ClassVar[bool] = False
    """Without one, tasks of suites that are played on a desktop are refused; with one, tools have a machine, too."""

    def __init__(
        self,
        task: TaskSource | None,
        tasks: str | Sequence[TaskSource] | None,
        *,
        max_steps: int | None,
        render_mode: str | None,
        split: Split | None = None,
        strict: bool = False,
    ) -> None:
        self._spec: EnvSpec | None = None
        modes = self.metadata["render_modes"]
        if render_mode not in (None, *modes):
            raise UsageError(f"render_mode is {render_mode!r}; it can be {', '.join(map(repr, modes))} or None")
        self.render_mode = render_mode
        self._choice = TaskChoice(task, tasks, split=split, desktop=self._has_desktop)
        self._max_steps = step_limit(max_steps)
        self._strict = strict
        self.timing: dict[str, float] = {}
        self._task: Task | None = None
        self._seed = 0
        self._running = False
        self._scored: Score | EvaluationError | None = None
        self._checked: EvaluatorSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """What the environment was made from; tasks are in it as dicts, so that it survives JSON."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        self._spec = spec
        if spec is not None:
            spec.kwargs = plain_arguments(spec.kwargs)

    @property
    def task(self) -> Task:
        """The present task.

        Raises:
            ResetNeeded: before the first ``reset``.
        """
        if self._task is None:
            raise ResetNeeded("there is no task before the first reset")
        return self._task

    def evaluate(self) -> Score | None:
        """The score of the machine's present state; None if the task has no evaluator.

        Scoring may change the machine (OSWorld's ``postconfig`` saves files), so a state is scored once and the score
        kept until the next step.

        Raises:
            EvaluationError: if a getter or metric raised. The episode is then unscored.
            BackendError: if the machine broke.
            ResetNeeded: before the first ``reset`` and after ``close``.
        """
        machine = self._judged
        if self.task.evaluator is None:
            return None
        if self._scored is None:
            with self._timed("evaluate"):
                self._scored = self._evaluated(machine)
        if isinstance(self._scored, EvaluationError):
            raise self._scored
        return self._scored

    @property
    @abstractmethod
    def _judged(self) -> Backend:
        """The machine whose state is scored."""

    @property
    @abstractmethod
    def _last_action(self) -> Action | None:
        """What was done last; None before the first action."""

    @property
    @abstractmethod
    def _evidence(self) -> Mapping[str, bytes]:
        """What was kept for judging, beside the machine, by name."""

    @property
    def max_steps(self) -> int | None:
        """Steps after which an episode of the present task is cut off; None if it is not.

        Raises:
            ResetNeeded: before the first ``reset``, if the task's number counts.
        """
        return self._max_steps if self._max_steps is not None else self.task.max_steps

    def _draw(self, seed: int | None, options: dict[str, Any] | None) -> Task:
        """The task of the next episode, whose evaluator can work.

        Raises:
            TaskError: if it cannot.
            UsageError: if the options are not understood.
        """
        gym.Env.reset(self, seed=seed)
        self._running = False
        task = self._choice.draw(self.np_random, {} if options is None else options)
        if task.evaluator is not None and task.evaluator is not self._checked:
            check_spec(task.evaluator)
            self._checked = task.evaluator
        return _strictly(task) if self._strict else task

    def _take(self, task: Task) -> None:
        """Makes it the present one, with what is drawn for its machine."""
        self._task = task
        self._seed = int(self.np_random.integers(2**31))

    def _check_token(self, token: object, kind: type) -> None:
        """Returns if an episode can be restored from it.

        Raises:
            UsageError: if it is none that `snapshot` gave.
        """
        if not isinstance(token, kind):
            raise UsageError(f"restore takes what snapshot() gave, a {kind.__name__}, not {short(token)}")

    def _finish(self, info: dict[str, Any]) -> float:
        """Scores the last state into ``info`` and gives the reward."""
        self._running = False
        try:
            score = self.evaluate()
        except EvaluationError:
            # The last action must not be lost for it: the episode ends unscored, and `evaluate` says why.
            info.update(score=None, failure="evaluation")
            return 0.0
        info["score"] = None if score is None else score.value
        return 0.0 if score is None else float(score.value)

    def _evaluated(self, machine: Backend) -> Score | EvaluationError:
        def judged(task: Task) -> Score:
            if task.evaluator is None:
                raise EvaluationError("a hook had a task judged that has no evaluator")
            return evaluate(task.evaluator, machine, self._last_action, kept=self._evidence)

        try:
            return around("evaluate", self.task, judged)
        except EvaluationError as error:
            return error
        except Refused as refused:
            return EvaluationError(f"refused: {refused.reason}")

    @contextmanager
    def _ending_on_fault(self) -> Iterator[None]:
        try:
            yield
        except BackendError:
            self._running = False
            raise

    def _timed(self, phase: str) -> Phase:
        return Phase(self.timing, phase)


def _strictly(task: Task) -> Task:
    if task.evaluator is None or task.evaluator.strict:
        return task
    return msgspec.structs.replace(task, evaluator=msgspec.structs.replace(task.evaluator, strict=True))
