"""What a desktop has in ``/etc`` besides what it sees of the machine's own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["system_files"]

_FILES = Path(__file__).parent / "etc"


@cache
def system_files() -> tuple[tuple[str, str], ...]:
    """Paths and texts of the files that make applications quiet whose profile tasks bring along; see `homes`, too."""
    paths = (path for path in sorted(_FILES.rglob("*")) if path.is_file())
    return tuple((f"/etc/{path.relative_to(_FILES)}", path.read_text(encoding="utf-8")) for path in paths)
