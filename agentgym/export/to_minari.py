"""A Minari dataset that holds a recording to the bit, and that `agentgym.export.from_minari` reads back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentgym.errors import DatasetError, UsageError
from agentgym.export.base import fresh, needed, tell
from agentgym.export.minari_form import EXTRAS, characters, column, env_spec, infos, minari_space
from agentgym.export.training import check_one_form
from agentgym.trajectory import Dataset, Episode

if TYPE_CHECKING:
    from minari.data_collector import EpisodeBuffer

__all__ = ["export"]


def export(dataset: Dataset, out: Path, *, name: str = "agentgym/recording-v0", data_format: str = "hdf5") -> None:
    """Writes a dataset that ``minari.load_dataset(name)`` opens where ``MINARI_DATASETS_PATH`` is ``out``.

    ``minari.MinariDataset(out / name / "data")`` opens it, too. Arrays are stored as they are, never as JPEG. Every
    episode of one or more steps is there, failed or cut off as it was; scores, tasks, failures, reward terms,
    timings, options and infos of any kind are JSON in ``infos["agentgym"]``, one text for each observation; infos
    that are numbers of one shape in every step are columns as well.

    Has no place for: model calls, tool calls, notes and phases. Texts become ``Text`` spaces of the characters that
    occur, MultiBinary a ``Box`` (Minari cannot read it back), and actions that were given as data JSON texts, which
    environments take; the import makes all of these what they were. Minari holds a whole episode in memory.

    Args:
        out: the folder of Minari's datasets; may be there, unless it has one of that name.
        name: ``namespace/dataset-v0``.
        data_format: of Minari: ``"hdf5"``, ``"arrow"`` or ``"parquet"``.

    Raises:
        DatasetError: if the runs have different spaces, or one that Minari cannot hold.
    """
    minari = needed("minari", extra="minari")
    _check_options(name, data_format)
    check_one_form(dataset)
    if not any(map(len, dataset)):
        raise DatasetError(f"{dataset.path} has no step, and Minari has no episodes without one")
    texts = characters(dataset)
    observation_space = minari_space(dataset.observation_space, texts, "observation")
    action_space = minari_space(dataset.action_space, texts, "action")
    storages = needed("minari.dataset.minari_storage", extra="minari")
    with fresh(out / name) as path:
        path.mkdir()
        storage = storages.MinariStorage.new(
            path / "data",
            observation_space=observation_space,
            action_space=action_space,
            env_spec=env_spec(dataset.description.get("env", {})),
            data_format=data_format,
            jpeg_encoding=False,
        )
        described = {EXTRAS: dict(dataset.description)}
        storage.update_metadata({"dataset_id": name, "minari_version": minari.__version__, **described})
        episodes = _Episodes(dataset)
        try:
            storage.update_episodes(iter(episodes))
        except (ValueError, TypeError) as error:
            if episodes.handed_out is None:
                raise
            raise DatasetError(f"Minari cannot hold {episodes.handed_out!r}: {error}") from error
        storage.update_episode_metadata(episodes.metadata)


class _Episodes:
    """One after the other in Minari's form, so that one at a time is in memory."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.handed_out: Episode | None = None
        self.metadata: list[dict[str, Any]] = []

    def __iter__(self) -> Iterator[EpisodeBuffer]:
        empty = 0
        for episode in self._dataset:
            if len(episode) == 0:
                empty += 1
                continue
            self.metadata.append(_metadata(episode))
            buffer = self._buffer(episode)
            self.handed_out = episode
            yield buffer
            self.handed_out = None
        tell(empty, "without a step")

    def _buffer(self, episode: Episode) -> EpisodeBuffer:
        observations = [episode.observations[t] for t in range(len(episode) + 1)]
        buffer: EpisodeBuffer = needed("minari.data_collector", extra="minari").EpisodeBuffer(
            seed=episode.seed,
            observations=column(self._dataset.observation_space, observations, f"observations of {episode!r}"),
            actions=column(self._dataset.action_space, list(episode.actions), f"actions of {episode!r}"),
            rewards=episode.rewards,
            terminations=episode.terminations,
            truncations=episode.truncations,
            infos=infos(episode, self._dataset.action_space),
        )
        return buffer


def _metadata(episode: Episode) -> dict[str, Any]:
    """What Minari users may filter by; short, for HDF5 keeps it in 64 kB."""
    known = {
        "run_id": episode.run_id,
        "task": None if episode.task is None else episode.task.id,
        "score": episode.score,
        "failure": None if episode.failure is None else episode.failure[:200],
    }
    return {name: value for name, value in known.items() if value is not None}


def _check_options(name: str, data_format: str) -> None:
    datasets = needed("minari.dataset.minari_dataset", extra="minari")
    try:
        datasets.parse_dataset_id(name)
    except (ValueError, TypeError) as error:
        raise UsageError(f"a Minari dataset is named 'namespace/dataset-v0', got {name!r}") from error
    libraries = {"hdf5": "h5py", "arrow": "pyarrow", "parquet": "pyarrow"}
    if data_format not in libraries:
        raise UsageError(f"data_format is {data_format!r}; Minari has {', '.join(libraries)}")
    needed(libraries[data_format], extra="minari" if data_format == "hdf5" else "parquet")
