"""Tokens of a model that is none: words and marks, numbered by their checksum."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.modelserver.script import Reply

__all__ = ["pieces", "prompt", "reply_tokens", "token_ids"]

_PIECE = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")


def pieces(text: str) -> list[str]:
    """The tokens of a text, which put together are the text."""
    return _PIECE.findall(text)


def token_ids(tokens: Iterable[str]) -> list[int]:
    """A number for each, the same for the same."""
    return [zlib.crc32(token.encode()) % 100_000 for token in tokens]


def reply_tokens(reply: Reply) -> list[str]:
    """The tokens of an answer as they stand in the next prompt: what was said, then the calls."""
    said = [token for text in (reply.text, reply.refusal) if text for token in pieces(text)]
    called = [token for use in reply.calls for text in (use.name, use.arguments) for token in pieces(text)]
    done = [token for action in reply.computer for text in _texts(action) for token in pieces(text)]
    return said + called + done


def prompt(body: Mapping[str, Any]) -> list[str]:
    """The tokens of a request: of a chat, each begins with all of the one before and its reply."""
    if "messages" not in body:
        asked = [body.get("tools") or [], body.get("instructions") or "", body.get("input") or ""]
        return [token for text in _texts(asked) for token in pieces(text)]
    tokens = [token for text in _texts(body.get("tools") or []) for token in pieces(text)]
    for message in body["messages"]:
        tokens += [f"<|{message['role']}|>", *(token for text in _message(message) for token in pieces(text))]
    return [*tokens, "<|assistant|>"]


def _message(message: Mapping[str, Any]) -> Iterator[str]:
    for part in [message["content"]] if isinstance(message.get("content"), str) else message.get("content") or ():
        yield from [part] if isinstance(part, str) else _texts(part.get("text") or part.get("image_url") or "")
    if message.get("refusal"):
        yield message["refusal"]
    for made in message.get("tool_calls") or ():
        yield from (made["function"]["name"], made["function"]["arguments"])


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value, in their order; a picture is one word."""
    if isinstance(value, str):
        yield "picture" if value.startswith("data:") else value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
