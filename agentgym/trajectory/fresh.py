"""New files and folders that are there whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentgym.errors import UsageError

__all__ = ["fresh"]


@contextmanager
def fresh(out: Path) -> Iterator[Path]:
    """An absolute path beside ``out`` to write a file or folder to; put in place when the block ends without an error.

    Raises:
        UsageError: if something is at ``out`` already.
    """
    if out.exists():
        raise UsageError(f"{out} exists already; give a place where nothing is")
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield room / out.name
        (room / out.name).rename(out)
    finally:
        shutil.rmtree(room)
