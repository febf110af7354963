"""Figures of steps and episodes as TensorBoard's scalars, of any number of processes in one file."""

from __future__ import annotations

import fcntl
import os
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import UsageError
from agentgym.events import (
    Failed,
    ModelResponse,
    Record,
    Reset,
    Reward,
    RunCompleted,
    Scored,
    Step,
    ToolReturned,
)
from agentgym.events.usage import Usage
from agentgym.extras import needed
from agentgym.sinks.base import SinkOrder

__all__ = ["TensorBoardScalars", "tensorboard_sink"]

_COUNTS = ".agentgym-counts.json"
_VERSION = "brain.Event:2"


class _Counts(msgspec.Struct):
    """How many there are in a folder, by all who write there."""

    episodes: int = 0
    steps: int = 0


@dataclass
class _Episode:
    began: datetime
    steps: list[tuple[datetime, Step]] = field(default_factory=list)
    added: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    scores: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    cost_usd: float = 0.0
    model_calls: int = 0
    tool_calls: int = 0
    failed: bool = False
    is_priced: bool = False

    def take(self, event: object, now: datetime) -> None:
        match event:
            case Step() as step:
                # Without what may be large.
                kept = msgspec.structs.replace(step, observation=None, info={})
                self.steps.append((now, kept))
            case Reward() as reward:
                self.added[reward.name] += reward.value
            case Scored() as scored:
                self.scores[scored.name] = float(scored.value)
            case Failed():
                self.failed = True
            case ModelResponse() as response:
                self._take_response(response)
            case ToolReturned():
                self.tool_calls += 1

    def _take_response(self, response: ModelResponse) -> None:
        self.model_calls += 1
        usage = Usage.read(response.usage)
        for name, count in (("input", usage.all_input_tokens), ("output", usage.output_tokens)):
            if count is not None:
                self.tokens[name] += count
        if response.cost_usd is not None:
            self.is_priced = True
            self.cost_usd += response.cost_usd

    def figures(self, now: datetime) -> dict[str, float]:
        """What the episode amounts to. One that broke, or was left, has no return: they would be averaged."""
        is_whole = bool(self.steps) and (self.steps[-1][1].terminated or self.steps[-1][1].truncated)
        failed = float(self.failed and not is_whole)
        told: dict[str, float] = {"episode/failed": failed, "episode/length": float(len(self.steps))}
        told["episode/seconds"] = (now - self.began).total_seconds()
        told |= {f"episode/{name}": value for name, value in self.scores.items()}
        if is_whole:
            told["episode/return"] = sum(step.reward for _, step in self.steps) + sum(self.added.values())
            told |= {f"reward/{name}": value for name, value in self._terms().items()}
        told |= {f"tokens/{name}": float(count) for name, count in self.tokens.items()}
        if self.model_calls:
            told["calls/model"] = float(self.model_calls)
        if self.tool_calls:
            told["calls/tool"] = float(self.tool_calls)
        if self.is_priced:
            told["cost/usd"] = self.cost_usd
        return told

    def _terms(self) -> dict[str, float]:
        terms: dict[str, float] = defaultdict(float, self.added)
        for _, step in self.steps:
            for name, value in step.reward_terms.items():
                if isinstance(value, int | float):
                    terms[name] += float(value)
        return terms


class TensorBoardScalars:
    """Writes the figures of an episode when it is over: at the next reset, when the run ends, when this is closed.

    Episodes are counted through all processes that write into the folder, of any engine on this machine, and so are
    steps: ``episode/…``, ``reward/…``, ``tokens/…``, ``calls/…`` and ``cost/usd`` stand at the number of the episode,
    ``step/reward`` and ``step/ms`` at that of the step. They share one file, and a lock on the counts.

    Args:
        folder: the run's, as TensorBoard calls it: ``tensorboard --logdir`` shows it or its parent.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._proto = needed("tensorboard.compat.proto.event_pb2", extra="tensorboard")
        self._folder = Path(folder).absolute()
        self._file: Path | None = None
        self._episodes: dict[str, _Episode] = {}
        self._process = os.getpid()

    def __call__(self, record: Record) -> None:
        if self._process != os.getpid():
            # What had begun is the parent's.
            self._process, self._episodes = os.getpid(), {}
        now = datetime.fromisoformat(record.ts_utc)
        if isinstance(record.payload, Reset):
            self._end(record.run_id, now)
            self._episodes[record.run_id] = _Episode(now)
        elif record.run_id in self._episodes:
            self._episodes[record.run_id].take(record.payload, now)
        if isinstance(record.payload, RunCompleted):
            self._end(record.run_id, now)

    def close(self) -> None:
        for run_id, episode in list(self._episodes.items()):
            self._end(run_id, episode.steps[-1][0] if episode.steps else episode.began)

    def _end(self, run_id: str, now: datetime) -> None:
        episode = self._episodes.pop(run_id, None)
        # Environments that reset by themselves are closed after a reset that nobody asked for.
        if episode is None or not (episode.steps or episode.failed):
            return
        with self._counted() as counts:
            counts.episodes += 1
            events = [self._event(now, counts.episodes, episode.figures(now))]
            for at, step in episode.steps:
                counts.steps += 1
                took = {} if step.duration_ms is None else {"step/ms": step.duration_ms}
                events.append(self._event(at, counts.steps, {"step/reward": step.reward, **took}))
            self._append(events)

    @contextmanager
    def _counted(self) -> Iterator[_Counts]:
        """The counts of the folder, which nobody else has meanwhile; as they are left they are kept."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / _COUNTS, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            content = os.pread(descriptor, 1 << 16, 0)
            counts = msgspec.json.decode(content, type=_Counts) if content else _Counts()
            yield counts
            os.pwrite(descriptor, msgspec.json.encode(counts).ljust(64), 0)
        finally:
            os.close(descriptor)

    def _append(self, events: list[Any]) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        path = self._shared_file()
        content = BytesIO()
        writer = RecordWriter(content)
        if not path.exists():
            begun = self._proto.Event(wall_time=events[0].wall_time, file_version=_VERSION)
            writer.write(begun.SerializeToString())
        for event in events:
            writer.write(event.SerializeToString())
        with path.open("ab") as file:
            file.write(content.getvalue())

    def _shared_file(self) -> Path:
        """The file of this machine in the folder: who comes first names it, as TensorBoard wants it to be named."""
        if self._file is None:
            host = socket.gethostname()
            there = sorted(self._folder.glob(f"events.out.tfevents.*.{host}.agentgym"))
            now = int(datetime.now().timestamp())
            self._file = there[0] if there else self._folder / f"events.out.tfevents.{now:010d}.{host}.agentgym"
        return self._file

    def _event(self, at: datetime, step: int, figures: dict[str, float]) -> Any:
        event = self._proto.Event(wall_time=at.timestamp(), step=step)
        for tag, value in figures.items():
            event.summary.value.add(tag=tag, simple_value=value)
        return event


def tensorboard_sink(order: SinkOrder) -> TensorBoardScalars:
    if not order.place or order.options:
        raise UsageError(f"expected tensorboard:FOLDER, got {order.shown!r}")
    return TensorBoardScalars(order.place)
