"""Metrics on what an agent found out and wrote into a file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypedDict

from rapidfuzz import fuzz

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.texts import text_of
from agentgym.extras import needed

__all__ = ["METRICS"]

_CLOSE = 1e-4
_PLACES = 3
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)")
_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w])")
_ABOUT_THE_FILE = ("#!", "# -*- coding:", "# coding:", "# coding=")


class Lines(TypedDict):
    expected: int | str


class Places(TypedDict):
    expected: list[str]


def compare_result_files(result: str | None, expected: str | None, *, strict: bool = False) -> float:
    """Whether two files say the same: the same text but for blanks around it, or the same number within 0.0001.

    A number that is expected may stand in other words.

    Args:
        strict: whether it must stand there as a number, not as a part of another: 3 is not in 13.
    """
    left, right = text_of(result), text_of(expected)
    if left is None or right is None:
        return 0.0
    left, right = left.strip(), right.strip()
    wanted = _number(right)
    if wanted is None:
        return float(left == right)
    if right in left and not strict:
        return 1.0
    found = [float(number) for number in _NUMBER.findall(left)] if strict else [_number(left)]
    return float(any(number is not None and abs(number - wanted) < _CLOSE for number in found))


def compare_terminal_and_txt(result: str | None, expected: str | None) -> float:
    """Whether a file has the text that a terminal shows, which is not empty."""
    return float(bool(expected) and text_of(result) == expected)


def check_line_number(result: str | None, rules: Lines) -> float:
    """Whether a time of the day, as ``hh:mm:ss``, is in ``rules["expected"]`` lines of a file."""
    text = text_of(result)
    if text is None:
        return 0.0
    return float(sum(_TIME.search(line) is not None for line in text.split("\n")) == int(rules["expected"]))


def compare_python_pure_text(result: str | None, expected: str | None) -> float:
    """Whether two programs are the same but for empty lines, blanks at ends of lines, and tabs for four blanks.

    What the first three lines say of the file alone (``#!``, its encoding) does not matter either.
    """
    left, right = text_of(result), text_of(expected)
    if left is None or right is None:
        return 0.0
    return float(_code(left) == _code(right))


def fuzzy_place_math(result: str | None, rules: Places, *, strict: bool = False) -> float:
    """How alike the three words of a document are to the nearest of ``rules["expected"]``, from 0 to 1; the mean.

    Args:
        strict: whether the words must differ.

    Raises:
        MissingDependencyError: if python-docx is not installed.
    """
    words = [word for text in _paragraphs(result) for word in text.split()]
    if len(words) != _PLACES or (strict and len(set(words)) < _PLACES):
        return 0.0
    alike = [max((fuzz.ratio(word, place) / 100 for place in rules["expected"]), default=0.0) for word in words]
    return math.fsum(alike) / _PLACES


def _paragraphs(path: str | None) -> list[str]:
    docx = needed("docx", extra="office")
    if path is None:
        return []
    return unless_damaged(lambda: [paragraph.text for paragraph in docx.Document(path).paragraphs]) or []


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _code(text: str) -> list[str]:
    lines = text.splitlines()
    about = 0
    while about < min(3, len(lines)) and lines[about].strip().startswith(_ABOUT_THE_FILE):
        about += 1
    return [line.expandtabs(4).rstrip() for line in lines[about:] if line.strip()]


METRICS: Mapping[str, Metric] = {
    "compare_result_files": compare_result_files,
    "compare_terminal_and_txt": compare_terminal_and_txt,
    "check_line_number": check_line_number,
    "compare_python_pure_text": compare_python_pure_text,
    "fuzzy_place_math": fuzzy_place_math,
}
