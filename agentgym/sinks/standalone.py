"""Lines of the stream that need no other file: what lies in a run's frames stands in them, or its digest does."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from agentgym.trajectory.frameformat import dtype_to_json
from agentgym.trajectory.framereader import FrameReader
from agentgym.trajectory.values import Json

__all__ = ["standalone"]

# As `agentgym.events.plain` has them.
_INLINE_NUMBERS = 1024


def standalone(form: Json, frames: FrameReader) -> Json:
    """A line, or a part of one, in the form of `agentgym.trajectory.values`, without references to frames.

    Texts and conversations stand in it. Arrays of more than 1024 numbers become ``{"shape", "dtype", "sha256"}``, as
    `agentgym.events.plain` has them, and are read back as that; pictures within messages, that is texts that begin with
    ``data:``, their beginning, digest and length.

    Raises:
        DatasetError: if what is referred to cannot be read.
    """
    if isinstance(form, list):
        return [standalone(item, frames) for item in form]
    if not isinstance(form, dict):
        return form
    tag = next(iter(form), "")
    if tag in _ELSEWHERE:
        return _ELSEWHERE[tag](form, frames)
    return {key: standalone(item, frames) for key, item in form.items()}


def _conversation(form: dict[str, Any], frames: FrameReader) -> Json:
    return standalone(msgspec.json.decode(frames.blob(form["$json"])), frames)


def _bytes(form: dict[str, Any], frames: FrameReader) -> Json:
    return {"$bytes": _base64(frames.blob(form["$blob"]))}


def _array(form: dict[str, Any], frames: FrameReader) -> Json:
    array = frames.array(form["$frame"])
    shape, dtype = list(array.shape), dtype_to_json(array.dtype)
    content = np.ascontiguousarray(array).tobytes()
    if array.size <= _INLINE_NUMBERS:
        return {"$array": dtype, "shape": shape, "base64": _base64(content)}
    return {"shape": shape, "dtype": array.dtype.str, "sha256": hashlib.sha256(content).hexdigest()}


def _text(form: dict[str, Any], frames: FrameReader) -> Json:
    content = frames.blob(form["$text"])
    if content.startswith(b"data:"):
        beginning = content[: content.find(b",") + 1].decode("ascii", "replace")
        return {"$preview": beginning, "sha256": form["sha256"], "length": form["length"]}
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"$surrogates": _base64(content)}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


_ELSEWHERE: Mapping[str, Callable[[dict[str, Any], FrameReader], Json]] = {
    "$frame": _array,
    "$text": _text,
    "$blob": _bytes,
    "$json": _conversation,
}
