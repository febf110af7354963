"""Calls of BFCL's services that would keep the trainer's process busy for longer than anyone waits.

A call runs in that process, where nothing interrupts it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from agentgym.actions import ToolCall

__all__ = ["too_large"]

_MOST_DIGITS = 10_000
_MOST_ENTRIES = 10_000


def too_large(service: Any, call: ToolCall) -> str | None:
    """Why a call is refused; None if it is not."""
    given = call.arguments
    if call.name in ("logarithm", "square_root") and _number(given.get("precision")) > _MOST_DIGITS:
        return f"precision can be at most {_MOST_DIGITS} digits"
    if call.name == "power" and _digits_of_power(given) > _MOST_DIGITS:
        return f"the result can have at most {_MOST_DIGITS} digits"
    # A copy of a folder shares what is in it, and moved back into the folder it doubles what a search goes through.
    if call.name in ("cp", "mv") and _has_more_entries(service.root, _MOST_ENTRIES):
        return f"there are more than {_MOST_ENTRIES} files and folders"
    return None


def _digits_of_power(given: Mapping[str, Any]) -> float:
    base, exponent = abs(_number(given.get("base"))), _number(given.get("exponent"))
    return exponent * math.log10(base) if base > 1 else 0


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, int | float) else 0.0
    except OverflowError:
        return math.inf


def _has_more_entries(folder: Any, most: int) -> bool:
    """Counts each entry as often as a search meets it, and a folder that is in itself without end."""
    waiting, met = [folder], 0
    while waiting and met <= most:
        inside = getattr(waiting.pop(), "contents", {})
        met += len(inside)
        waiting.extend(inside.values())
    return met > most
