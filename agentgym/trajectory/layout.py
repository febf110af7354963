"""Where the parts of a dataset lie, and the file that describes it.

::

    data/
      dataset.json             format version, environment, spaces, provenance; of the run that came first
      <run_id>.jsonl           one record a line, in order
      <run_id>.frames          large arrays and long texts, append-only; only if there are any
      <run_id>.summary.json    totals; written when the run is closed

Each run has its own files, so any number of processes may record into one folder without a lock.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError

__all__ = [
    "FORMAT_VERSION",
    "dataset_file",
    "describe_dataset",
    "frames_file",
    "read_description",
    "records_file",
    "run_ids",
    "summary_file",
    "write_atomically",
]

FORMAT_NAME = "agentgym.dataset"
FORMAT_VERSION = 1


def dataset_file(root: Path) -> Path:
    return root / "dataset.json"


def records_file(root: Path, run_id: str) -> Path:
    return root / f"{run_id}.jsonl"


def frames_file(root: Path, run_id: str) -> Path:
    return root / f"{run_id}.frames"


def summary_file(root: Path, run_id: str) -> Path:
    return root / f"{run_id}.summary.json"


def run_ids(root: Path) -> list[str]:
    """The runs in a folder, the oldest first."""
    return sorted(path.name.removesuffix(".jsonl") for path in root.glob("*.jsonl"))


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

    Raises:
        DatasetError: if what is there is not a dataset that this version can add to.
        OSError: if it cannot be written.
    """
    if not dataset_file(root).exists():
        content = {"format": FORMAT_NAME, "version": FORMAT_VERSION, **description}
        write_atomically(dataset_file(root), msgspec.json.format(msgspec.json.encode(content)) + b"\n", replace=False)
    read_description(root)


def read_description(root: Path) -> dict[str, Any]:
    """What dataset.json says.

    Raises:
        DatasetError: if there is none, or it is not of this format, or of a later version.
    """
    path = dataset_file(root)
    try:
        description = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except FileNotFoundError as error:
        raise DatasetError(f"{root} is not a dataset: it has no dataset.json") from error
    except (OSError, msgspec.MsgspecError) as error:
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
