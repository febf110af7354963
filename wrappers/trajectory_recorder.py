"""Records what passes its place in the stack of wrappers."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, SupportsFloat, get_args

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs
from gymnasium.wrappers import Autoreset

from agentgym.errors import UsageError
from agentgym.events import Bus, Reset, RunStarted, new_run_id, tracing, utc_now
from agentgym.tasks import Task
from agentgym.trajectory import Fsync, Redact, TrajectoryWriter, describe_env, provenance
from agentgym.wrappers.run_recording import OnError, RunRecording, milliseconds_since

__all__ = ["TrajectoryRecorder"]

_ABOUT = frozenset(RunStarted.__struct_fields__) - {
    "agent",
    "continues",
    "duration_ms",
    "env",
    "metadata",
    "provenance",
    "schema",
}


class TrajectoryRecorder(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Publishes every reset and step to its ``bus`` and keeps all that is published there in a dataset.

    When ``reset`` or ``step`` returns, it is in the file; ``close`` only adds the summary. It changes nothing that
    passes. Agents and tools publish what they do to ``recorder.bus``, into the same stream; what is called within
    ``reset`` or ``step`` may do so through `agentgym.events.trace`, without knowing of the recorder.

    Any number of recorders, in any number of processes, may share a folder: each has files of its own. With
    vectorised environments it goes around each single one, inside the ``env_fns`` or ``make_vec``'s ``wrappers``.
    A recorder that finds itself in a forked process, or copied, goes on in a run of its own, which says what run it
    ``continues``.

    Args:
        env: any environment.
        path: the folder of the dataset; made at the first reset.
        agent: the name of who acts, for the record.
        metadata: anything to be kept with the run, such as the command line or the commit.
        about: what else is known of the run: fields of `agentgym.events.RunStarted` such as ``"model"``,
            ``"session_id"``, ``"attempt"``.
        redact: False to keep keys, tokens and passwords in what is written; a function from text to text to take out
            what only you know, too.
        preview_chars: of a longer text only its beginning, digest and length are kept; None to keep all.
        fsync: when data is forced to the disk itself: ``"never"`` loses nothing when a process dies, ``"episode"``
            and ``"step"`` nothing when the machine does.
        on_error: when the disk refuses, ``"raise"`` a DatasetError from ``step``; or ``"warn"``, and go on unrecorded
            to the end of the episode. Either way the next reset tries again, in a new run.
        key_frame_every: at most so many stored images must be decoded for any one; None for what suits their size.
        pack: whether ``close`` compresses the records, to a tenth; ``zstd -d`` gives back the lines.

    Attributes:
        bus: what is recorded is published here; another run begins in it after a fork, and after ``close``.

    Raises:
        UsageError: if the path is a file, or an argument is out of range.
    """

    bus: Bus

    def __init__(
        self,
        env: gym.Env[Any, Any],
        path: str | os.PathLike[str],
        *,
        agent: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        about: Mapping[str, Any] | None = None,
        redact: bool | Redact = True,
        preview_chars: int | None = None,
        fsync: Fsync = "never",
        on_error: OnError = "raise",
        key_frame_every: int | None = None,
        pack: bool = False,
    ) -> None:
        RecordConstructorArgs.__init__(
            self,
            path=os.fspath(path),
            agent=agent,
            metadata=metadata,
            about=about,
            redact=redact,
            preview_chars=preview_chars,
            fsync=fsync,
            on_error=on_error,
            key_frame_every=key_frame_every,
            pack=pack,
        )
        gym.Wrapper.__init__(self, env)
        # A process that changes its folder still records into the one that was meant.
        self._root = Path(path).absolute()
        if self._root.exists() and not self._root.is_dir():
            raise UsageError(f"a dataset is a folder, but {self._root} is a file")
        if on_error not in get_args(OnError):
            raise UsageError(f"on_error is one of {', '.join(get_args(OnError))}, not {on_error!r}")
        if unknown := sorted(set(about or ()) - _ABOUT):
            raise UsageError(f"about={unknown[0]!r}: choose from {', '.join(sorted(_ABOUT))}")
        self._agent = agent
        self._run_metadata: dict[str, Any] = dict(metadata or {})
        self._about: dict[str, Any] = dict(about or {})
        self._writing: dict[str, Any] = {
            "redact": redact,
            "preview_chars": preview_chars,
            "fsync": fsync,
            "key_frame_every": key_frame_every,
            "pack": pack,
        }
        self._on_error: OnError = on_error
        self._resets_by_itself = _has_autoreset(env)
        self._observation: Any = None
        self._prepare(Bus(), continues=None)

    @property
    def run_id(self) -> str:
        """Of the run that is being recorded, or that the next reset begins."""
        return self.bus.run_id

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

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
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
        return observation, reward, terminated, truncated, info

    def close(self) -> None:
        """Ends the run in the record and closes the environment."""
        try:
            self._run.complete()
        finally:
            self._run.abandon()
            self.bus.begin(new_run_id(utc_now()))
            self._prepare(self.bus, continues=None)
            self.env.close()

    def __getstate__(self) -> dict[str, Any]:
        # Files, locks and subscribers belong to this object; a copy records on its own.
        state = self.__dict__.copy()
        del state["_run"], state["bus"]
        return {**state, "_continues": self._current_run()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare(Bus(), continues=self._continues)

    def _prepare(self, bus: Bus, *, continues: str | None) -> None:
        """Makes a run ready; nothing is on disk before its first record."""
        self.bus = bus
        self._continues = continues
        writer = TrajectoryWriter(self._root, bus.run_id, **self._writing)
        self._run = RunRecording(bus, writer, on_error=self._on_error)

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

    def _step_unrecorded(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
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
        score = evaluate() if evaluate is not None and self._task() is not None else None
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
