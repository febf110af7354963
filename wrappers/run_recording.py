"""One run as it is being recorded: what the environment did, published in order."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

from agentgym.errors import DatasetError
from agentgym.events import (
    Bus,
    Failed,
    ModelResponse,
    Record,
    Reset,
    RunCompleted,
    RunStarted,
    Scored,
    Status,
    Step,
    ToolCalled,
    failure,
)
from agentgym.events.failing import CALLED_OFF

__all__ = ["Keeper", "KeepsNothing", "OnError", "RecordingWarning", "RunRecording", "milliseconds_since"]

OnError: TypeAlias = Literal["raise", "warn"]


class RecordingWarning(UserWarning):
    """Steps go on that are not recorded."""


class Keeper(Protocol):
    """Keeps the records of one run, as `agentgym.trajectory.TrajectoryWriter` does."""

    @property
    def failure(self) -> DatasetError | None: ...
    def append(self, record: Record) -> object: ...
    def close(self) -> object: ...


class KeepsNothing:
    """For a run that is only listened to."""

    failure = None

    def append(self, record: Record) -> None: ...
    def close(self) -> None: ...


class RunRecording:
    """Publishes the events of one run to a bus that the run's writer listens to first.

    A bus in which a run has begun belongs to another: the run is neither begun nor ended here.

    Args:
        bus: belongs to the run from now on; its run id is the run's.
        writer: of the same run id.
        on_error: what to do when the disk refuses: raise the error, or warn once and go on unrecorded.
    """

    def __init__(self, bus: Bus, writer: Keeper, *, on_error: OnError = "raise") -> None:
        self._bus = bus
        self._writer = writer
        self._on_error = on_error
        self.is_owned = bus.is_fresh
        keeping = () if isinstance(writer, KeepsNothing) else (bus.subscribe(self._keep),)
        self._unsubscribe = (*keeping, bus.subscribe(self._remember_call, ModelResponse, ToolCalled))
        self._model_call: str | None = None
        self._tool_calls: list[str] = []
        self._process = os.getpid()
        self._began = time.perf_counter()
        self._failure: Failed | None = None
        self._episodes = self._steps = self._step = 0
        self.is_started = False
        self.episode_is_over = False

    @property
    def is_usable(self) -> bool:
        """Whether this process may go on with it: not in a forked child, not once the disk has refused."""
        return self._process == os.getpid() and self._writer.failure is None

    @property
    def is_lost(self) -> bool:
        """Whether steps may go on that are not recorded."""
        return self._on_error == "warn" and self._process == os.getpid() and self._writer.failure is not None

    @property
    def steps_of_episode(self) -> int:
        return self._step

    def refuse_after_failure(self) -> None:
        """Raises the disk's refusal again, if there was one in this process.

        An episode that lost a step is not gone on with; the next reset begins a new run.

        Raises:
            DatasetError: what ended the recording.
        """
        if self._process == os.getpid() and self._writer.failure is not None:
            raise self._writer.failure

    def start(self, event: RunStarted) -> None:
        if self.is_owned:
            self._bus.publish(event)
        self.is_started = True

    def reset(self, event: Reset) -> None:
        self._failure = None
        self._step = 0
        self.episode_is_over = False
        self._forget_calls()
        self._bus.publish(event)
        self._episodes += 1

    def step(
        self,
        action: Any,
        observation: Any,
        reward: float,
        terminated: bool,
        truncated: bool,
        info: dict[str, Any],
        *,
        timing: dict[str, float],
        duration_ms: float,
    ) -> None:
        self._step += 1
        self._steps += 1
        self.episode_is_over = terminated or truncated
        terms = info.get("reward_terms")
        self._bus.publish(
            Step(
                step=self._step,
                observation=observation,
                action=action,
                reward=reward,
                terminated=terminated,
                truncated=truncated,
                info=info,
                reward_terms=terms if isinstance(terms, dict) else {},
                timing=timing,
                duration_ms=duration_ms,
                model_call_id=self._model_call,
                tool_call_ids=self._tool_calls,
            )
        )
        self._forget_calls()

    def score(self, value: float, terms: Mapping[str, Any]) -> None:
        self._bus.publish(Scored(value=value, terms=dict(terms)))

    def fail(self, during: str, error: BaseException, action: Any = None, *, agent_id: str | None = None) -> None:
        """Records an error that the caller is about to raise again. If that cannot be done, the error says so."""
        self._failure = failure(during, error, action=action, agent_id=agent_id)
        self._bus.publish_failure(error, self._failure)

    def complete(self) -> None:
        """Ends the run, if it began and may be written to, and writes its summary.

        A run that ends in the middle of an episode is not ``completed``. One that is ended by an exception on its way
        out, as in ``finally``, says which.
        """
        if self.is_started and self.is_usable and self.is_owned:
            status, error = self._end()
            self._bus.publish(
                RunCompleted(
                    status=status,
                    error=error,
                    episodes=self._episodes,
                    steps=self._steps,
                    duration_ms=milliseconds_since(self._began),
                )
            )
            self._writer.close()

    def abandon(self) -> None:
        """Leaves the run as it is; the bus may be given to another."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def _end(self) -> tuple[Status, str | None]:
        if self._failure is not None:
            return _status(self._failure.type), f"{self._failure.type}: {self._failure.message}"
        if self.episode_is_over or not self._episodes:
            return "completed", None
        raised = sys.exception()
        if raised is not None:
            kind = type(raised).__name__
            return _status(kind), f"{kind}: {raised}"
        # An environment that resets by itself is closed after a reset that nobody asked for.
        return ("cancelled" if self._step else "completed"), None

    def _keep(self, record: Record) -> None:
        was_lost = self._writer.failure is not None
        try:
            self._writer.append(record)
        except DatasetError as error:
            if self._on_error == "raise":
                raise
            if not was_lost:
                warnings.warn(f"{error}; steps go on unrecorded until the next reset", RecordingWarning, stacklevel=2)

    def _remember_call(self, record: Record) -> None:
        match record.payload:
            case ModelResponse(parent_id=str(parent_id)) if parent_id in self._tool_calls:
                pass  # asked by a tool, not by who acts
            case ModelResponse(call_id=call_id):
                self._model_call = call_id
            case ToolCalled(call_id=call_id):
                self._tool_calls.append(call_id)

    def _forget_calls(self) -> None:
        self._model_call = None
        self._tool_calls = []


def milliseconds_since(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 3)


def _status(error: str) -> Status:
    return "cancelled" if error in CALLED_OFF else "error"
