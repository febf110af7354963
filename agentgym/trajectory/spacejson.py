"""Gymnasium's spaces as JSON and back: small, however many bounds a box has, and with no pickles."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard
from gymnasium import spaces

from agentgym.errors import DatasetError

__all__ = ["space_from_json", "space_to_json"]

_OWN_MODULE = "agentgym.spaces"


def space_to_json(space: spaces.Space[Any]) -> dict[str, Any]:
    """A description that `space_from_json` reads; of a space of unknown type, its repr alone."""
    if type(space).__module__.startswith(f"{_OWN_MODULE}."):
        return _own(space)
    for kind, form in _WRITERS:
        if isinstance(space, kind):
            return {"type": kind.__name__, **form(space)}
    return {"type": type(space).__name__, "repr": _short(repr(space))}


def space_from_json(form: dict[str, Any]) -> spaces.Space[Any]:
    """The space that was described.

    Raises:
        DatasetError: if it was of a type that only its repr was kept of.
    """
    name = form.get("type", "")
    if name.startswith(f"{_OWN_MODULE}:"):
        return _read_own(form)
    if name not in _READERS or "repr" in form:
        known = form.get("repr", "nothing more is known")
        raise DatasetError(f"a space of type {name!r} cannot be made again: {known}")
    return _READERS[name](form)


def _own(space: spaces.Space[Any]) -> dict[str, Any]:
    arguments = getattr(space, "arguments", None)
    name = type(space).__name__
    if not isinstance(arguments, dict):
        return {"type": name, "repr": _short(repr(space))}
    return {"type": f"{_OWN_MODULE}:{name}", "arguments": msgspec.to_builtins(arguments)}


def _read_own(form: dict[str, Any]) -> spaces.Space[Any]:
    name = form["type"].partition(":")[2]
    kind = getattr(importlib.import_module(_OWN_MODULE), name, None)
    if not isinstance(kind, type) or not issubclass(kind, spaces.Space):
        raise DatasetError(f"{_OWN_MODULE} has no space {name!r}; a later agentgym may")
    space: spaces.Space[Any] = kind(**form["arguments"])
    return space


def _bound(bound: npt.NDArray[Any]) -> Any:
    """One number if all are the same, else the bytes."""
    first = bound.flat[0] if bound.size else bound.dtype.type(0)
    if bool((bound == first).all()):
        return float(first).hex() if bound.dtype.kind == "f" else int(first)
    packed = zstandard.ZstdCompressor().compress(np.ascontiguousarray(bound).tobytes())
    return {"zstd": base64.b64encode(packed).decode("ascii")}


def _read_bound(form: Any, shape: list[int], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if isinstance(form, dict):
        raw = zstandard.ZstdDecompressor().decompress(base64.b64decode(form["zstd"]))
        return np.frombuffer(raw, dtype).reshape(shape)
    return np.full(shape, float.fromhex(form) if isinstance(form, str) else form, dtype)


def _write_box(space: spaces.Box) -> dict[str, Any]:
    bounds = {"low": _bound(space.low), "high": _bound(space.high)}
    return {"shape": list(space.shape), "dtype": space.dtype.str, **bounds}


def _write_multi_discrete(space: spaces.MultiDiscrete) -> dict[str, Any]:
    return {"nvec": space.nvec.tolist(), "start": space.start.tolist(), "dtype": space.dtype.str}


def _write_text(space: spaces.Text) -> dict[str, Any]:
    lengths = {"min_length": space.min_length, "max_length": space.max_length}
    return {**lengths, "charset": "".join(space.character_list)}


def _write_dict(space: spaces.Dict) -> dict[str, Any]:
    return {"spaces": {str(key): space_to_json(inner) for key, inner in space.spaces.items()}}


def _read_box(form: dict[str, Any]) -> spaces.Box:
    dtype = np.dtype(form["dtype"])
    low, high = (_read_bound(form[name], form["shape"], dtype) for name in ("low", "high"))
    return spaces.Box(low, high, tuple(form["shape"]), dtype.type)


def _read_multi_discrete(form: dict[str, Any]) -> spaces.MultiDiscrete:
    return spaces.MultiDiscrete(form["nvec"], np.dtype(form["dtype"]).type, start=form["start"])


def _read_text(form: dict[str, Any]) -> spaces.Text:
    return spaces.Text(form["max_length"], min_length=form["min_length"], charset=form["charset"])


_WRITERS: tuple[tuple[type[spaces.Space[Any]], Callable[[Any], dict[str, Any]]], ...] = (
    (spaces.Box, _write_box),
    (spaces.Discrete, lambda space: {"n": int(space.n), "start": int(space.start)}),
    (spaces.MultiDiscrete, _write_multi_discrete),
    (spaces.MultiBinary, lambda space: {"n": np.asarray(space.n).tolist()}),
    (spaces.Text, _write_text),
    (spaces.Dict, _write_dict),
    (spaces.Tuple, lambda space: {"spaces": [space_to_json(inner) for inner in space.spaces]}),
)

_READERS: dict[str, Callable[[dict[str, Any]], spaces.Space[Any]]] = {
    "Box": _read_box,
    "Discrete": lambda form: spaces.Discrete(form["n"], start=form["start"]),
    "MultiDiscrete": _read_multi_discrete,
    "MultiBinary": lambda form: spaces.MultiBinary(form["n"]),
    "Text": _read_text,
    "Dict": lambda form: spaces.Dict({key: space_from_json(inner) for key, inner in form["spaces"].items()}),
    "Tuple": lambda form: spaces.Tuple([space_from_json(inner) for inner in form["spaces"]]),
}


def _short(text: str) -> str:
    return text if len(text) <= 1000 else text[:1000] + "…"
