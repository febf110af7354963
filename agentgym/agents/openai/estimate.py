"""How many tokens a request has, and which turns it must do without."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping
from typing import Any

from agentgym.agents.openai.conversation import Turn
from agentgym.agents.openai.options import Tokenizer

__all__ = ["Estimate", "fitting"]

_CHARACTERS_A_TOKEN = 4.0
_EACH_MESSAGE = 4
_TILE, _TOKENS_A_TILE, _TOKENS_A_PICTURE = 512, 170, 85
_LEAST, _MOST = 0.1, 10.0
_PNG_HEAD = 32


class Estimate:
    """Counts tokens as well as is known: by a tokenizer, or by characters, set right by what the server counted last.

    A picture counts as OpenAI's prices have it: 85, and 170 for each 512 pixels squared.
    """

    def __init__(self, tokenizer: Tokenizer | None) -> None:
        self._tokenizer = tokenizer
        self._scale = 1.0

    def of(self, request: Any) -> int:
        """The tokens of messages, items or tools."""
        tokens: float = self._raw(request) * self._scale
        return round(tokens)

    def learn(self, request: Any, told: int | None) -> None:
        """Sets the estimate right by the number that the server told of a request."""
        if told and self._tokenizer is None and (raw := self._raw(request)):
            self._scale = min(max(told / raw, _LEAST), _MOST)

    def _raw(self, value: object) -> float:
        match value:
            case str():
                return self._text(value)
            case Mapping():
                own = _EACH_MESSAGE if "role" in value or "type" in value else 0
                return own + sum(self._raw(part) for part in value.values())
            case list() | tuple():
                return sum(self._raw(part) for part in value)
        return 0 if value is None else 1

    def _text(self, text: str) -> float:
        if text.startswith("data:image/"):
            return _picture(text)
        if self._tokenizer is None:
            return len(text) / _CHARACTERS_A_TOKEN
        counted = self._tokenizer(text)
        return float(counted if isinstance(counted, int) else len(counted))


def _picture(address: str) -> int:
    """Its tokens, by the size that stands in the head of a PNG."""
    head = base64.b64decode(address.partition(",")[2][:_PNG_HEAD])
    width, height = struct.unpack(">II", head[16:24]) if len(head) >= 24 else (_TILE, _TILE)
    tiles: int = -(-width // _TILE) * -(-height // _TILE)
    return _TOKENS_A_PICTURE + _TOKENS_A_TILE * tiles


def fitting(turns: list[Turn], most: int | None, tokens: Callable[[list[Turn]], int]) -> list[Turn]:
    """The turns that fit, whole: the first, which has the task, and as many of the last ones as there is room for.

    Args:
        most: tokens; None for no limit.
        tokens: how many a request with these turns has.
    """
    kept = list(turns)
    while most is not None and len(kept) > 2 and tokens(kept) > most:
        del kept[1]
    return kept
