"""Recorded values as JSON texts that stand alone: `agentgym.trajectory.values` with arrays and long texts inline."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions import Action
from agentgym.trajectory.frameformat import dtype_to_json
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.values import ValueReader

__all__ = ["from_json", "to_json"]


def to_json(value: Any) -> str:
    """A value that was read from a dataset, as JSON."""
    return msgspec.json.encode(_plain(value)).decode()


def from_json(text: str | bytes) -> Any:
    """The value again; arrays belong to the caller."""
    return _reader.value(msgspec.json.decode(text))


# Refers to no frames.
_reader = ValueReader(FrameReader(Path("nowhere"), FrameCache()))


def _plain(value: Any) -> Any:
    for kind, form in _FORMS:
        if isinstance(value, kind):
            return form(value)
    raise TypeError(f"no dataset holds a {type(value).__name__}")


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _items(value: Iterable[Any]) -> list[Any]:
    return [_plain(item) for item in value]


def _text(value: str) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"$surrogates": _base64(value.encode("utf-8", "surrogatepass"))}
    return value


def _dict(value: dict[Any, Any]) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") and _text(key) == key for key in value):
        return {key: _plain(item) for key, item in value.items()}
    return {"$dict": [[_plain(key), _plain(item)] for key, item in value.items()]}


def _array(array: npt.NDArray[Any]) -> Any:
    if array.dtype.hasobject:
        return {"$objects": _items(array.ravel().tolist()), "shape": array.shape}
    return {"$array": dtype_to_json(array.dtype), "shape": array.shape, "base64": _base64(array.tobytes())}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    # First, because a np.float64 is a float.
    (np.generic, lambda value: {"$numpy": [dtype_to_json(value.dtype), _base64(value.tobytes())]}),
    ((type(None), bool, int), lambda value: value),
    (float, _float),
    (str, _text),
    (np.ndarray, _array),
    (dict, _dict),
    (list, _items),
    (tuple, lambda value: {"$tuple": _items(value)}),
    (set, lambda value: {"$set": _items(sorted(value, key=repr))}),
    (frozenset, lambda value: {"$frozenset": _items(sorted(value, key=repr))}),
    (bytes, lambda value: {"$bytes": _base64(value)}),
    (complex, lambda value: {"$complex": [_float(value.real), _float(value.imag)]}),
    (Action, lambda value: {"$action": _plain(msgspec.to_builtins(value))}),
)
