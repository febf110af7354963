"""Values of events as plain JSON."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import hashlib
import math
import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["plain", "plain_text"]

_INLINE_NUMBERS = 1024
_LONGEST_REPR = 1000


def plain(value: Any) -> Any:
    """A value as plain JSON, as it was published or as it was read from a recording.

    Arrays of more than 1024 numbers become their shape, dtype and the SHA-256 of their bytes; what is not finite
    becomes null, bytes become base64, tuples and sets become lists. Enumerations become their values, paths and dates
    texts, dataclasses and pydantic's models their fields; anything else becomes its repr.
    """
    return _form(type(value))(value)  # type: ignore[arg-type]  # a class can be hashed


def plain_text(value: Any) -> str:
    """The value as the text of its plain JSON."""
    return msgspec.json.encode(plain(value)).decode()


@lru_cache(maxsize=1024)
def _form(kind: type[object]) -> Callable[[Any], Any]:
    return next((form for base, form in _FORMS if issubclass(kind, base)), _other)


def _array(array: npt.NDArray[Any]) -> Any:
    if array.dtype.hasobject or array.size <= _INLINE_NUMBERS:
        return plain(array.tolist())
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return {"shape": list(array.shape), "dtype": array.dtype.str, "sha256": digest}


def _text(value: str) -> str:
    return str.__str__(value) if value.isascii() else value.encode("utf-8", "replace").decode()


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {_text(str(key)): plain(item) for key, item in value.items()}


def _list(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


def _other(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    try:
        if callable(dump := getattr(value, "model_dump", None)) and not isinstance(value, type):
            return plain(dump(warnings=False))
        return plain(repr(value)[:_LONGEST_REPR])
    except Exception as error:  # noqa: BLE001 - foreign code; a value that cannot be shown must not lose the record
        return f"<{type(value).__qualname__} whose repr raised {type(error).__name__}>"


_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: plain(value.value)),
    ((np.generic,), lambda value: plain(value.item()) if not isinstance(value.item(), np.generic) else repr(value)),
    ((type(None), bool), lambda value: value),
    (int, int),
    (float, lambda value: value if math.isfinite(value) else None),
    (str, _text),
    (np.ndarray, _array),
    (Mapping, _mapping),
    ((list, tuple), _list),
    ((set, frozenset), lambda value: _list(sorted(value, key=repr))),
    (bytes, lambda value: base64.b64encode(value).decode("ascii")),
    (complex, lambda value: [plain(value.real), plain(value.imag)]),
    (msgspec.Struct, lambda value: plain(msgspec.to_builtins(value, enc_hook=plain))),
    (os.PathLike, lambda value: plain(os.fsdecode(value))),
    ((dt.date, dt.time), lambda value: value.isoformat()),
)
