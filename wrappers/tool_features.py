"""Texts and JSON objects as numbers of a fixed count, for networks that read no text.

Words and values are hashed to places (feature hashing: Weinberger et al., 2009), so that no vocabulary is kept.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["hashed", "named", "object_words", "words"]

_STEPS_AN_OCTAVE = 2


def words(text: str) -> set[str]:
    """Its words and numbers, whatever their case."""
    return set(re.findall(r"[^\W_]+", text.lower()))


def object_words(about: Mapping[str, Any]) -> set[str]:
    """What an object says: each word with its key, each number with its key and its order of magnitude.

    Numbers are told apart by half octaves, counted from 1: 30 and 31 are neighbours, 31 and 32 the same.
    """
    said = set()
    for key, value in about.items():
        if isinstance(value, bool) or value is None:
            said.add(f"{key}={value}")
        elif isinstance(value, int | float):
            magnitude = math.floor(_STEPS_AN_OCTAVE * math.log2(1 + abs(value)))
            said.add(f"{key}={'-' if value < 0 else ''}{magnitude}")
        else:
            said.update(f"{key}={word}" for word in words(str(value)))
    return said


def hashed(said: Iterable[str], count: int) -> npt.NDArray[np.float32]:
    """float32 (count,): 1 at the place of each word."""
    places = np.zeros(count, np.float32)
    for word in said:
        places[zlib.crc32(word.encode()) % count] = 1.0
    return places


def named(about: Mapping[str, Any], wanted: set[str]) -> float:
    """How much of one of its texts an object has in common with what is wanted, in [0, 1]: 1 if all its words are."""
    texts = [words(value) for value in about.values() if isinstance(value, str)]
    return max((len(text & wanted) / len(text) for text in texts if text), default=0.0)
