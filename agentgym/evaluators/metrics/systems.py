"""Metrics on a desktop's own settings and folders."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, TypedDict

from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]


class Names(TypedDict):
    expected: list[str]


class Terminal(TypedDict):
    expected: str | list[str]


def check_gnome_favorite_apps(result: str | None, rules: Names) -> float:
    """Whether the list that ``gsettings`` wrote has each of ``rules["expected"]``, in any order, and no other."""
    try:
        apps = ast.literal_eval((result or "").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return 0.0
    return float(isinstance(apps, list | tuple) and _same_names(apps, rules["expected"]))


def is_utc_0(result: str | None, *, strict: bool = False) -> float:
    """Whether the fourth line of ``timedatectl``, its time zone, is at no distance from UTC.

    Args:
        strict: whether the line is found by what it says, ``Time zone:``.
    """
    lines = (result or "").split("\n")
    zones = [line for line in lines if line.strip().startswith("Time zone:")] if strict else lines[_ZONE : _ZONE + 1]
    return float(any(zone.endswith("+0000)") for zone in zones))


def check_text_enlarged(result: str | None) -> float:
    """Whether the factor by which text is scaled is more than 1."""
    try:
        return float(float(result or "") > 1)
    except ValueError:
        return 0.0


def check_moved_jpgs(result: Mapping[str, Any] | None, rules: Names) -> float:
    """Whether a folder, as ``list_directory`` gives it, has each of ``rules["expected"]`` in it, and nothing else."""
    if result is None:
        return 0.0
    return float(_same_names([node["name"] for node in result["children"]], rules["expected"]))


def is_in_vm_clickboard(config: Terminal, result: str | None) -> float:
    """Whether what a terminal shows has ``config["expected"]``, or all of it, in it.

    In its tasks the rule is the result, and what is fetched is what is expected.
    """
    wanted = config["expected"]
    parts = wanted if isinstance(wanted, list) else [wanted]
    return float(not parts or (result is not None and all(part in result for part in parts)))


_ZONE = 3


def _same_names(found: Any, wanted: list[str]) -> bool:
    return len(found) == len(wanted) and set(found) == set(wanted)


METRICS: Mapping[str, Metric] = {
    "check_gnome_favorite_apps": check_gnome_favorite_apps,
    "is_utc_0": is_utc_0,
    "check_text_enlarged": check_text_enlarged,
    "check_moved_jpgs": check_moved_jpgs,
    "is_in_vm_clickboard": is_in_vm_clickboard,
}
