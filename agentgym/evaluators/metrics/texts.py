"""Metrics on text and on text files."""

from __future__ import annotations

import difflib
import io
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

from rapidfuzz import fuzz

from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS", "text_of"]


class Anything(TypedDict):
    expected: Any


class Text(TypedDict):
    expected: str


class Choices(TypedDict):
    expected: list[Any]


class Parts(TypedDict):
    expected: list[str]


class Inclusion(TypedDict, total=False):
    include: list[str]
    exclude: list[str]


class Patterns(TypedDict, total=False):
    expect: list[str]
    unexpect: list[str]


def text_of(path: str | None) -> str | None:
    r"""The text of a file, each end of a line as ``\n``; None if there is none or it is no UTF-8 text.

    A mark of the order of bytes is its first character, as OSWorld has it.
    """
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def exact_match(result: Any, rules: Anything) -> float:
    """Whether the result is ``rules["expected"]``: equal, with every blank and end of line."""
    return float(result == rules["expected"])


def fuzzy_match(result: str | None, rules: Text) -> float:
    """How alike the result and ``rules["expected"]`` are, from 0 to 1.

    rapidfuzz's ``ratio``: 1 less the insertions and deletions that make one of the other, by the length of both.
    """
    return 0.0 if result is None else fuzz.ratio(result, rules["expected"]) / 100


def literal_match(
    result: Any,
    expected: Any,
    *,
    type: Literal["str", "list"] = "str",  # noqa: A002 - OSWorld's word
    ignore_case: bool = False,
) -> float:
    """Whether what two getters fetched is equal, as text.

    Args:
        type: ``"list"`` to compare two lists item by item, each as text.
        ignore_case: upper and lower case count as equal.
    """
    if type not in ("str", "list"):
        raise ValueError(f"literal_match has the types 'str' and 'list', not {type!r}")
    if type == "list" and not (isinstance(result, list | tuple) and isinstance(expected, list | tuple)):
        return 0.0
    left = [str(item) for item in result] if type == "list" else [str(result)]
    right = [str(item) for item in expected] if type == "list" else [str(expected)]
    if ignore_case:
        left, right = [item.lower() for item in left], [item.lower() for item in right]
    return float(left == right)


def check_include_exclude(result: str | Sequence[str] | None, rules: Inclusion, *, strict: bool = False) -> float:
    """Whether all of ``rules["include"]`` and none of ``rules["exclude"]`` is in the text, or among several.

    Args:
        strict: whether what is included must not be a part of a longer word or number: 54 is not in 154, nor in 12:54.
    """
    if result is None:
        return 0.0
    has: Callable[[Any, str], bool] = _stands_alone if strict and isinstance(result, str) else operator.contains
    included = all(has(result, part) for part in rules.get("include", ()))
    return float(included and not any(part in result for part in rules.get("exclude", ())))


def is_in_list(result: Sequence[Any] | None, rules: Anything) -> float:
    """Whether ``rules["expected"]`` is among the items of the result, or, where that is a text, in it."""
    return float(result is not None and rules["expected"] in result)


def match_in_list(result: Any, rules: Choices) -> float:
    """Whether the result is one of ``rules["expected"]``."""
    return float(result in rules["expected"])


def is_file_exist(result: str | None, rules: Any = None) -> float:
    """Whether the file was there to be fetched; it may be empty."""
    del rules
    return float(result is not None)


def check_list(result: str | None, rules: Patterns) -> float:
    """Whether each pattern of ``rules["expect"]`` is found in some line of the file, none of ``rules["unexpect"]``.

    Patterns are Python's regular expressions, searched for, not matched from the beginning.
    """
    text = text_of(result)
    if text is None:
        return 0.0
    # With the ends of lines, which a pattern may look for.
    lines = list(io.StringIO(text))

    def found(pattern: str) -> bool:
        return any(re.search(pattern, line) for line in lines)

    return float(all(map(found, rules.get("expect", ()))) and not any(map(found, rules.get("unexpect", ()))))


def file_contains(result: str | None, rules: Parts) -> float:
    """Whether all of ``rules["expected"]`` is in the file."""
    text = text_of(result)
    return float(text is not None and all(part in text for part in rules["expected"]))


def compare_text_file(
    result: str | None, expected: str | None, *, ignore_blanks: bool = False, ignore_case: bool = False
) -> float:
    """Whether two files hold the same text.

    Args:
        ignore_blanks: any run of blanks and ends of lines counts as one blank.
        ignore_case: upper and lower case count as equal.
    """
    texts = [text_of(result), text_of(expected)]
    if None in texts:
        return 0.0
    made = [_normal(text or "", ignore_blanks, ignore_case) for text in texts]
    return float(made[0] == made[1])


def diff_text_file(result: str | None, expected: str | None) -> float:
    """Share of the lines that two files have in common, from 0 to 1, as difflib counts it."""
    left, right = text_of(result), text_of(expected)
    if left is None or right is None:
        return 0.0
    return difflib.SequenceMatcher(a=left.splitlines(), b=right.splitlines()).ratio()


def compare_csv(
    result: str | None, expected: str | Sequence[str] | None, *, strict: bool = True, ignore_case: bool = False
) -> float:
    """Whether a CSV file has the lines of the expected one, or of one of several.

    Args:
        strict: whether blanks around a line count.
        ignore_case: upper and lower case count as equal.
    """
    wanted = [expected] if isinstance(expected, str) else list(expected or ())
    return max((float(_same_lines(result, one, strict, ignore_case)) for one in wanted), default=0.0)


def _stands_alone(text: str, part: str) -> bool:
    before = r"(?<!\w)(?<!\d[.,:])" if part[:1].isalnum() else ""
    after = r"(?!\w)(?![.,:]\d)" if part[-1:].isalnum() else ""
    return re.search(before + re.escape(part) + after, text) is not None


def _same_lines(result: str | None, expected: str, strict: bool, ignore_case: bool) -> bool:
    left, right = _text_of_any_encoding(result), _text_of_any_encoding(expected)
    if left is None or right is None:
        return False
    return _lines(left, strict, ignore_case) == _lines(right, strict, ignore_case)


def _text_of_any_encoding(path: str | None) -> str | None:
    # Spreadsheets export in old encodings, too. Latin 1 reads any bytes, and equal bytes as equal text.
    text = text_of(path)
    if text is None and path is not None and Path(path).is_file():
        return Path(path).read_text(encoding="latin-1")
    return text


def _lines(text: str, strict: bool, ignore_case: bool) -> list[str]:
    lines = text.splitlines()
    if not strict:
        lines = [line.strip() for line in lines]
    return [line.lower() for line in lines] if ignore_case else lines


def _normal(text: str, ignore_blanks: bool, ignore_case: bool) -> str:
    if ignore_blanks:
        text = re.sub(r"\s+", " ", text).strip()
    return text.lower() if ignore_case else text


METRICS: Mapping[str, Metric] = {
    "exact_match": exact_match,
    "fuzzy_match": fuzzy_match,
    "literal_match": literal_match,
    "check_include_exclude": check_include_exclude,
    "is_in_list": is_in_list,
    "match_in_list": match_in_list,
    "is_file_exist": is_file_exist,
    "check_list": check_list,
    "file_contains": file_contains,
    "compare_text_file": compare_text_file,
    "diff_text_file": diff_text_file,
    "compare_csv": compare_csv,
}
