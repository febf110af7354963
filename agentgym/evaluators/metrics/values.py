"""Metrics on values: answers, rows, whatever is plain JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]

_RELATIVE = 1e-6
_ABSOLUTE = 1e-9
# As people write it: Python would also take underscores, and the digits of any script.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class Value(TypedDict):
    expected: Any


def matches(result: Any, rules: Value, *, ordered: bool = True) -> float:
    """Whether the result is ``rules["expected"]``: numbers within a millionth, texts without the blanks around them.

    A text that reads as a number, ``"-1.5"`` or ``"1e3"``, is equal to it, as an answer is text. Lists are compared in
    their order, or with ``ordered: false`` in any, the outermost alone.
    """
    expected = rules["expected"]
    if ordered or not (_is_list(result) and _is_list(expected)):
        return float(_same(result, expected))
    return float(_same_in_any_order(result, expected))


def _same(result: Any, expected: Any) -> bool:
    if isinstance(expected, bool) or isinstance(result, bool) or expected is None or result is None:
        return result is expected
    if isinstance(expected, int | float):
        number = _number(result)
        return number is not None and math.isclose(number, expected, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    if isinstance(expected, str):
        return isinstance(result, str) and result.strip() == expected.strip()
    if _is_list(expected):
        return (
            _is_list(result)
            and len(result) == len(expected)
            and all(_same(one, other) for one, other in zip(result, expected, strict=True))
        )
    if isinstance(expected, Mapping):
        return (
            isinstance(result, Mapping)
            and result.keys() == expected.keys()
            and all(_same(result[key], expected[key]) for key in expected)
        )
    return bool(result == expected)


def _same_in_any_order(result: Sequence[Any], expected: Sequence[Any]) -> bool:
    if len(result) != len(expected):
        return False
    left = list(expected)
    for one in result:
        place = next((place for place, other in enumerate(left) if _same(one, other)), None)
        if place is None:
            return False
        del left[place]
    return True


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value.strip()) else None
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


METRICS: Mapping[str, Metric] = {"matches": matches}
