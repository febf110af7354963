"""How long the phases of a step take."""

from __future__ import annotations

import time
from types import TracebackType

__all__ = ["Phase"]


class Phase:
    """Adds the milliseconds that a block takes to those of its phase. A step has four, so that they are to cost little.

    Args:
        timing: milliseconds by phase.
        name: of the phase.
    """

    __slots__ = ("_name", "_start", "_timing")

    def __init__(self, timing: dict[str, float], name: str) -> None:
        self._timing, self._name = timing, name

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        spent_ms = (time.perf_counter() - self._start) * 1000
        self._timing[self._name] = self._timing.get(self._name, 0.0) + spent_ms
