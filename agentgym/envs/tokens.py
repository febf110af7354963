"""Instructions as numbers of a fixed count."""

from __future__ import annotations

import re
import zlib

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

__all__ = ["TOKENS", "token_space", "tokens_of"]

TOKENS = 20
"""Tokens of an instruction; what is longer is cut."""

_KINDS = 256


def token_space() -> spaces.MultiDiscrete:
    """Of what `tokens_of` gives."""
    return spaces.MultiDiscrete([_KINDS] * TOKENS)


def tokens_of(instruction: str) -> npt.NDArray[np.int64]:
    """int64 (20,), each below 256: a number for each word, whatever its case, and 0 after the last.

    A word's number is the same everywhere and always, which is why no vocabulary has to be kept; two words may share
    one.
    """
    tokens = np.zeros(TOKENS, np.int64)
    words = re.findall(r"\w+|[<>=+*/-]", instruction.lower())[:TOKENS]
    tokens[: len(words)] = [1 + zlib.crc32(word.encode()) % (_KINDS - 1) for word in words]
    return tokens
