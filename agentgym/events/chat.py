"""The parts of model calls in OpenAI's chat form: tool calls, definitions of tools, the text of a content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from agentgym.events.plain import plain, plain_text

__all__ = ["Wanted", "text_of", "tool", "wanted"]


@dataclass(frozen=True)
class Wanted:
    """A tool call as a model wrote it."""

    id: str | None
    name: str
    arguments: Any

    @property
    def as_text(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else plain_text(self.arguments)

    @property
    def as_object(self) -> dict[str, Any]:
        """The arguments; the model's own text under ``"raw"`` if it is no JSON object."""
        if isinstance(self.arguments, Mapping):
            return dict(self.arguments)
        try:
            return msgspec.json.decode(self.as_text or "{}", type=dict[str, Any])
        except msgspec.MsgspecError:
            return {"raw": self.as_text}


def wanted(call: Mapping[str, Any]) -> Wanted:
    """A tool call of a message or an answer: OpenAI's ``{id, function: {name, arguments}}``, or the same, flat."""
    inner = call.get("function", call)
    identity = call.get("id") or call.get("call_id")
    return Wanted(identity, inner["name"], inner.get("arguments", {}))


def tool(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's definition, ``{"type": "function", "function": {name, description, parameters}}``."""
    return plain(raw) if "function" in raw else {"type": "function", "function": plain(raw)}


def text_of(content: Any) -> str | None:
    """The text in a message's content, without its pictures; None if there is none."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part if isinstance(part, str) else part.get("text") for part in content]
        texts = [part for part in parts if part is not None]
        return "\n".join(texts) if texts else None
    return plain_text(content)
