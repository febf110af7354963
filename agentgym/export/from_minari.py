"""A recording made from a Minari dataset: from any, and to the bit from one that `agentgym.export.to_minari` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.events import Bus, Failed, Note, Reset, RunStarted, Scored, Step
from agentgym.export.base import fresh, needed
from agentgym.export.kept import from_json
from agentgym.export.leaves import Space
from agentgym.export.minari_form import EXTRAS, KEPT
from agentgym.tasks import Task
from agentgym.trajectory import Dataset, TrajectoryWriter, provenance
from agentgym.trajectory.spacejson import space_from_json, space_to_json

if TYPE_CHECKING:
    from minari import MinariDataset

__all__ = ["from_minari"]


def from_minari(source: MinariDataset | str | Path, out: Path) -> Dataset:
    """Writes a dataset of one run with every episode of a Minari dataset, and opens it.

    Observations, actions, rewards, ends, seeds and infos are as Minari gives them; images that Minari kept as JPEG stay
    what that left of them. What `agentgym.export.to_minari` wrote comes back with its own spaces, actions, infos,
    reward terms, tasks, scores and failures; a note says of which run each episode was.

    Args:
        source: a dataset, the name of one that is on this machine, or the path of its folder.
        out: a folder that must not exist.

    Raises:
        UsageError: if ``out`` exists.
        DatasetError: if there is no such dataset, or it has spaces that cannot be recorded.
        MissingDependencyError: if minari is not installed.
    """
    minari = needed("minari", extra="minari")
    dataset = source if isinstance(source, minari.MinariDataset) else _opened(source)
    described = dataset.storage.metadata.get(EXTRAS, {})
    env = described.get("env") or _described(dataset)
    with fresh(out) as path:
        bus = Bus()
        writer = TrajectoryWriter(path, bus.run_id, redact=False)
        bus.subscribe(writer.append)
        imported = {"minari": dataset.id, "minari_version": dataset.minari_version}
        made = described.get("provenance") or provenance()
        bus.publish(RunStarted(env=env, provenance=made, metadata={"imported": imported}))
        spaces_of = (space_from_json(env["observation_space"]), space_from_json(env["action_space"]))
        for number in dataset.episode_indices:
            _publish(bus, dataset, int(number), spaces_of)
        writer.close()
    return Dataset(out)


def _opened(source: str | Path) -> Any:
    minari = needed("minari", extra="minari")
    try:
        if isinstance(source, Path):
            return minari.MinariDataset(_data_below(source))
        return minari.load_dataset(source)
    except (FileNotFoundError, ValueError) as error:
        raise DatasetError(f"no Minari dataset at {str(source)!r}: {error}") from error


def _data_below(folder: Path) -> Path:
    """Where the data lie: in the folder, or in the only dataset of a tree of them, as the exporter writes one.

    Raises:
        DatasetError: if there are several.
    """
    found = [path.parent for path in sorted(folder.rglob("metadata.json")) if path.parent.name == "data"]
    if len(found) > 1:
        named = ", ".join(str(path.parent) for path in found)
        raise DatasetError(f"{str(folder)!r} holds {len(found)} Minari datasets; name one: {named}")
    return found[0] if found else folder


def _described(dataset: Any) -> dict[str, Any]:
    spec = dataset.env_spec
    made = {} if spec is None else {"id": spec.id, "entry_point": str(spec.entry_point), "kwargs": dict(spec.kwargs)}
    return {
        **made,
        "observation_space": space_to_json(dataset.observation_space),
        "action_space": space_to_json(dataset.action_space),
    }


def _publish(bus: Bus, dataset: Any, number: int, spaces_of: tuple[Space, Space]) -> None:
    observation_space, action_space = spaces_of
    (episode,) = dataset.iterate_episodes([number])
    (metadata,) = dataset.storage.get_episode_metadata([number])
    steps = len(episode.rewards)
    extras = _extras(episode.infos, steps)
    about = extras[0].get("episode", {})
    bus.publish(
        Reset(
            observation=_value(observation_space, episode.observations, 0),
            info=_info(episode.infos, extras[0], 0),
            seed=metadata.get("seed"),
            options=about.get("options") if about else metadata.get("options"),
            task=_task(about.get("task")),
        )
    )
    if about:
        bus.publish(Note(kind="imported", value={"run_id": about["run_id"], "episode": about["number"]}))
    for t in range(steps):
        extra = extras[t + 1]
        bus.publish(
            Step(
                step=t + 1,
                observation=_value(observation_space, episode.observations, t + 1),
                action=extra["action"] if "action" in extra else _value(action_space, episode.actions, t),
                reward=float(episode.rewards[t]),
                terminated=bool(episode.terminations[t]),
                truncated=bool(episode.truncations[t]),
                info=_info(episode.infos, extra, t + 1),
                reward_terms=extra.get("reward_terms", {}),
                timing=extra.get("timing", {}),
            )
        )
    for failed in about.get("failed", ()):
        bus.publish(msgspec.convert(failed, Failed))
    if about.get("score") is not None:
        bus.publish(Scored(value=about["score"], terms=about["score_terms"]))


def _task(fields: Any) -> Task | None:
    return None if fields is None else msgspec.convert(fields, Task)


def _extras(infos: Mapping[str, Any] | None, steps: int) -> list[dict[str, Any]]:
    """What `to_minari` kept, one a record; empty ones for a dataset that another program made."""
    if not infos or EXTRAS not in infos:
        return [{} for _ in range(steps + 1)]
    return [from_json(text if isinstance(text, bytes) else str(text)) for text in infos[EXTRAS]]


def _info(infos: Mapping[str, Any] | None, extra: Mapping[str, Any], t: int) -> dict[str, Any]:
    if "info" in extra:
        return {key: _column(infos, key, t) if _is_mark(value) else value for key, value in extra["info"].items()}
    return {key: _row(column, t) for key, column in (infos or {}).items()}


def _is_mark(value: Any) -> bool:
    return isinstance(value, dict) and KEPT in value


def _column(infos: Mapping[str, Any] | None, key: str, t: int) -> Any:
    assert infos is not None
    return np.array(infos[key][t])


def _row(column: Any, t: int) -> Any:
    if isinstance(column, Mapping):
        return {key: _row(part, t) for key, part in column.items()}
    value = column[t]
    return value.decode() if isinstance(value, bytes) else value


def _value(space: Space, column: Any, t: int) -> Any:
    """Of a space, what a column of Minari holds at a step."""
    if isinstance(space, spaces.Dict):
        return {key: _value(part, column[key], t) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_value(part, column[index], t) for index, part in enumerate(space.spaces))
    value = column[t]
    if isinstance(value, str):
        return str(value)
    return value if isinstance(value, np.generic) else np.array(value)
