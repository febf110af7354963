"""A recorded episode done again, and compared with what was recorded, step by step."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import gymnasium as gym
import msgspec

from agentgym.errors import DatasetError
from agentgym.events import Reset, RunStarted, Step
from agentgym.state.differing import Difference, differences
from agentgym.state.remaking import recorded_task, remade
from agentgym.tasks import Task
from agentgym.trajectory import Dataset, Episode
from agentgym.trajectory.folders import ReadAt
from agentgym.trajectory.framelog import FrameLog
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.payload import payload
from agentgym.trajectory.redaction import make_redact
from agentgym.trajectory.values import ValueReader
from agentgym.trajectory.valuewriter import ValueWriter

__all__ = ["Compared", "Replay", "Tolerance", "replay"]

T = TypeVar("T", Reset, Step)

_REFUSED = "refused: "


@dataclass(frozen=True)
class Tolerance:
    """What may differ.

    Attributes:
        ignore: paths such as ``"observation.accessibility_tree"``; ``*`` stands for any text.
        pixels: pictures that differ in so many pixels are the same; None for any number.
    """

    ignore: Collection[str] = ()
    pixels: int | None = 0

    def allows(self, found: Difference) -> bool:
        if found.pixels is not None and (self.pixels is None or found.pixels.count <= self.pixels):
            return True
        return any(fnmatchcase(found.where, pattern) for pattern in self.ignore)


@dataclass(frozen=True)
class Compared:
    """A step that was done again; step 0 is the reset.

    Attributes:
        action: that led to it.
        found: what differs.
    """

    step: int
    action: Any
    recorded: Reset | Step
    replayed: Reset | Step
    found: tuple[Difference, ...]


@dataclass(frozen=True)
class Replay:
    """What came of it.

    Attributes:
        steps: how many steps were done again.
        of: how many were recorded.
        different: the steps that differ; the first alone, unless all were asked for.
        before: how many episodes of the run were done before it, since it had no seed of its own.
        is_seeded: False if no seed was recorded for what its task or its environment drew.
    """

    steps: int
    of: int
    different: tuple[Compared, ...]
    before: int = 0
    is_seeded: bool = True

    @property
    def is_same(self) -> bool:
        return not self.different and self.steps == self.of


def replay(
    dataset: Dataset,
    index: int,
    env: gym.Env[Any, Any] | None = None,
    *,
    tolerance: Tolerance | None = None,
    every: bool = False,
    watch: Callable[[Compared], object] | None = None,
) -> Replay:
    """Does an episode's actions again and compares observations, rewards, ends and infos with the recorded ones.

    The environment is made from the recording: by its id, arguments and wrappers; the seed and the options of the
    reset are the recorded ones. An episode without a seed of its own goes on from those before it in its run, back to
    one that has one: they are done first.

    Args:
        dataset: that it is in.
        index: its place there.
        env: the environment, if it is not to be made; it stays the caller's.
        tolerance: what may differ; nothing if not given.
        every: whether to go on after the first step that differs.
        watch: is shown each step.

    Raises:
        BackendError: if the machine broke: that is no difference.
        DatasetError: if the recording does not say what the environment was.
        UsageError: if the environment cannot be made from what the recording says.
    """
    episode = dataset[index]
    before = _before(dataset, index)
    own = env is None
    env = env if env is not None else remade(_run_started(dataset, episode.run_id).env)
    try:
        for earlier in before:
            with _noting(f"in episode {earlier.number}, which was done first"):
                _do(env, earlier)
        return _compare(env, episode, tolerance or Tolerance(), before, every=every, watch=watch)
    finally:
        if own:
            env.close()


def _compare(
    env: gym.Env[Any, Any],
    episode: Episode,
    tolerance: Tolerance,
    before: Sequence[Episode],
    *,
    every: bool,
    watch: Callable[[Compared], object] | None,
) -> Replay:
    different: list[Compared] = []
    steps = -1
    cut = episode.cut_texts
    for recorded, replayed in _pairs(env, episode):
        steps += 1
        found = tuple(one for one in _differences(recorded, replayed, cut) if not tolerance.allows(one))
        action = recorded.action if isinstance(recorded, Step) else None
        compared = Compared(steps, action, recorded, replayed, found)
        if watch is not None:
            watch(compared)
        if found:
            different.append(compared)
        if (found and not every) or (isinstance(replayed, Step) and (replayed.terminated or replayed.truncated)):
            break
    first = before[0] if before else episode
    return Replay(max(0, steps), len(episode), tuple(different), len(before), first.seed is not None)


def _pairs(env: gym.Env[Any, Any], episode: Episode) -> Iterator[tuple[Reset | Step, Reset | Step]]:
    """What was recorded, and what comes of doing it again: the reset, then each step."""
    done = 0
    last: Any = None
    for record in episode.records():
        event = record.payload
        if isinstance(event, Reset):
            with _noting("at the reset of the replay"):
                reset = _reset(env, episode, event)
            last = reset.observation
            yield event, reset
        elif isinstance(event, Step) and done < len(episode):
            done += 1
            with _noting(f"at step {done} of the replay, after {event.action!r:.200}"):
                step = _step(env, event, last)
            last = step.observation
            yield event, step


def _reset(env: gym.Env[Any, Any], episode: Episode, recorded: Reset) -> Reset:
    options = recorded.options
    if options is not None and "task" in options:
        options = {**options, "task": recorded_task(options["task"])}
    if options is None and recorded.seed is None and episode.number == 0 and episode.task is not None:
        # Nobody knows any more what it was drawn with: what was drawn is known.
        options = {"task": episode.task}
    observation, info = env.reset(seed=recorded.seed, options=options)
    task = getattr(env.unwrapped, "task", None)
    replayed = Reset(observation=observation, info=info, task=task if isinstance(task, Task) else None)
    return _as_recorded(replayed)


def _step(env: gym.Env[Any, Any], recorded: Step, last: Any) -> Step:
    told = recorded.info.get("action_error")
    if isinstance(told, str) and told.startswith(_REFUSED):
        returned = _refused(env, recorded, last, told.removeprefix(_REFUSED))
    else:
        returned = env.step(recorded.action)
    observation, reward, terminated, truncated, info = returned
    return _as_recorded(
        Step(
            step=recorded.step,
            observation=observation,
            action=None,
            reward=float(reward),
            terminated=bool(terminated),
            truncated=bool(truncated),
            info=info,
        )
    )


def _refused(env: gym.Env[Any, Any], recorded: Step, last: Any, reason: str) -> Any:
    """What comes of a step that a hook refused, as `agentgym.wrappers.Tap.refuse` has it: it is not done."""
    if env.has_wrapper_attr("refuse"):
        return env.get_wrapper_attr("refuse")(recorded.action, reason)
    return last, 0.0, False, recorded.truncated, {"action_error": f"{_REFUSED}{reason}"}


def _do(env: gym.Env[Any, Any], episode: Episode) -> None:
    for _ in _pairs(env, episode):
        pass


def _differences(recorded: Reset | Step, replayed: Reset | Step, cut: Collection[str]) -> Iterator[Difference]:
    of_step = ("observation", "reward", "terminated", "truncated", "info")
    names = of_step if isinstance(recorded, Step) else ("task", "observation", "info")
    for name in names:
        yield from differences(getattr(recorded, name), getattr(replayed, name), name, cut_texts=cut)


def _before(dataset: Dataset, index: int) -> list[Episode]:
    """The episodes of its run that an episode without a seed goes on from, in order."""
    found: list[Episode] = []
    at, run_id = index, dataset[index].run_id
    while dataset[at].seed is None and dataset[at].options is None and at > 0 and dataset[at - 1].run_id == run_id:
        at -= 1
        found.insert(0, dataset[at])
    return found


def _run_started(dataset: Dataset, run_id: str) -> RunStarted:
    first = next(dataset.records(run_id), None)
    if first is None or not isinstance(first.payload, RunStarted) or not first.payload.env:
        raise DatasetError(
            f"run {run_id} does not say in which environment it was recorded; pass one: replay(dataset, index, env)"
        )
    return first.payload


@contextmanager
def _noting(where: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(where)
        raise


class _Memory:
    """Frames that were never written to a disk."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def names(self) -> list[str]:
        return ["replay.frames"]

    def size(self, name: str) -> int:
        return len(self._data)

    @contextmanager
    def open(self, name: str) -> Iterator[ReadAt]:
        yield lambda start, size: self._data[start : start + size]


def _as_recorded(event: T) -> T:
    """The event as it would be read from a recording: what becomes a repr, a list, a hidden secret there is so here."""
    log = FrameLog()
    form = msgspec.json.encode(payload(event, ValueWriter(log, make_redact(os.environ))))
    frames = FrameReader(Path("replay.frames"), FrameCache(), folder=_Memory(log.take()))
    return msgspec.convert(ValueReader(frames).value(msgspec.json.decode(form)), type(event))
