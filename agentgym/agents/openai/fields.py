"""What a server's JSON has under a name, or that it is none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from agentgym.actions.quoting import short
from agentgym.tools.results import encodable

__all__ = ["Torn", "encodable_json", "listed", "mapped", "pruned", "sayable", "text_in", "usage_of"]

_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64


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


def sayable(name: str, arguments: str) -> dict[str, str]:
    """A call that can be told again: servers refuse a talk in which one has no name, or arguments that are no JSON."""
    try:
        msgspec.json.decode(arguments, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        arguments = json.dumps({"raw": arguments}, ensure_ascii=False) if arguments.strip() else "{}"
    return {"name": _NO_NAME.sub("_", name)[:_LONGEST_NAME] or "unknown", "arguments": arguments}


def encodable_json(value: Any) -> Any:
    """The value with a question mark for each half of a character, which JSON may have and no request can."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _encodable(value)
    return value


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return encodable(value)
        case dict():
            return {encodable(key): _encodable(part) for key, part in value.items()}
        case list():
            return [_encodable(part) for part in value]
    return value
