"""The memory of this process and of all that it started, for the benchmark of engines."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["megabytes"]


def megabytes() -> float:
    """The proportional set size: what is shared counts once."""
    return sum(_kilobytes(pid) for pid in _family(os.getpid())) / 1024


def _family(pid: int) -> set[int]:
    children: set[int] = set()
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children |= set(map(int, thread.read_text().split()))
        except OSError:
            # The thread has ended since.
            continue
    return {pid}.union(*(_family(child) for child in children))


def _kilobytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        # The process has ended since.
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
