"""What is found of a task, claim by claim."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from agentgym.actions.quoting import cut

__all__ = ["QaCheck", "QaReport", "QaSpec", "same", "score_check"]

_CHECKSUM = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")


@dataclass(frozen=True)
class QaSpec:
    """Which task of a suite to check, with which seed, in an environment with which options."""

    task: str
    seed: int = 0
    env_kwargs: Mapping[str, Any] = field(default_factory=dict)


class QaCheck(msgspec.Struct, frozen=True):
    """One claim about a task. ``found`` says what was seen, in a few words."""

    name: str
    ok: bool
    found: str


class QaReport(msgspec.Struct, frozen=True):
    task: str
    seed: int
    checks: tuple[QaCheck, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def score_check(name: str, score: float | None, wanted: Callable[[float], bool]) -> QaCheck:
    if score is None:
        return QaCheck(name, False, "unscored")
    return QaCheck(name, wanted(score), f"{score:g}")


def same(name: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> QaCheck:
    differing = [
        f"{key}: {_difference(first.get(key), second.get(key))}"
        for key in {**first, **second}
        if not _equal(first.get(key), second.get(key))
    ]
    if not differing:
        return QaCheck(name, True, "same")
    more = f" (+{len(differing) - 1} more)" if len(differing) > 1 else ""
    return QaCheck(name, False, f"{differing[0]}{more}")


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.array_equal(first, second)
    return type(first) is type(second) and bool(first == second)


def _difference(first: Any, second: Any) -> str:
    """Where two pictures or texts part, in a few words."""
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray) and first.shape == second.shape:
        rows, columns = np.nonzero((first != second).any(axis=-1))
        return f"{len(rows)} pixels, x {columns.min()} to {columns.max()}, y {rows.min()} to {rows.max()}"
    if isinstance(first, str) and isinstance(second, str):
        pairs = zip(first.splitlines(), second.splitlines(), strict=False)
        line = next(((a, b) for a, b in pairs if a != b), ("", "one is longer"))
        return f"{_told(line[0])} became {_told(line[1])}"
    return f"{first!r:.80} became {second!r:.80}"


def _told(line: str) -> str:
    """A line, its checksum cut to as much as tells it from others, so that the file's name is seen."""
    return repr(cut(_CHECKSUM.sub(r"\1…", line)))
