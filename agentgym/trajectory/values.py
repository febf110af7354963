"""Any Python value as JSON that can be read back: what JSON lacks is an object with one key that begins with ``$``.

=================================  ===========================================================================
``{"$frame": n}``                  an array, at byte n of the run's ``.frames`` file
``{"$text": n, "sha256", "length"}``  a long text there; ``length`` in bytes of UTF-8
``{"$blob": n, "sha256", "length"}``  long bytes there
``{"$array": dtype, "shape", "data"}``  a small array of finite numbers; ``"base64"`` instead of data for others
``{"$numpy": [dtype, value]}``     a numpy scalar; base64 of its bytes if it is no finite number
``{"$float": "nan"}``              NaN and the infinities
``{"$tuple": [...]}``, ``{"$set"}``, ``{"$frozenset"}``
``{"$bytes": base64}``, ``{"$complex": [re, im]}``
``{"$surrogates": base64}``        a text with lone surrogates, as UTF-8 with surrogatepass
``{"$dict": [[key, value], ...]}``   a dict with keys that are not texts, or that begin with ``$``
``{"$objects": [...], "shape"}``   an array of objects
``{"$action": {...}}``             an Action
``{"$repr": text, "type"}``        anything else: only its repr is kept, and read back as that text
=================================  ===========================================================================

Converted, and read back as what they were converted to: paths and enumerations to their values, dates to ISO 8601,
dataclasses and other structs to dicts of their fields, subclasses of str, int, float, dict, list and tuple to those.
Containers deeper than 60 levels end in a repr.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import enum
import math
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, get_args

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions import Action
from agentgym.trajectory.frameformat import dtype_from_json, dtype_to_json
from agentgym.trajectory.framelog import FrameLog, Place
from agentgym.trajectory.framereader import FrameReader
from agentgym.trajectory.redaction import REDACTED, Redact, is_secret_name

__all__ = ["ValueReader", "ValueWriter"]

Json: TypeAlias = Any

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
    """

    def __init__(self, log: FrameLog, redact: Redact | None) -> None:
        self._log = log
        self._redact = redact
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

    def forget(self) -> None:
        """Refers to nothing that was stored before."""
        self._last_texts.clear()

    def _text(self, text: str, place: Place) -> Json:
        if len(text) <= _INLINE_TEXT:
            if self._redact is not None:
                text = self._redact(text)
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
        stored = self._log.put_blob(place, _utf8(text if self._redact is None else self._redact(text)))
        return {"$text": stored.offset, "sha256": stored.sha256, "length": stored.length}

    def _bytes(self, value: bytes, place: Place) -> Json:
        if len(value) <= _INLINE_BYTES:
            return {"$bytes": _base64(value)}
        stored = self._log.put_blob(place, value)
        return {"$blob": stored.offset, "sha256": stored.sha256, "length": stored.length}

    def _list(self, value: list[Any], place: Place) -> Json:
        return [self.plain(item, (*place, index)) for index, item in enumerate(value)]

    def _tuple(self, value: tuple[Any, ...], place: Place) -> Json:
        return {"$tuple": [self.plain(item, (*place, index)) for index, item in enumerate(value)]}

    def _dict(self, value: dict[Any, Any], place: Place) -> Json:
        plain = {}
        for key, item in value.items():
            if type(key) is not str or key.startswith("$") or not (key.isascii() or _is_unicode(key)):
                return {"$dict": self._pairs(value, place)}
            if self._redact is not None and isinstance(item, str | bytes) and is_secret_name(key):
                plain[key] = REDACTED
            else:
                plain[self._key(key)] = self.plain(item, (*place, key))
        return plain

    def _key(self, key: str) -> str:
        return key if self._redact is None else self._redact(key)

    def _pairs(self, value: Mapping[Any, Any], place: Place) -> list[list[Json]]:
        return [[self.plain(key, (*place, "key")), self.plain(item, (*place, str(key)))] for key, item in value.items()]

    def _array(self, array: npt.NDArray[Any], place: Place) -> Json:
        if array.dtype.hasobject:
            items = [self.plain(item, (*place, index)) for index, item in enumerate(array.ravel().tolist())]
            return {"$objects": items, "shape": array.shape}
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
        is_record = dataclasses.is_dataclass(value) and not isinstance(value, type)
        return self._dataclass if is_record else self._repr

    def _set(self, value: set[Any] | frozenset[Any], place: Place) -> Json:
        name = "$frozenset" if isinstance(value, frozenset) else "$set"
        return {name: self._list(sorted(value, key=repr), place)}

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

    def _repr(self, value: Any, _place: Place) -> Json:
        try:
            text = repr(value)
        except Exception as error:  # noqa: BLE001 - foreign code; a value that cannot be shown must not lose the step
            text = f"<{type(value).__qualname__} whose repr raised {type(error).__name__}>"
        text = _utf8(text[:_LONGEST_REPR]).decode("utf-8", "replace")
        return {"$repr": text if self._redact is None else self._redact(text), "type": type(value).__qualname__}


class ValueReader:
    """Turns the kept form into values again.

    Args:
        frames: of the same run.
    """

    def __init__(self, frames: FrameReader) -> None:
        self._frames = frames
        self._by_tag: dict[str, Callable[[dict[str, Any]], Any]] = {
            "$frame": lambda form: frames.array(form["$frame"]),
            "$text": lambda form: frames.blob(form["$text"]).decode("utf-8", "surrogatepass"),
            "$blob": lambda form: frames.blob(form["$blob"]),
            "$array": _read_array,
            "$numpy": _read_scalar,
            "$float": lambda form: float(form["$float"]),
            "$tuple": lambda form: tuple(self._items(form["$tuple"])),
            "$set": lambda form: set(self._items(form["$set"])),
            "$frozenset": lambda form: frozenset(self._items(form["$frozenset"])),
            "$bytes": lambda form: base64.b64decode(form["$bytes"]),
            "$complex": lambda form: complex(*self._items(form["$complex"])),
            "$surrogates": lambda form: base64.b64decode(form["$surrogates"]).decode("utf-8", "surrogatepass"),
            "$dict": lambda form: {self.value(key): self.value(item) for key, item in form["$dict"]},
            "$objects": self._objects,
            "$action": lambda form: _read_action(self.value(form["$action"])),
            "$repr": lambda form: form["$repr"],
        }

    def value(self, form: Json) -> Any:
        """The value that a form stands for; arrays belong to the caller.

        Raises:
            DatasetError: if what it refers to cannot be read.
        """
        if isinstance(form, list):
            return self._items(form)
        if not isinstance(form, dict):
            return form
        for key in form:
            if key.startswith("$") and key in self._by_tag:
                return self._by_tag[key](form)
            break
        return {key: self.value(item) for key, item in form.items()}

    def _items(self, forms: list[Json]) -> list[Any]:
        return [self.value(form) for form in forms]

    def _objects(self, form: dict[str, Any]) -> npt.NDArray[Any]:
        items = self._items(form["$objects"])
        array = np.empty(len(items), object)
        for index, item in enumerate(items):
            array[index] = item
        return array.reshape(form["shape"])


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


def _read_array(form: dict[str, Any]) -> npt.NDArray[Any]:
    dtype = dtype_from_json(form["$array"])
    if dtype.itemsize == 0 or 0 in form["shape"]:
        return np.zeros(form["shape"], dtype)
    if "data" in form:
        return np.array(form["data"], dtype).reshape(form["shape"])
    return np.frombuffer(bytearray(base64.b64decode(form["base64"])), dtype).reshape(form["shape"])


def _read_scalar(form: dict[str, Any]) -> np.generic:
    name, plain = form["$numpy"]
    dtype = dtype_from_json(name)
    array = np.frombuffer(base64.b64decode(plain), dtype) if isinstance(plain, str) else np.array([plain], dtype)
    scalar: np.generic = array[0]
    return scalar


def _read_action(fields: Any) -> Any:
    try:
        return msgspec.convert(fields, Action)
    except msgspec.ValidationError:
        return fields


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
