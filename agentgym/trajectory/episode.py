"""One recorded episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.errors import DatasetError
from agentgym.events import Record
from agentgym.rewards import Transition
from agentgym.tasks import Task
from agentgym.trajectory.columns import Column, column
from agentgym.trajectory.cuttexts import cut_texts
from agentgym.trajectory.framereader import FrameReader
from agentgym.trajectory.recordfile import EpisodeSpan, RecordFile
from agentgym.trajectory.records import read_record
from agentgym.trajectory.shown import episode_html
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
        self.run_id = file.run_id
        self.number = span.number
        self._file = file
        self._span = span
        self._steps = span.steps
        self._frames = frames
        self._values = ValueReader(frames)

    def __len__(self) -> int:
        return self._steps

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<episode {self.number} of run {self.run_id}, {len(self)} steps>"

    def _repr_html_(self) -> str:
        return episode_html(self)

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
        """Of each step, with what was added to it afterwards."""
        own = np.array([self._values.value(step["reward"]) for step in self._step_forms], np.float64)
        for late in self._late_rewards:
            own[late["step"] - 1] += self._values.value(late["value"])
        return own

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
        """One dict of named terms a step, those that were added afterwards included; empty where nothing named any."""
        terms = [step.get("reward_terms", {}) for step in self._step_forms]
        for late in self._late_rewards:
            step = late["step"] - 1
            terms[step] = {**terms[step], late["name"]: late["value"]}
        return Column(terms, self._values)

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
    def cut_texts(self) -> frozenset[str]:
        """The digests (sha256) of the texts that were longer than the recorder's ``preview_chars``, and were cut."""
        lines = self._file.lines(self._span.start, self._span.end)
        return frozenset(digest for line in lines for digest in cut_texts(line, self._frames))

    @property
    def total_return(self) -> float:
        return float(self.rewards.sum())

    def transitions(self) -> Iterator[Transition]:
        """The steps as reward hooks see them: the environment's own reward, an info without reward terms."""
        before = self.observations[0] if len(self) else None
        before_info: Mapping[str, Any] = self._shown_info(self._reset)
        for index, step in enumerate(self._step_forms):
            after = self.observations[index + 1]
            transition = self._transition(before, before_info, step, after)
            yield transition
            before, before_info = after, transition.info

    def transition(self, t: int) -> Transition:
        """One of them, from observation t to t + 1, without reading the others."""
        before_info = self._shown_info(self._moment(t))
        return self._transition(self.observation(t), before_info, self._moment(t + 1), self.observation(t + 1))

    def observation(self, t: int, choice: str | Sequence[str] | None = None) -> Any:
        """Observation t, without reading the others.

        Args:
            t: from 0 to T.
            choice: the key of one, or the keys of several, of a dict of observations; the others are not decoded.
        """
        form = self._moment(t)["observation"]
        if choice is None:
            return self._values.value(form)
        if isinstance(choice, str):
            return self._values.value(form[choice])
        return {key: self._values.value(form[key]) for key in choice}

    def step_values(self, t: int) -> dict[str, Any]:
        """The action that followed observation t, its ``reward``, ``terminated`` and ``truncated``."""
        form = self._moment(t + 1)
        reward = self.rewards[t] if self._span.rewarded else self._values.value(form["reward"])
        return {
            "action": self._values.value(form["action"]),
            "reward": float(reward),
            "terminated": form["terminated"],
            "truncated": form["truncated"],
        }

    def records(self) -> Iterator[Record]:
        """Everything that was published from its reset on, in order; what came before the first reset, too.

        Raises:
            DatasetError: if a record or what it refers to cannot be read.
        """
        for line in self._file.lines(self._span.start, self._span.end):
            yield read_record(self._file.form(line), self._values)

    def _transition(self, before: Any, before_info: Mapping[str, Any], step: dict[str, Any], after: Any) -> Transition:
        value = self._values.value
        reward = value(step.get("reward_terms", {})).get(_ENV_TERM, value(step["reward"]))
        ends = step["terminated"], step["truncated"]
        info = self._shown_info(step)
        return Transition(before, value(step["action"]), after, float(reward), *ends, info, before_info)

    def _shown_info(self, moment: dict[str, Any]) -> dict[str, Any]:
        info = self._values.value(moment.get("info", {}))
        return {name: item for name, item in info.items() if name not in _TERMS}

    def _moment(self, t: int) -> dict[str, Any]:
        """What was recorded of the reset, t = 0, or of step t."""
        if not 0 <= t <= self._steps:
            raise IndexError(f"{self!r} has no observation {t}")
        payload: dict[str, Any] = self._file.moment(self._span, t)["payload"]
        return payload

    @cached_property
    def _forms(self) -> list[dict[str, Any]]:
        # As of the moment the dataset was opened or refreshed, even if the run has gone on since.
        return self._file.forms(self._span)

    @cached_property
    def _late_rewards(self) -> list[dict[str, Any]]:
        if not self._span.rewarded:
            return []
        late = [form["payload"] for form in self._forms if form["event_type"] == "reward"]
        return [reward for reward in late if 1 <= reward["step"] <= self._steps]

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
