"""Any Python value in the form that `agentgym.trajectory.values` reads back."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import hashlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions import Action
from agentgym.trajectory.frameformat import dtype_to_json
from agentgym.trajectory.framelog import FrameLog, Place, StoredBlob
from agentgym.trajectory.redaction import REDACTED, Redact, hidden, is_secret_name, named_secrets, names_its_value
from agentgym.trajectory.values import Json

__all__ = ["ValueWriter"]

_INLINE_BYTES = 1024
_INLINE_NUMBERS = 64
_INLINE_TEXT = 2048
_MOST_LEVELS = 60
_LONGEST_REPR = 1000
_ACTIONS = get_args(Action)


class ValueWriter:
    """Gives values the form in which they are kept; large ones go to the frame log.

    Args:
        log: takes arrays, long texts and long bytes.
        redact: takes secrets out of texts; None to keep them.
        preview_chars: of a longer text only its beginning, its digest and its length are kept; None to keep all.
    """

    def __init__(self, log: FrameLog, redact: Redact | None, *, preview_chars: int | None = None) -> None:
        self._log = log
        self._redact = redact
        self._preview_chars = preview_chars
        self._last_texts: dict[Place, tuple[str, Json]] = {}
        self._by_type: dict[type, Callable[[Any, Place], Json]] = {
            type(None): _same,
            bool: _same,
            int: _same,
            float: _float,
            str: self._text,
            list: self._list,
            tuple: self._tuple,
            dict: self._dict,
            np.ndarray: self._array,
            bytes: self._bytes,
        }
        self._by_base: tuple[tuple[type | tuple[type, ...], Callable[[Any, Place], Json]], ...] = (
            (np.generic, self._scalar),
            (enum.Enum, lambda value, place: self.plain(value.value, place)),
            (str, lambda value, place: self._text(str.__str__(value), place)),
            (int, lambda value, _place: int(value)),
            (float, lambda value, place: _float(float(value), place)),
            (complex, _complex),
            ((bytes, bytearray, memoryview), lambda value, place: self._bytes(bytes(value), place)),
            (np.ndarray, lambda value, place: self._array(np.asarray(value), place)),
            (Mapping, lambda value, place: self._dict(dict(value), place)),
            (list, self._list),
            (tuple, self._tuple),
            ((set, frozenset), self._set),
            (os.PathLike, lambda value, place: self._text(os.fsdecode(value), place)),
            ((dt.date, dt.time), lambda value, _place: value.isoformat()),
            (_ACTIONS, lambda value, place: {"$action": self.plain(msgspec.to_builtins(value), place)}),
            (msgspec.Struct, lambda value, place: self._dict(_fields_of_struct(value), place)),
        )

    def plain(self, value: Any, place: Place) -> Json:
        """The value as JSON.

        Args:
            value: anything; it is not kept, so the caller may change it afterwards.
            place: where it stands. What comes again in one place is stored as its difference.
        """
        if len(place) > _MOST_LEVELS:
            return self._repr(value, place)
        known = self._by_type.get(type(value))
        if known is None:
            known = self._by_type[type(value)] = self._for(value)
        return known(value, place)

    def conversation(self, messages: Any, place: Place) -> Json:
        """A list as JSON; a long one is kept as its difference from the one that was here before."""
        plain = self.plain(messages, place)
        encoded = msgspec.json.encode(plain)
        if len(encoded) <= _INLINE_TEXT:
            return plain
        return _reference("$json", self._log.put_blob(place, encoded))

    def redacted(self, text: str) -> str:
        return text if self._redact is None else self._redact(text)

    def forget(self) -> None:
        """Refers to nothing that was stored before."""
        self._last_texts.clear()

    def _text(self, text: str, place: Place) -> Json:
        if len(text) <= _INLINE_TEXT:
            if self._redact is not None:
                text = self._redact(text)
            if self._preview_chars is not None and len(text) > self._preview_chars:
                return self._preview(text, self._preview_chars)
            return text if text.isascii() or _is_unicode(text) else {"$surrogates": _base64(_utf8(text))}
        last = self._last_texts.get(place)
        if last is not None and last[0] == text:
            return last[1]
        form = self._long_text(text, place)
        if len(self._last_texts) >= _MOST_LEVELS:
            self._last_texts.clear()
        self._last_texts[place] = (text, form)
        return form

    def _long_text(self, text: str, place: Place) -> Json:
        # The whole is redacted before it is cut: half a secret is not known to be one.
        text = self.redacted(text)
        if self._preview_chars is not None and len(text) > self._preview_chars:
            return self._preview(text, self._preview_chars)
        return _reference("$text", self._log.put_blob(place, _utf8(text)))

    def _preview(self, text: str, chars: int) -> Json:
        whole = _utf8(text)
        preview = _utf8(text[:chars]).decode("utf-8", "replace")
        return {"$preview": preview, "sha256": hashlib.sha256(whole).hexdigest(), "length": len(whole)}

    def _bytes(self, value: bytes, place: Place) -> Json:
        if self._redact is not None:
            value = _redact_bytes(value, self._redact)
        if len(value) <= _INLINE_BYTES:
            return {"$bytes": _base64(value)}
        return _reference("$blob", self._log.put_blob(place, value))

    def _list(self, value: list[Any], place: Place) -> Json:
        return self._listed(value, place)

    def _tuple(self, value: tuple[Any, ...], place: Place) -> Json:
        return {"$tuple": self._listed(value, place)}

    def _listed(self, value: Sequence[Any], place: Place) -> list[Json]:
        plain = [self.plain(item, (*place, index)) for index, item in enumerate(value)]
        if self._redact is not None and len(value) > 1:
            for index in named_secrets(value):
                plain[index] = REDACTED
        return plain

    def _dict(self, value: dict[Any, Any], place: Place) -> Json:
        plain = {}
        secret_value = self._redact is not None and "value" in value and names_its_value(value)
        for key, item in value.items():
            if type(key) is not str or key.startswith("$") or not (key.isascii() or _is_unicode(key)):
                return {"$dict": self._pairs(value, place)}
            if self._redact is None:
                plain[key] = self.plain(item, (*place, key))
            elif hidden(item) and (is_secret_name(key) or (secret_value and key == "value")):
                plain[self._redact(key)] = REDACTED
            else:
                plain[self._redact(key)] = self.plain(item, (*place, key))
        return plain

    def _pairs(self, value: Mapping[Any, Any], place: Place) -> list[list[Json]]:
        hides = self._redact is not None
        return [
            [
                self.plain(key, (*place, "key")),
                REDACTED
                if hides and hidden(item) and isinstance(key, str | bytes) and is_secret_name(_name(key))
                else self.plain(item, (*place, str(key))),
            ]
            for key, item in value.items()
        ]

    def _array(self, array: npt.NDArray[Any], place: Place) -> Json:
        if array.dtype.hasobject:
            items = [self.plain(item, (*place, index)) for index, item in enumerate(array.ravel().tolist())]
            return {"$objects": items, "shape": array.shape}
        if self._redact is not None and array.dtype.kind in "US":
            array = _redact_texts(array, self._redact)
        if array.nbytes > _INLINE_BYTES:
            return {"$frame": self._log.put_array(place, array)}
        form = {"$array": dtype_to_json(array.dtype), "shape": array.shape}
        if array.size <= _INLINE_NUMBERS and _as_numbers(array):
            return {**form, "data": array.ravel().tolist()}
        return {**form, "base64": _base64(array.tobytes())}

    def _for(self, value: Any) -> Callable[[Any, Place], Json]:
        for base, form in self._by_base:
            if isinstance(value, base):
                return form
        if isinstance(value, type):
            return self._repr
        if dataclasses.is_dataclass(value):
            return self._dataclass
        # What clients of models return is of pydantic.
        return self._model if callable(getattr(value, "model_dump", None)) else self._repr

    def _set(self, value: set[Any] | frozenset[Any], place: Place) -> Json:
        name = "$frozenset" if isinstance(value, frozenset) else "$set"
        return {name: self._listed(sorted(value, key=repr), place)}

    def _scalar(self, value: np.generic, place: Place) -> Json:
        array = np.asarray(value)
        if array.dtype.hasobject:
            return self._repr(value, place)
        if isinstance(value, np.str_):
            return self._text(str(value), place)
        plain = array.item() if _as_numbers(array) else _base64(array.tobytes())
        return {"$numpy": [dtype_to_json(array.dtype), plain]}

    def _dataclass(self, value: Any, place: Place) -> Json:
        return self._dict({field.name: getattr(value, field.name) for field in dataclasses.fields(value)}, place)

    def _model(self, value: Any, place: Place) -> Json:
        try:
            fields = value.model_dump(warnings=False)
        except Exception:  # noqa: BLE001 - foreign code, of which the repr is still there
            return self._repr(value, place)
        return self._dict(dict(fields), place) if isinstance(fields, Mapping) else self._repr(value, place)

    def _repr(self, value: Any, _place: Place) -> Json:
        try:
            text = repr(value)
        except Exception as error:  # noqa: BLE001 - foreign code; a value that cannot be shown must not lose the step
            text = f"<{type(value).__qualname__} whose repr raised {type(error).__name__}>"
        text = _utf8(text[:_LONGEST_REPR]).decode("utf-8", "replace")
        return {"$repr": text if self._redact is None else self._redact(text), "type": type(value).__qualname__}


def _reference(tag: str, stored: StoredBlob) -> Json:
    return {tag: stored.offset, "sha256": stored.sha256, "length": stored.length}


def _name(key: str | bytes) -> str:
    return key if isinstance(key, str) else key.decode("latin-1")


def _redact_bytes(value: bytes, redact: Redact) -> bytes:
    """Bytes that are a text without its secrets; others as they are."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value
    found = redact(text)
    return value if found == text else found.encode()


def _redact_texts(array: npt.NDArray[Any], redact: Redact) -> npt.NDArray[Any]:
    texts = [item if isinstance(item, str) else item.decode("latin-1") for item in array.ravel().tolist()]
    found = [redact(text) for text in texts]
    return array if found == texts else np.array(found).astype(array.dtype).reshape(array.shape)


def _same(value: Any, _place: Place) -> Json:
    return value


def _float(value: float, _place: Place) -> Json:
    return value if math.isfinite(value) else {"$float": repr(value)}


def _complex(value: complex, place: Place) -> Json:
    return {"$complex": [_float(value.real, place), _float(value.imag, place)]}


def _as_numbers(array: npt.NDArray[Any]) -> bool:
    """Whether JSON's numbers hold every element to the bit."""
    if array.dtype.kind in "biu":
        return True
    return array.dtype.kind == "f" and array.itemsize <= 8 and bool(np.isfinite(array).all())


def _fields_of_struct(value: msgspec.Struct) -> dict[str, Any]:
    tag = value.__struct_config__.tag_field
    fields = {name: getattr(value, name) for name in value.__struct_fields__}
    return fields if tag is None else {tag: value.__struct_config__.tag, **fields}


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
