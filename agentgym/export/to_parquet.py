"""Parquet files that Hugging Face ``datasets`` loads, images as images."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from gymnasium import spaces

from agentgym.errors import DatasetError, UsageError
from agentgym.export.base import fresh, needed
from agentgym.export.kept import to_json
from agentgym.export.leaves import Place, Space, as_text, is_image, is_text, leaf, leaves, name
from agentgym.export.training import Choice, check_one_form, chosen, chosen_space, fitting
from agentgym.trajectory import Dataset, Episode

__all__ = ["export"]

_ROWS_AT_ONCE = 64
_PNG_LEVEL = 1

Row: TypeAlias = dict[str, Any]


def export(dataset: Dataset, out: Path, *, observation: Choice = None, shard_mb: int = 500) -> None:
    """Writes a folder that ``datasets.load_dataset(out)`` opens: ``train-00000.parquet`` and so on.

    One row an observation, T + 1 for each episode: what was seen, what was done then and what that paid; the last row
    has the final observation, and null for the rest. Each leaf of the spaces is a column, ``observation.screenshot``;
    images are PNG, arrays have their dtype and shape, actions that were given as data are JSON. ``info`` is what came
    with the observation, ``reward_terms`` what the action was paid for, both JSON. Task, instruction, seed, score
    and failure stand in every row of their episode. Every episode is there, failed or cut off as it was.

    Has no place for: model calls, tool calls, notes and phases, reset options, times; a task's setup and evaluator.

    Args:
        observation: the name of one observation of a ``Dict``, to have it bare, or several; all if not given.
        shard_mb: a file that is larger ends with its episode.

    Raises:
        DatasetError: if the runs have different spaces, or one whose values are no arrays and no texts.
    """
    if shard_mb < 1:
        raise UsageError(f"shard_mb is {shard_mb!r}; it must be 1 or more")
    check_one_form(dataset, observation)
    columns = [
        *_columns("observation", chosen_space(dataset.observation_space, observation)),
        *_columns("action", dataset.action_space),
    ]
    with fresh(out) as path:
        path.mkdir()
        writer = _Shards(path, columns, shard_mb << 20)
        for number, episode in enumerate(dataset):
            writer.write(_rows(columns, observation, number, episode))
        writer.close()


class _Column:
    """A leaf of the observations or actions: its name, its type in ``datasets``, and its values as that wants them."""

    def __init__(self, root: str, place: Place, space: Space) -> None:
        self.root = root
        self.place = place
        self.name = name(root, place)
        self.feature, self._plain = _form(space, self.name)

    def value(self, whole: Any) -> Any:
        return self._plain(leaf(whole, self.place))


class _Shards:
    """Files of about one size, each of whole episodes."""

    def __init__(self, folder: Path, columns: list[_Column], largest: int) -> None:
        self._datasets = needed("datasets", extra="parquet")
        self._parquet = needed("pyarrow.parquet", extra="parquet")
        self._features = self._datasets.Features({column.name: column.feature for column in columns} | _common())
        self._folder = folder
        self._largest = largest
        self._count = 0
        self._writer: Any = None
        self._open()

    def write(self, rows: Iterator[Row]) -> None:
        if self._path.stat().st_size > self._largest:
            self.close()
            self._open()
        batch: list[Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _ROWS_AT_ONCE:
                self._flush(batch)
                batch = []
        if batch:
            self._flush(batch)

    def close(self) -> None:
        self._writer.close()

    def _open(self) -> None:
        self._path = self._folder / f"train-{self._count:05d}.parquet"
        self._count += 1
        self._writer = self._parquet.ParquetWriter(self._path, self._features.arrow_schema)

    def _flush(self, rows: list[Row]) -> None:
        columns = {name: [row[name] for row in rows] for name in self._features}
        self._writer.write_table(self._datasets.Dataset.from_dict(columns, features=self._features).data.table)


def _columns(root: str, space: Space) -> list[_Column]:
    return [_Column(root, place, part) for place, part in leaves(space)]


def _common() -> dict[str, Any]:
    """The columns that every export has."""
    value = needed("datasets", extra="parquet").Value
    kinds = {
        "int64": ("episode", "step", "episode_in_run", "seed"),
        "float64": ("reward", "score"),
        "bool": ("terminated", "truncated"),
        "string": ("run_id", "info", "reward_terms", "task", "instruction", "failure"),
    }
    return {name: value(kind) for kind, names in kinds.items() for name in names}


def _rows(columns: list[_Column], choice: Choice, number: int, episode: Episode) -> Iterator[Row]:
    task = episode.task
    about = {
        "episode": number,
        "run_id": episode.run_id,
        "episode_in_run": episode.number,
        "seed": episode.seed,
        "task": None if task is None else task.id,
        "instruction": None if task is None else task.instruction,
        "score": episode.score,
        "failure": episode.failure,
    }
    terminations, truncations = episode.terminations.tolist(), episode.truncations.tolist()
    for t in range(len(episode) + 1):
        acted = t < len(episode)
        seen = chosen(episode.observations, choice, t)
        done = episode.actions[t] if acted else None
        row = {column.name: column.value(seen) for column in columns if column.root == "observation"}
        row |= {column.name: column.value(done) if acted else None for column in columns if column.root == "action"}
        yield (
            row
            | about
            | {
                "step": t,
                "info": to_json(episode.infos[t - 1] if t else episode.reset_info),
                "reward": float(episode.rewards[t]) if acted else None,
                "reward_terms": to_json(episode.reward_terms[t]) if acted else None,
                "terminated": terminations[t] if acted else None,
                "truncated": truncations[t] if acted else None,
            }
        )


def _form(space: Space, what: str) -> tuple[Any, Callable[[Any], Any]]:
    """A leaf's type in ``datasets``, and what turns a value into what that type is made from."""
    datasets = needed("datasets", extra="parquet")
    if is_text(space):
        return datasets.Value("string"), as_text
    if is_image(space):
        return datasets.Image(), _png
    if not isinstance(space, spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary):
        raise DatasetError(f"a column holds arrays of one shape or texts, but {what} is {space}")
    shape, dtype = space.shape or (), np.dtype(space.dtype).name

    def plain(value: Any) -> Any:
        array = fitting(value, space, what)
        return array.item() if shape == () else array

    if shape == ():
        return datasets.Value(dtype), plain
    if len(shape) == 1:
        return datasets.List(datasets.Value(dtype), length=shape[0]), plain
    if len(shape) > 5:
        raise DatasetError(f"a column holds arrays of five dimensions at most, but {what} has {len(shape)}")
    return getattr(datasets, f"Array{len(shape)}D")(shape, dtype), plain


def _png(value: Any) -> dict[str, Any]:
    """uint8 (height, width, 1, 3 or 4) as PNG; one channel is a picture without that axis."""
    from PIL import Image

    array = np.asarray(value)
    file = io.BytesIO()
    picture = Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)
    picture.save(file, format="PNG", compress_level=_PNG_LEVEL)
    return {"bytes": file.getvalue(), "path": None}
