"""A folder or an address that may have the files of other addresses: where in it they would lie."""

from __future__ import annotations

import glob
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from agentgym.errors import UsageError

__all__ = ["mirror_addresses", "mirror_file", "mirror_folder", "mirror_setting", "own_place"]

_RESOLVE = "resolve"
_TASK_PARTS = 3
"""``<domain>/<task>/<file>``."""

_DEFAULT_QUERY = "download=true"


def mirror_setting() -> str:
    """What ``AGENTGYM_MIRROR`` says: a folder, an address, or nothing."""
    return os.environ.get("AGENTGYM_MIRROR", "").strip()


def mirror_folder() -> Path | None:
    """The folder that is the mirror, if it is one.

    Raises:
        UsageError: if there is no such folder.
    """
    told = mirror_setting()
    if not told or _is_address(told):
        return None
    folder = Path(told.removeprefix("file://")).expanduser()
    if not folder.is_dir():
        raise UsageError(f"AGENTGYM_MIRROR is {told!r}: there is no such folder")
    return folder


def mirror_file(url: str) -> Path | None:
    """The file of the mirror's folder that stands for an address; None if there is none."""
    folder = mirror_folder()
    if folder is None:
        return None
    return next((place for place in _files(folder, url) if place.is_file()), None)


def mirror_addresses(url: str) -> list[str]:
    """The addresses in the mirror, if it is one, at which the file of another may be, the likeliest first."""
    told = mirror_setting()
    if not _is_address(told):
        return []
    return [f"{told.rstrip('/')}/{quote(place)}" for place in _places(url)]


def own_place(url: str) -> str | None:
    """The path in a mirror that is only this address's: its host and its path; None if it has no path."""
    return next(_places(url), None)


def _is_address(told: str) -> bool:
    return told.startswith(("http://", "https://"))


def _files(folder: Path, url: str) -> Iterator[Path]:
    for place in _places(url):
        yield folder / place
    # The name that OSWorld's download step gives a file, in its cache folder or in that of one task.
    name = f"{uuid.uuid5(uuid.NAMESPACE_URL, url)}_*"
    for pattern in (name, f"*/{name}"):
        yield from sorted(map(Path, glob.glob(str(Path(glob.escape(str(folder))) / pattern))))


def _places(url: str) -> Iterator[str]:
    """Paths in a mirror, from the one that could be no other address's to the shortest."""
    address = urlsplit(url)
    parts = [unquote(part) for part in address.path.split("/") if part not in ("", ".")]
    if not parts or not all(map(_is_name, parts)):
        return
    if address.query and address.query != _DEFAULT_QUERY:
        parts[-1] += f"?{address.query}"
    yield "/".join([address.netloc, *parts])
    yield "/".join(parts)
    if _RESOLVE in parts[:-2]:
        # Hugging Face: <owner>/<name>/resolve/<revision>/<path>, which is what a clone has.
        yield "/".join(parts[parts.index(_RESOLVE) + 2 :])
    if len(parts) > _TASK_PARTS:
        yield "/".join(parts[-_TASK_PARTS:])


def _is_name(part: str) -> bool:
    """Whether this is the name of a file or folder within another."""
    return part != ".." and "/" not in part and "\0" not in part
