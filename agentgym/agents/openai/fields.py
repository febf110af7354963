"""What a server's JSON has under a name, or that it is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentgym.actions.quoting import short

__all__ = ["Torn", "listed", "mapped", "pruned", "text_in", "usage_of"]


class Torn(Exception):
    """A reply that came, but broken: cut off, or no reply of this API.

    Args:
        message: what is wrong.
        raw: what came, if that could be read.
    """

    def __init__(self, message: str, raw: Any = None) -> None:
        super().__init__(message)
        self.raw = raw


def mapped(value: Any, what: str) -> Mapping[str, Any]:
    """The value, which is an object.

    Raises:
        Torn: if it is none.
    """
    if not isinstance(value, Mapping):
        raise Torn(f"{what} is {short(value)}, not an object")
    return value


def listed(value: Mapping[str, Any], name: str) -> list[Any]:
    """What stands there, which is a list or nothing.

    Raises:
        Torn: if it is something else.
    """
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Torn(f"{name} is {short(found)}, not a list")
    return found


def text_in(content: Any) -> str:
    """The text of a message's content, which may be in parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def usage_of(raw: Mapping[str, Any]) -> dict[str, Any] | None:
    """The provider's own counts."""
    usage = raw.get("usage")
    return pruned(usage) if isinstance(usage, Mapping) else None


def pruned(value: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is null, which APIs return but do not take, or which says nothing."""
    return {key: pruned(one) if isinstance(one, Mapping) else one for key, one in value.items() if one is not None}
