"""Values as text for a model: whole if they are small, else what of them can be said, and never "..."."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_NUMBERS", "as_text"]

MOST_NUMBERS = 1000
"""Of an array that is told in full."""

_LONGEST_TEXT = 20_000
_HASHED = 16


def as_text(value: Any) -> str:
    """A value as text, the same for equal values and another for others.

    An array of more than `MOST_NUMBERS` is told by its type, shape, smallest and largest number, mean and deviation; a
    text of more than 20 000 characters by its beginning and its length. Both end in a part of the SHA-256 of all of it.
    """
    text = value if isinstance(value, str) else _described(value)
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[:_LONGEST_TEXT]}… ({len(text)} characters, sha256 {_hashed(text.encode(errors='surrogatepass'))})"


def _described(value: Any) -> str:
    match value:
        case np.ndarray():
            return _array(value)
        case Mapping():
            return f"{{{', '.join(f'{key!r}: {_described(part)}' for key, part in value.items())}}}"
        case tuple():
            parts = ", ".join(map(_described, value))
            return f"({parts},)" if len(value) == 1 else f"({parts})"
        case list():
            return f"[{', '.join(map(_described, value))}]"
    return repr(value)


def _array(array: npt.NDArray[Any]) -> str:
    if array.size <= MOST_NUMBERS or array.dtype.hasobject:
        with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
            return repr(array)
    said = [f"{array.dtype} array of shape {array.shape}, of which not all is shown"]
    if array.dtype.kind in "biuf":
        numbers = array.astype(np.float64)
        # What is not finite has no deviation, which is said.
        with np.errstate(invalid="ignore"):
            mean, deviation = numbers.mean(), numbers.std()
        said.append(f"from {array.min()} to {array.max()}, mean {mean:.6g}, standard deviation {deviation:.6g}")
    return "; ".join([*said, f"sha256 {_hashed(np.ascontiguousarray(array).tobytes())}"])


def _hashed(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_HASHED]
