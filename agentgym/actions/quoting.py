"""How what was given is quoted in messages: as far as there is room."""

from __future__ import annotations

__all__ = ["cut", "short"]

_SHORT = 120


def short(value: object) -> str:
    """The value as Python writes it, cut."""
    try:
        return cut(repr(value))
    except (ValueError, RecursionError):
        # Python writes no whole number of more than 4300 digits.
        return f"{type(value).__name__} that is too large to be shown"


def cut(text: str, most: int = _SHORT) -> str:
    """The text, with an ellipsis where it was too long."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
