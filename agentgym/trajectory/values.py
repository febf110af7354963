"""Values as they are kept in the stream: what JSON lacks is an object with one key that begins with ``$``.

=================================  ===========================================================================
``{"$frame": n}``                  an array, at byte n of the run's ``.frames`` file
``{"$text": n, "sha256", "length"}``  a long text there; ``length`` in bytes of UTF-8
``{"$blob": n, "sha256", "length"}``  long bytes there
``{"$json": n, "sha256", "length"}``  a long conversation there, in this form
``{"$preview": text, "sha256", "length"}``  the beginning of a text of which only that was to be kept; read back as it
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
dataclasses, other structs and models of pydantic to dicts of their fields, subclasses of str, int, float, dict, list
and tuple to those.
Containers deeper than 60 levels end in a repr.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions import Action
from agentgym.trajectory.frameformat import dtype_from_json
from agentgym.trajectory.framereader import FrameReader

__all__ = ["Json", "ValueReader"]

Json: TypeAlias = Any

_ELSEWHERE = frozenset({"$frame", "$text", "$blob", "$json"})


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
            "$json": lambda form: self.value(msgspec.json.decode(frames.blob(form["$json"]))),
            "$preview": lambda form: form["$preview"],
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

    def told(self, form: Json) -> str:
        """The value in a few words: arrays by dtype and shape, long texts by their length; no picture is decoded."""
        match form:
            case list():
                return f"[{', '.join(map(self.told, form))}]"
            case {"$frame": place}:
                described = self._frames.form(place)
                return f"{described.numpy_dtype()} {tuple(described.shape)}"
            case {"$array": dtype, "shape": shape}:
                return f"{dtype_from_json(dtype)} {tuple(shape)}"
            case {"$text": _, "length": length} | {"$blob": _, "length": length} | {"$json": _, "length": length}:
                return f"{length} bytes"
            case dict() if _refers(form) or not next(iter(form), "").startswith("$"):
                return f"{{{', '.join(f'{key!r}: {self.told(item)}' for key, item in form.items())}}}"
        return repr(self.value(form))

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


def _refers(form: Json) -> bool:
    """Whether any of it lies in the ``.frames`` file."""
    if isinstance(form, list):
        return any(map(_refers, form))
    return isinstance(form, dict) and (not _ELSEWHERE.isdisjoint(form) or _refers([*form.values()]))


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
