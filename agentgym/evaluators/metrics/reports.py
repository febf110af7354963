"""Metrics on what an agent found out: its findings, its report, the pages it looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]

Value = str | int | float

_ADDRESS = re.compile(r"https?://[^\s\])>,;\"']+")
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])-?\d+(?:\.\d+)?")
_WORD = re.compile(r"\w+")
_NEAR = 1e-9


class Fact(TypedDict):
    value: Value | list[Value]
    sources: list[str]


class NamedFact(Fact):
    name: str


class Findings(TypedDict):
    expected: list[NamedFact]


class Stated(TypedDict):
    expected: list[Fact]
    most_words: NotRequired[int]
    none_of: NotRequired[list[str]]


class Parts(TypedDict):
    expected: list[Any]


def findings_state(result: Any, rules: Findings) -> float:
    """Share of ``rules["expected"]`` that was saved: a finding of that name, with that value and one of the sources.

    Where the value is a list, any of it will do. Numbers may be saved as text; texts are compared without regard to
    case and blanks at the ends.
    """
    saved: dict[str, Mapping[str, Any]] = {}
    if isinstance(result, list):
        saved = {_folded(one.get("name")): one for one in result if isinstance(one, Mapping)}
    wanted = rules["expected"]
    right = sum(_is_found(saved.get(_folded(fact["name"]), {}), fact) for fact in wanted)
    return right / len(wanted) if wanted else 1.0


def report_states(result: Any, rules: Stated) -> float:
    """Share of ``rules["expected"]`` that a report states: a line that has the value and one of the sources.

    Every address in the line must be a source of something that it states, or the line states nothing. A report of
    more than ``rules["most_words"]`` words (addresses are none), or with any of the texts of ``rules["none_of"]`` in
    it, states nothing: it may have said everything in the hope that something fits.

    Args:
        result: the report, or an object with it as ``text``.
        rules: a number must stand in the line as one, with or without thousands separators.
    """
    text = result.get("text") if isinstance(result, Mapping) else result
    if not isinstance(text, str):
        return 0.0
    words = len(_WORD.findall(_ADDRESS.sub(" ", text).replace(".", "")))
    if words > rules.get("most_words", words) or any(_has(text, one) for one in rules.get("none_of", ())):
        return 0.0
    wanted = rules["expected"]
    stated = [_stated(line, wanted) for line in text.splitlines()]
    right = sum(any(fact in facts for facts in stated) for fact in wanted)
    return right / len(wanted) if wanted else 1.0


def includes_all(result: Any, rules: Parts) -> float:
    """Share of ``rules["expected"]`` that is among the items of a list."""
    wanted = rules["expected"]
    if not isinstance(result, list):
        return 0.0
    return sum(one in result for one in wanted) / len(wanted) if wanted else 1.0


def _is_found(finding: Mapping[str, Any], fact: Fact) -> bool:
    found = finding.get("value")
    return finding.get("source") in fact["sources"] and any(_equal(found, value) for value in _values(fact))


def _values(fact: Fact) -> Sequence[Value]:
    return fact["value"] if isinstance(fact["value"], list) else [fact["value"]]


def _equal(found: Any, value: Value) -> bool:
    if isinstance(value, str):
        return _folded(found) == _folded(value)
    numbers = _numbers(found) if isinstance(found, str) else [found]
    return len(numbers) == 1 and _is_number(numbers[0], value)


def _stated(line: str, wanted: Sequence[Fact]) -> Sequence[Fact]:
    """The facts that a line has with their sources, and none if it names others, too: it may have named them all."""
    named, words = set(_ADDRESS.findall(line)), _ADDRESS.sub(" ", line)
    said = [fact for fact in wanted if any(_says(words, value) for value in _values(fact))]
    if named - {source for fact in said for source in fact["sources"]}:
        return []
    return [fact for fact in said if named & set(fact["sources"])]


def _says(words: str, value: Value) -> bool:
    return _has(words, value) if isinstance(value, str) else any(_is_number(one, value) for one in _numbers(words))


def _has(text: str, part: str) -> bool:
    """Whether a text has another in it, and not only as the piece of a word."""
    return re.search(rf"(?<!\w){re.escape(_folded(part))}(?!\w)", _folded(text)) is not None


def _numbers(text: str) -> Sequence[float]:
    return [float(one.replace(",", "")) for one in _NUMBER.findall(text.replace("−", "-"))]


def _is_number(found: Any, value: float) -> bool:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    # Compared, and not subtracted: an integer may be larger than any float.
    reach = _NEAR * max(1.0, abs(value))
    return value - reach <= found <= value + reach


def _folded(text: Any) -> str:
    return " ".join(text.split()).casefold() if isinstance(text, str) else ""


METRICS: Mapping[str, Metric] = {
    "findings_state": findings_state,
    "report_states": report_states,
    "includes_all": includes_all,
}
