"""A recording with reward terms that its environment did not pay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError, UsageError
from agentgym.events import Record, Reset, Reward, RunStarted, Step
from agentgym.rewards import Hook, relabel, resolve_hooks
from agentgym.trajectory.dataset import Dataset
from agentgym.trajectory.episode import Episode
from agentgym.trajectory.fresh import fresh
from agentgym.trajectory.layout import describe_dataset
from agentgym.trajectory.writer import TrajectoryWriter

__all__ = ["relabel_dataset"]

_ENV_TERM = "env"
_TERMS = "reward_terms"
_ENV_TERMS = "env_reward_terms"
_OF_THE_FORMAT = frozenset({"format", "version"})

Progress = Callable[[Episode], object]


def relabel_dataset(
    dataset: Dataset, out: Path, hooks: Mapping[str, Hook | str], *, progress: Progress | None = None
) -> Dataset:
    """Writes the dataset as it would have been recorded around `agentgym.wrappers.RewardHooks` with these hooks.

    Each step's reward, ``reward_terms`` and info are what those would have been, to the bit; everything else is as it
    was, run ids included. The run's metadata names the hooks under ``"relabelled"``.

    A new dataset, and no ``reward`` events added to the old one: a recording is never changed, for others may be
    reading and writing it; and rewards that are in the steps are there for every reader, exporter and trainer, not
    only for those that know of later events. Where `Dataset` is read, nothing tells the two ways of paying apart.

    Args:
        dataset: with all episodes of its folder.
        out: a folder that must not exist.
        hooks: by name of the term, as `RewardHooks` takes them.
        progress: is told each episode when it has been relabelled.

    Raises:
        UsageError: if ``out`` exists, a hook cannot be found, or its name is a term already.
        RewardHookError: if a hook raises or returns what is no finite number; nothing is written then.
        DatasetError: if the dataset cannot be read.
    """
    known = resolve_hooks(hooks)
    if not known or _ENV_TERM in known:
        raise UsageError(f"name one hook or more, none of them {_ENV_TERM!r}, which is the environment's own reward")
    labels = {name: _label(hook) for name, hook in hooks.items()}
    places = {(episode.run_id, episode.number): place for place, episode in enumerate(dataset)}

    def terms_of(record: Record) -> Iterator[dict[str, float]]:
        place = places.get((record.run_id, record.episode))
        if place is None:
            raise DatasetError(f"episode {record.episode} of run {record.run_id} is missing: relabel a whole dataset")
        episode = dataset[place]
        columns = relabel(episode, known)
        if progress is not None:
            progress(episode)
        return (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))

    with fresh(out) as path:
        path.mkdir()
        describe_dataset(path, {key: part for key, part in dataset.description.items() if key not in _OF_THE_FORMAT})
        for run_id in dataset.runs:
            writer = TrajectoryWriter(path, run_id, redact=False)
            for record in _relabelled(dataset.records(run_id), terms_of, labels):
                writer.append(record)
            writer.close()
    return Dataset(out)


def _relabelled(
    records: Iterable[Record],
    terms_of: Callable[[Record], Iterator[dict[str, float]]],
    labels: Mapping[str, str],
) -> Iterator[Record]:
    terms: Iterator[dict[str, float]] = iter(())
    for record in records:
        payload = record.payload
        if isinstance(payload, Reset):
            terms = terms_of(record)
        elif isinstance(payload, RunStarted):
            earlier = payload.metadata.get("relabelled", {})
            metadata = {**payload.metadata, "relabelled": {**earlier, **labels}}
            payload = msgspec.structs.replace(payload, metadata=metadata)
        elif isinstance(payload, Step):
            payload = _paid(payload, next(terms))
        elif isinstance(payload, Reward):
            # Added after its step, as by a judge: the step would be paid twice under one name.
            _refuse_taken({payload.name} & labels.keys())
        yield msgspec.structs.replace(record, payload=payload)


def _label(hook: Hook | str) -> str:
    return hook if isinstance(hook, str) else str(getattr(hook, "__qualname__", repr(hook)))


def _paid(step: Step, terms: Mapping[str, float]) -> Step:
    """The step as `RewardHooks` would have let it pass; the sums are its own, in its order."""
    _refuse_taken(terms.keys() & step.reward_terms.keys())
    below: dict[str, Any] = step.reward_terms
    own: dict[str, Any] = {}
    if _ENV_TERM not in below:
        own = {_ENV_TERMS: below} if below else {}
        below = {_ENV_TERM: step.reward}
    merged = {**below, **terms}
    return msgspec.structs.replace(
        step,
        reward=step.reward + sum(terms.values()),
        reward_terms=merged,
        info={**step.info, **own, _TERMS: merged},
    )


def _refuse_taken(names: Set[str]) -> None:
    if names:
        raise UsageError(f"the recording has a term {min(names)!r} already; give this one another name")
