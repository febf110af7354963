"""Where in a text of JSON a path stands."""

from __future__ import annotations

import re
from json import JSONDecoder
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out

__all__ = ["line_of"]

_STEPS = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_BLANK = re.compile(r"[ \t\r\n]*")


def line_of(text: str, path: str) -> int:
    """The line, from 1, on which begins what a path such as ``$.config[0].type`` means, or what leads to it.

    Args:
        text: valid JSON.
    """
    at = _after_blanks(text, 0)
    for name, place in _STEPS.findall(path):
        inner = _value(text, at, name) if name else _item(text, at, int(place))
        if inner is None:
            break
        at = inner
    return text.count("\n", 0, at) + 1


def _value(text: str, at: int, name: str) -> int | None:
    """Where the value of a key of the object that begins at a place begins."""
    if text[at] != "{":
        return None
    at = _after_blanks(text, at + 1)
    while text[at] == '"':
        key, at = scanstring(text, at + 1)
        at = _after_blanks(text, _after_blanks(text, at) + len(":"))
        if key == name:
            return at
        at = _after_value(text, at)
    return None


def _item(text: str, at: int, place: int) -> int | None:
    """Where an item of the list that begins at a place begins."""
    if text[at] != "[":
        return None
    at = _after_blanks(text, at + 1)
    for _ in range(place):
        if text[at] == "]":
            return None
        at = _after_value(text, at)
    return None if text[at] == "]" else at


def _after_value(text: str, at: int) -> int:
    """Where the next key or item begins, or the end of what they are in."""
    _, at = JSONDecoder().raw_decode(text, at)
    at = _after_blanks(text, at)
    return _after_blanks(text, at + 1) if text[at] == "," else at


def _after_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    assert found is not None, "it matches nothing, too"
    return found.end()
