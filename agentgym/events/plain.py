"""Values of events as plain JSON."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["plain", "plain_text"]

_INLINE_NUMBERS = 1024


def plain(value: Any) -> Any:
    """A recorded value as plain JSON.

    Arrays of more than 1024 numbers become their shape, dtype and the SHA-256 of their bytes; what is not finite
    becomes null, bytes become base64, tuples and sets become lists.
    """
    return _form(type(value))(value)  # type: ignore[arg-type]  # a class can be hashed


def plain_text(value: Any) -> str:
    """The value as the text of its plain JSON."""
    return msgspec.json.encode(plain(value)).decode()


@lru_cache(maxsize=1024)
def _form(kind: type[object]) -> Callable[[Any], Any]:
    for base, form in _FORMS:
        if issubclass(kind, base):
            return form
    raise TypeError(f"no dataset holds a {kind.__name__}")


def _array(array: npt.NDArray[Any]) -> Any:
    if array.dtype.hasobject or array.size <= _INLINE_NUMBERS:
        return plain(array.tolist())
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return {"shape": list(array.shape), "dtype": array.dtype.str, "sha256": digest}


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {key if isinstance(key, str) else str(key): plain(item) for key, item in value.items()}


def _list(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((np.generic,), lambda value: plain(value.item())),
    ((type(None), bool, int), lambda value: value),
    (float, lambda value: value if math.isfinite(value) else None),
    (str, lambda value: value.encode("utf-8", "replace").decode()),
    (np.ndarray, _array),
    (Mapping, _mapping),
    ((list, tuple), _list),
    ((set, frozenset), lambda value: _list(sorted(value, key=repr))),
    (bytes, lambda value: base64.b64encode(value).decode("ascii")),
    (complex, lambda value: [plain(value.real), plain(value.imag)]),
    (msgspec.Struct, lambda value: plain(msgspec.to_builtins(value))),
)
