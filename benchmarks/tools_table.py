"""The lines of the benchmark of tools, and the table that shows them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.table import Table

__all__ = ["Line", "duration", "table_of", "timed"]


@dataclass(frozen=True)
class Line:
    """Ours and another side, or ours and what is wanted.

    Args:
        part: of the table that it stands in.
        what: was done.
        ours: a figure with its unit.
        other: that of the other side; empty if there is none.
        ratio: how many times the other side's speed ours is; None if it says nothing.
        wanted: in words, ``">= 100 x"``; empty for what nobody asked for.
        holds: whether it is so.
    """

    part: str
    what: str
    ours: str
    other: str = ""
    ratio: float | None = None
    wanted: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.holds is None else "holds" if self.holds else "MISSED"


def timed(do: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} us"


def table_of(lines: Iterable[Line], *, title: str = "Tools") -> Table:
    load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    table = Table(title=f"{title}; medians; {load}", title_justify="left")
    for heading in ("", "agentgym", "other side", "ratio", "wanted", " "):
        table.add_column(heading, justify="left" if not heading.strip() else "right", no_wrap=bool(heading))
    part = ""
    for line in lines:
        if line.part != part:
            table.add_section()
            table.add_row(f"[b]{line.part}[/b]")
            part = line.part
        ratio = "" if line.ratio is None else f"{_figure(line.ratio)} x"
        table.add_row(f"  {line.what}", line.ours, line.other, ratio, line.wanted, line.verdict)
    return table


def _figure(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"
