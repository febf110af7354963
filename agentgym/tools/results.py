"""What came of a call, and how it is written for the agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["ToolResult", "encodable", "without_addresses", "written"]


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class ToolResult(msgspec.Struct, frozen=True):
    """What came of one call.

    Args:
        ok: whether the tool did what it was called for.
        content: what the agent is shown: the result, or what went wrong.
        value: what the tool returned, as it did.
    """

    call_id: str
    name: str
    ok: bool
    content: str
    value: Any = None


def written(value: Any) -> str:
    """A result as text: text as it is, None as nothing, other values as JSON, what JSON has not as Python has it.

    It has no addresses in memory, which are others each time.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return msgspec.json.encode(value, enc_hook=_plain).decode()
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError, NotImplementedError):
        return without_addresses(str(value))


def without_addresses(text: str) -> str:
    return _ADDRESS.sub("", text)


def encodable(text: str) -> str:
    """The text with a question mark for each half of a character."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _plain(value: Any) -> Any:
    """Models of pydantic and numbers of numpy, which msgspec does not know."""
    for method in ("model_dump", "tolist"):
        if callable(getattr(value, method, None)):
            return getattr(value, method)()
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError
