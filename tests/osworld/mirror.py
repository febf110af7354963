"""A folder in place of the server that OSWorld's tasks have their files from, filled with files of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

__all__ = ["fill", "places"]

_SERVER = "https://huggingface.co/datasets/xlangai/ubuntu_osworld_file_cache/resolve/main/"


def places(task: Mapping[str, Any]) -> frozenset[str]:
    """Where the files that a task names lie in a mirror, such as ``gimp/<id>/berry.png``."""
    return frozenset(unquote(text.removeprefix(_SERVER)) for text in _texts(task) if text.startswith(_SERVER))


def fill(folder: Path, task: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Lays the files of a task into a mirror.

    Args:
        files: by name; just those that the task names.

    Raises:
        ValueError: if one is missing, or one is not asked for.
    """
    wanted = {Path(place).name: place for place in places(task)}
    if wanted.keys() != files.keys():
        raise ValueError(f"made are {sorted(files)}; the task {task['id']} names {sorted(wanted)}")
    for name, content in files.items():
        path = folder / wanted[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
