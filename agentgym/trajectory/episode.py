"""One recorded episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.errors import DatasetError
from agentgym.events import EVENT_TYPES, Event, Record
from agentgym.rewards import Transition
from agentgym.tasks import Task
from agentgym.trajectory.columns import Column, column
from agentgym.trajectory.framereader import FrameReader
from agentgym.trajectory.recordfile import EpisodeSpan, RecordFile
from agentgym.trajectory.values import ValueReader

__all__ = ["Episode"]

_ENV_TERM = "env"
_TERMS = ("reward_terms", "env_reward_terms")


class Episode:
    """What happened from one reset to the next, as far as it was on disk when the dataset was opened.

    ``len`` is T, the number of steps. Arrays belong to the caller.

    Attributes:
        run_id: the run that it is of.
        number: its place in the run, from 0.
    """

    def __init__(self, file: RecordFile, span: EpisodeSpan, frames: FrameReader) -> None:
        self.run_id = file.path.name.removesuffix(".jsonl")
        self.number = span.number
        self._file = file
        self._span = span
        self._steps = span.steps
        self._values = ValueReader(frames)

    def __len__(self) -> int:
        return self._steps

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<episode {self.number} of run {self.run_id}, {len(self)} steps>"

    @cached_property
    def observations(self) -> Any:
        """Observation 0 to T, T + 1 of them: a `Column`, ``[t]``.

        Where they are dicts, a `KeyedColumn`: ``["screenshot"][t]``, or ``[t]`` for the whole one.
        """
        forms = [self._reset["observation"], *(step["observation"] for step in self._step_forms)]
        return column(forms, self._values)

    @cached_property
    def actions(self) -> Column:
        """As they were given to the recorder."""
        return Column([step["action"] for step in self._step_forms], self._values)

    @cached_property
    def rewards(self) -> npt.NDArray[np.float64]:
        return np.array([self._values.value(step["reward"]) for step in self._step_forms], np.float64)

    @cached_property
    def terminations(self) -> npt.NDArray[np.bool_]:
        return np.array([step["terminated"] for step in self._step_forms], np.bool_)

    @cached_property
    def truncations(self) -> npt.NDArray[np.bool_]:
        return np.array([step["truncated"] for step in self._step_forms], np.bool_)

    @cached_property
    def infos(self) -> Column:
        """Of the steps; that of the reset is ``reset_info``."""
        return Column([step.get("info", {}) for step in self._step_forms], self._values)

    @cached_property
    def reward_terms(self) -> Column:
        """One dict of named terms a step; empty where nothing named any."""
        return Column([step.get("reward_terms", {}) for step in self._step_forms], self._values)

    @cached_property
    def timings(self) -> Column:
        """Milliseconds by phase, one dict a step; empty where the environment measured none."""
        return Column([step.get("timing", {}) for step in self._step_forms], self._values)

    @property
    def reset_info(self) -> dict[str, Any]:
        info: dict[str, Any] = self._values.value(self._reset.get("info", {}))
        return info

    @property
    def seed(self) -> int | None:
        return self._reset.get("seed")

    @property
    def options(self) -> dict[str, Any] | None:
        options: dict[str, Any] | None = self._values.value(self._reset.get("options"))
        return options

    @property
    def task(self) -> Task | None:
        """None if the environment had none."""
        fields = self._values.value(self._reset.get("task"))
        return None if fields is None else msgspec.convert(fields, Task)

    @property
    def score(self) -> float | None:
        """In [0, 1]; None if it was not scored."""
        scored = self._last("scored")
        return None if scored is None else float(self._values.value(scored["value"]))

    @property
    def score_terms(self) -> dict[str, Any]:
        scored = self._last("scored")
        return {} if scored is None else self._values.value(scored.get("terms", {}))

    @property
    def failure(self) -> str | None:
        """What broke off the episode or kept it from being scored; None if nothing did."""
        failed = self._last("failed")
        if failed is not None:
            return f"{failed['type']}: {self._values.value(failed['message'])}"
        said = self._values.value(self._step_forms[-1].get("info", {})).get("failure") if self._step_forms else None
        return None if said is None else str(said)

    @property
    def is_complete(self) -> bool:
        """Whether its last step ended it."""
        last = self._step_forms[-1] if self._step_forms else {}
        return bool(last.get("terminated") or last.get("truncated"))

    @property
    def total_return(self) -> float:
        return float(self.rewards.sum())

    def transitions(self) -> Iterator[Transition]:
        """The steps as reward hooks see them: the environment's own reward, an info without reward terms."""
        before = self.observations[0] if len(self) else None
        for index, step in enumerate(self._step_forms):
            after = self.observations[index + 1]
            info = {name: value for name, value in self.infos[index].items() if name not in _TERMS}
            reward = self.reward_terms[index].get(_ENV_TERM, self.rewards[index])
            action = self.actions[index]
            yield Transition(before, action, after, float(reward), step["terminated"], step["truncated"], info)
            before = after

    def records(self) -> Iterator[Record]:
        """Everything that was published from its reset on, in order; what came before the first reset, too.

        Raises:
            DatasetError: if a record or what it refers to cannot be read.
        """
        for line in self._file.lines(self._span):
            yield read_record(line, self._values)

    @cached_property
    def _forms(self) -> list[dict[str, Any]]:
        # As of the moment the dataset was opened or refreshed, even if the run has gone on since.
        lines = self._file.lines(self._span)
        return [msgspec.json.decode(line) for line in lines]

    @cached_property
    def _step_forms(self) -> list[dict[str, Any]]:
        return [form["payload"] for form in self._forms if form["event_type"] == "step"][: self._steps]

    @cached_property
    def _reset(self) -> dict[str, Any]:
        payload = self._last("reset")
        if payload is None:
            raise DatasetError(f"{self!r} has no reset")
        return payload

    def _last(self, event_type: str) -> dict[str, Any] | None:
        payloads = (form["payload"] for form in reversed(self._forms) if form["event_type"] == event_type)
        return next(payloads, None)


def read_record(line: bytes, values: ValueReader) -> Record:
    """A line of the stream as the record that was published.

    Raises:
        DatasetError: if it is none, or what it refers to cannot be read.
    """
    try:
        form: Mapping[str, Any] = msgspec.json.decode(line)
        kind: type[Event] = EVENT_TYPES[form["event_type"]]
        payload = msgspec.convert(values.value(form["payload"]), kind)
        envelope = {name: form[name] for name in ("ts_utc", "run_id", "episode", "idx", "event_type")}
        return Record(**envelope, payload=payload)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise DatasetError(f"not a record: {error}: {line[:200]!r}") from error
