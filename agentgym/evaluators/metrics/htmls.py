"""The metric on two pages of HTML."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentgym.evaluators.metrics.registry import Metric
from agentgym.extras import needed

__all__ = ["METRICS"]


def compare_htmls(
    result: str | None, expected: str | None, *, ignore_sdnum: bool = False, strict: bool = False
) -> float:
    """Whether two pages have the same elements, attributes and texts, as far as the shorter one goes.

    Args:
        ignore_sdnum: the attribute of that name, in which LibreOffice writes a number's format, does not count.
        strict: neither may end before the other.

    Raises:
        MissingDependencyError: if Beautiful Soup is not installed.
    """
    found, wanted = _page(result), _page(expected)
    if found is None or wanted is None:
        return 0.0
    if strict and sum(1 for _ in found.descendants) != sum(1 for _ in wanted.descendants):
        return 0.0
    pairs = zip(found.descendants, wanted.descendants, strict=False)
    passed_over = {"sdnum"} if ignore_sdnum else set()
    return float(all(_same(one, other, passed_over) for one, other in pairs))


def _same(one: Any, other: Any, passed_over: set[str]) -> bool:
    tag = needed("bs4", extra="browser").Tag
    if not (isinstance(one, tag) and isinstance(other, tag)):
        return bool(one == other)
    return (
        one.name == other.name
        and one.text.strip() == other.text.strip()
        and _attributes(one, passed_over) == _attributes(other, passed_over)
    )


def _attributes(tag: Any, passed_over: set[str]) -> Mapping[str, Any]:
    return {name: value for name, value in tag.attrs.items() if name not in passed_over}


def _page(path: str | None) -> Any:
    soup = needed("bs4", extra="browser").BeautifulSoup
    if path is None:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    with warnings.catch_warnings():
        # It would rather have XML, or an address, read as something else.
        warnings.simplefilter("ignore")
        return soup(text, "lxml")


METRICS: Mapping[str, Metric] = {"compare_htmls": compare_htmls}
