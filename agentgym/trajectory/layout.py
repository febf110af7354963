"""Where the parts of a dataset lie, and the file that describes it.

::

    data/
      dataset.json             format version, environment, spaces, provenance; of the run that came first
      <run_id>.jsonl           one record a line, in order
      <run_id>.jsonl.zst       the same, of a run that was packed
      <run_id>.frames          large arrays and long texts, append-only; only if there are any
      <run_id>.2.frames        goes on where the one before became too large; .3, .4 and so on
      <run_id>.summary.json    totals; written when the run is closed

All episodes of a run share its files: there are as many files as runs, and as gigabytes. Each run has its own, so any
number of processes may record into one folder without a lock.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError
from agentgym.trajectory.folders import Folder, LocalFolder
from agentgym.trajectory.migration import VERSION

__all__ = [
    "FORMAT_VERSION",
    "PACKED",
    "dataset_file",
    "describe_dataset",
    "frames_file",
    "parse_description",
    "part_name",
    "read_description",
    "records_file",
    "run_ids_among",
    "summary_file",
    "write_atomically",
]

PACKED = ".zst"
_OF_RESULTS = frozenset({"results", "results_summary"})
"""What `agentgym run` keeps beside its recordings: lines, but no records."""

FORMAT_NAME = "agentgym.dataset"
FORMAT_VERSION = VERSION


def dataset_file(root: Path) -> Path:
    return root / "dataset.json"


def records_file(root: Path, run_id: str) -> Path:
    return root / f"{run_id}.jsonl"


def frames_file(root: Path, run_id: str, part: int = 0) -> Path:
    return root / part_name(f"{run_id}.frames", part)


def part_name(first: str, part: int) -> str:
    """The name of a part, from 0, of what begins in the file ``first``."""
    return f"{first.removesuffix('.frames')}.{part + 1}.frames" if part else first


def summary_file(root: Path, run_id: str) -> Path:
    return root / f"{run_id}.summary.json"


def run_ids_among(names: Iterable[str]) -> list[str]:
    """The runs whose files have these names, the oldest first."""
    runs = {name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl") and name[0] != "."}
    return sorted(runs - _OF_RESULTS)


def write_atomically(path: Path, content: bytes, *, replace: bool = True) -> bool:
    """Puts a whole file in place or none.

    Args:
        path: its folder must exist.
        content: of the file.
        replace: False to leave a file that is there as it is.

    Returns:
        Whether the file is now this content.

    Raises:
        OSError: if it cannot be written; nothing is left behind then.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o666 & ~_umask())
        if replace:
            Path(temporary).replace(path)
        else:
            os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        Path(temporary).unlink(missing_ok=True)
    return True


def describe_dataset(root: Path, description: Mapping[str, Any]) -> None:
    """Writes dataset.json, unless another process of the same dataset was first.

    A dataset of an earlier version becomes one of this version, so that an earlier agentgym refuses what it could
    not read; its runs stay what they are.

    Raises:
        DatasetError: if what is there is not a dataset that this version can add to.
        OSError: if it cannot be written.
    """
    content = {"format": FORMAT_NAME, "version": FORMAT_VERSION, **description}
    if not dataset_file(root).exists() and _write_description(root, content, replace=False):
        return
    there = read_description(root)
    if there["version"] < FORMAT_VERSION:
        _write_description(root, {**there, "version": FORMAT_VERSION, "began_as": there["version"]}, replace=True)


def _write_description(root: Path, content: Mapping[str, Any], *, replace: bool) -> bool:
    text = msgspec.json.format(msgspec.json.encode(content)) + b"\n"
    return write_atomically(dataset_file(root), text, replace=replace)


def read_description(root: Path) -> dict[str, Any]:
    """What dataset.json says, in a folder on this machine; raises as `parse_description`."""
    return parse_description(LocalFolder(root), root)


def parse_description(folder: Folder, place: Path) -> dict[str, Any]:
    """What dataset.json says.

    Args:
        folder: of the dataset.
        place: by which errors name it.

    Raises:
        DatasetError: if there is none, or it is not of this format, or of a later version.
    """
    path = dataset_file(place)
    size = folder.size(path.name)
    if size == 0:
        raise DatasetError(f"{place} is not a dataset: it has no dataset.json")
    try:
        with folder.open(path.name) as read:
            description = msgspec.json.decode(read(0, size), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    if description.get("format") != FORMAT_NAME:
        raise DatasetError(f"{path}: expected the format {FORMAT_NAME!r}, got {description.get('format')!r}")
    version = description.get("version")
    if not isinstance(version, int) or not 1 <= version <= FORMAT_VERSION:
        raise DatasetError(f"{path}: has version {version!r}; this agentgym reads 1 to {FORMAT_VERSION}")
    return description


def _umask() -> int:
    # There is no way to ask for it but to set it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
