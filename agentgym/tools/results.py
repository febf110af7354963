"""What came of a call, and how it is written for the agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

__all__ = ["ToolResult", "written"]


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
    """A result as text: text as it is, None as nothing, other values as JSON, what JSON has not as Python has it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return msgspec.json.encode(value, enc_hook=_plain).decode()
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError, NotImplementedError):
        return str(value)


def _plain(value: Any) -> Any:
    """Models of pydantic and numbers of numpy, which msgspec does not know."""
    for method in ("model_dump", "tolist"):
        if callable(getattr(value, method, None)):
            return getattr(value, method)()
    if isinstance(value, Mapping):
        return dict(value)
    raise NotImplementedError
