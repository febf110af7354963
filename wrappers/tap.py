"""Publishes what passes its place in the stack of wrappers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, SupportsFloat, TypeAlias, TypeVar

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs
from gymnasium.wrappers import Autoreset

from agentgym.errors import EvaluationError, UsageError
from agentgym.events import Bus, Reset, RunStarted, new_run_id, tracing, utc_now
from agentgym.tasks import Task
from agentgym.trajectory import describe_env, provenance
from agentgym.wrappers.run_recording import Keeper, KeepsNothing, OnError, RunRecording, milliseconds_since

__all__ = ["Returned", "Tap", "tap_of", "wrapper_of"]

_ABOUT = frozenset(RunStarted.__struct_fields__) - {
    "agent",
    "continues",
    "duration_ms",
    "env",
    "metadata",
    "provenance",
    "schema",
}


Wrapper = TypeVar("Wrapper", bound="gym.Wrapper[Any, Any, Any, Any]")

Returned: TypeAlias = tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]
"""What ``step`` returns."""


class Tap(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Publishes every reset and step to its ``bus``, for whoever subscribed there; keeps nothing.

    It changes nothing that passes. Agents and tools publish what they do to ``bus``, into the same stream; what is
    called within ``reset`` or ``step`` may do so through `agentgym.events.trace`, without knowing of this.

    Args:
        env: any environment.
        bus: where to publish; a new one if not given. One in which a run has begun goes on with it, and its owner ends
            it.
        agent: the name of who acts.
        metadata: anything to be told with the run, such as the command line or the commit.
        about: what else is known of the run: fields of `agentgym.events.RunStarted` such as ``"model"``,
            ``"session_id"``, ``"attempt"``.

    Attributes:
        bus: what passes is published here.

    Raises:
        UsageError: if ``about`` has a field that there is not.
    """

    bus: Bus

    def __init__(
        self,
        env: gym.Env[Any, Any],
        *,
        bus: Bus | None = None,
        agent: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        RecordConstructorArgs.__init__(self, agent=agent, metadata=metadata, about=about)
        self._begin_as(env, bus=bus, agent=agent, metadata=metadata, about=about)

    def _begin_as(
        self,
        env: gym.Env[Any, Any],
        *,
        bus: Bus | None,
        agent: str | None,
        metadata: Mapping[str, Any] | None,
        about: Mapping[str, Any] | None,
        on_error: OnError = "raise",
    ) -> None:
        gym.Wrapper.__init__(self, env)
        if unknown := sorted(set(about or ()) - _ABOUT):
            raise UsageError(f"about={unknown[0]!r}: choose from {', '.join(sorted(_ABOUT))}")
        self._agent = agent
        self._run_metadata: dict[str, Any] = dict(metadata or {})
        self._about: dict[str, Any] = dict(about or {})
        self._on_error: OnError = on_error
        self._resets_by_itself = _has_autoreset(env)
        self._observation: Any = None
        self._prepare(bus or Bus(), continues=None)

    @property
    def run_id(self) -> str:
        """Of the run that is being recorded, or that the next reset begins."""
        return self.bus.run_id

    @property
    def steps_of_episode(self) -> int:
        """How many steps of the present episode were published."""
        return self._run.steps_of_episode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Resets the environment; an episode begins in the record.

        Raises:
            DatasetError: if the disk refuses. The next reset tries again, in a new run.
        """
        self._begin_run()
        started = time.perf_counter()
        try:
            with tracing(self.bus):
                observation, info = self.env.reset(seed=seed, options=options)
        except BaseException as error:
            self._run.fail("reset", error)
            raise
        self._begin_episode(observation, info, seed=seed, options=options, started=started)
        return observation, info

    def step(self, action: Any) -> Returned:
        """Steps and records.

        Raises:
            DatasetError: if the disk refuses; what was recorded before is kept.
        """
        resets = self._resets_by_itself and self._run.episode_is_over
        if self._run.is_lost and not resets:
            return self._step_unrecorded(action)
        if resets:
            self._begin_run()
        elif not (self._run.is_started and self._run.is_usable):
            self._continue_in_new_run()
        started = time.perf_counter()
        try:
            with tracing(self.bus):
                observation, reward, terminated, truncated, info = self.env.step(action)
        except BaseException as error:
            self._run.fail("step", error, action)
            raise
        if resets:
            self._begin_episode(observation, info, started=started)
            return observation, reward, terminated, truncated, info
        self._tell_step(action, (observation, reward, terminated, truncated, info), started)
        return observation, reward, terminated, truncated, info

    def refuse(self, action: Any, reason: str) -> Returned:
        """A step that is not done, because a hook refused; it counts, and ``info["action_error"]`` says why.

        An environment that counts steps itself says with a method ``refuse(action, reason)``, which returns as ``step``
        does, what such a step leads to. Others are not asked: all stays as it was, until the limit that Gymnasium knows
        of (``env.spec.max_episode_steps``).
        """
        started = time.perf_counter()
        if self.env.has_wrapper_attr("refuse"):
            with tracing(self.bus):
                returned: Returned = self.env.get_wrapper_attr("refuse")(action, reason)
        else:
            limit = None if self.env.spec is None else self.env.spec.max_episode_steps
            truncated = limit is not None and self._run.steps_of_episode + 1 >= limit
            returned = self._observation, 0.0, False, truncated, {"action_error": f"refused: {reason}"}
        self._tell_step(action, returned, started)
        return returned

    def stand_in(self, action: Any, returned: Returned) -> None:
        """Publishes a step that was answered in the environment's place."""
        self._tell_step(action, returned, time.perf_counter())

    def close(self) -> None:
        """Ends the run in the record and closes the environment."""
        try:
            self._run.complete()
        finally:
            self._run.abandon()
            if self._run.is_owned:
                self.bus.begin(new_run_id(utc_now()))
            self._prepare(self.bus, continues=None)
            self.env.close()

    def fail(self, during: str, error: BaseException, *, agent_id: str | None = None) -> None:
        """Publishes what broke outside of the environment, in the agent for one, if there is a run to end with it."""
        if self._run.is_started:
            self._run.fail(during, error, agent_id=agent_id)

    def complete(self) -> None:
        """Ends the run in the record; the environment stays open, and the next reset begins another run.

        Nothing is ended twice, nor a run that another began.
        """
        self._run.complete()
        self._run.abandon()

    def __getstate__(self) -> dict[str, Any]:
        # Files, locks and subscribers belong to this object; a copy records on its own.
        state = self.__dict__.copy()
        del state["_run"], state["bus"]
        return {**state, "_continues": self._current_run()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare(Bus(), continues=self._continues)

    def _tell_step(self, action: Any, returned: Returned, started: float) -> None:
        observation, reward, terminated, truncated, info = returned
        self._observation = observation
        self._run.step(
            action,
            observation,
            float(reward),
            bool(terminated),
            bool(truncated),
            info,
            timing=self._timing(),
            duration_ms=milliseconds_since(started),
        )
        if self._run.episode_is_over:
            self._score(info)

    def _prepare(self, bus: Bus, *, continues: str | None) -> None:
        """Makes a run ready; nothing is on disk before its first record."""
        self.bus = bus
        self._continues = continues
        self._run = RunRecording(bus, self._keeper(bus.run_id), on_error=self._on_error)

    def _keeper(self, run_id: str) -> Keeper:
        """What keeps the records of a run."""
        return KeepsNothing()

    def _begin_run(self) -> None:
        if not self._run.is_usable:
            continues = self._current_run()
            self._run.abandon()
            self.bus.begin(new_run_id(utc_now()))
            self._prepare(self.bus, continues=continues)
        if not self._run.is_started:
            self._run.start(
                RunStarted(
                    env=describe_env(self.env),
                    agent=self._agent,
                    provenance=provenance(),
                    metadata=self._run_metadata,
                    continues=self._continues,
                    **self._about,
                )
            )

    def _step_unrecorded(self, action: Any) -> Returned:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._run.episode_is_over = bool(terminated or truncated)
        return observation, reward, terminated, truncated, info

    def _continue_in_new_run(self) -> None:
        """Begins a run in the middle of an episode: after a fork, in a copy."""
        self._run.refuse_after_failure()
        self._begin_run()
        self._begin_episode(self._observation, {}, started=time.perf_counter())

    def _begin_episode(
        self,
        observation: Any,
        info: dict[str, Any],
        *,
        started: float,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        self._observation = observation
        self._run.reset(
            Reset(
                observation=observation,
                info=info,
                seed=None if seed is None else int(seed),
                options=options,
                task=self._task(),
                timing=self._timing(),
                duration_ms=milliseconds_since(started),
            )
        )

    def _score(self, info: dict[str, Any]) -> None:
        """Records how the episode was scored, if it was; AgentGym's environments keep a score until the next step."""
        if "score" in info and info["score"] is None:
            return
        evaluate = getattr(self.env.unwrapped, "evaluate", None)
        try:
            score = evaluate() if evaluate is not None and self._task() is not None else None
        except EvaluationError as error:
            # The step was made, and is not lost for it; whoever asks for the score is told.
            self._run.fail("evaluate", error)
            return
        if score is not None:
            self._run.score(float(score.value), score.terms)
        elif "score" in info:
            self._run.score(float(info["score"]), {})

    def _task(self) -> Task | None:
        task = getattr(self.env.unwrapped, "task", None)
        return task if isinstance(task, Task) else None

    def _timing(self) -> dict[str, float]:
        timing = getattr(self.env.unwrapped, "timing", None)
        return dict(timing) if isinstance(timing, Mapping) else {}

    def _current_run(self) -> str | None:
        return self.bus.run_id if self._run.is_started else self._continues


def _has_autoreset(env: gym.Env[Any, Any]) -> bool:
    while isinstance(env, gym.Wrapper):
        if isinstance(env, Autoreset):
            return True
        env = env.env
    return False


def tap_of(env: gym.Env[Any, Any]) -> Tap | None:
    """The recorder around the environment, or whatever else publishes what passes."""
    return wrapper_of(env, Tap)


def wrapper_of(env: gym.Env[Any, Any], kind: type[Wrapper]) -> Wrapper | None:
    """The outermost wrapper of a kind."""
    while isinstance(env, gym.Wrapper):
        if isinstance(env, kind):
            return env
        env = env.env
    return None
