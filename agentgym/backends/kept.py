"""Files in the user's cache folder, which are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

__all__ = ["kept"]


def kept(name: str, make: Callable[[], bytes]) -> bytes:
    """The content of a file of the cache; it is made and put there if it is not.

    Processes that make the same file at once each put a whole one; the last stays.

    Args:
        name: a path below the cache folder of this package.
        make: what it raises leaves nothing behind.

    Raises:
        OSError: if the folder cannot be written.
    """
    path = _folder() / name
    if not path.is_file():
        _put(path, make())
    return path.read_bytes()


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agentgym"
