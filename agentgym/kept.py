"""Files in the user's cache folder, which are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

__all__ = ["cache_folder", "kept", "put_whole"]


def cache_folder() -> Path:
    """Where this package keeps what it would have to fetch or make again.

    That is ``AGENTGYM_CACHE``, else the folder ``agentgym`` in ``XDG_CACHE_HOME``, else in ``~/.cache``.
    """
    own = os.environ.get("AGENTGYM_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentgym"


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """The content of a file of the cache; it is made and put there if it is not.

    Processes that make the same file at once each put a whole one; the last stays.

    Args:
        name: a path below the cache folder of this package.
        make: what it raises leaves nothing behind.

    Raises:
        OSError: if the folder cannot be written.
    """
    path = cache_folder() / name
    if not path.is_file():
        put_whole(path, make())
    return path.read_bytes()


def put_whole(path: Path, content: bytes) -> None:
    """Writes a file, with the folders that lead to it, so that whoever reads meets all of it or the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
