"""What exporters of texts write with: recorded values as plain JSON without secrets, and screens as PNG."""

from __future__ import annotations

import base64
import hashlib
import math
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image

from agentgym.actions import Action, ToolCall, parse_action, to_pyautogui
from agentgym.display import picture_in as screen
from agentgym.errors import ActionError
from agentgym.trajectory.redaction import Redact, make_redact, scrub

__all__ = ["action_text", "plain", "save_png", "screen", "write_json", "write_lines"]

_INLINE_NUMBERS = 1024
_PNG_LEVEL = 1


def plain(value: Any) -> Any:
    """A recorded value as plain JSON.

    Arrays of more than 1024 numbers become their shape, dtype and the SHA-256 of their bytes; what is not finite
    becomes null, bytes become base64, tuples and sets become lists.
    """
    for kind, form in _FORMS:
        if isinstance(value, kind):
            return form(value)
    raise TypeError(f"no dataset holds a {type(value).__name__}")


def write_json(path: Path, value: Any) -> None:
    """Writes one JSON document, without secrets, whatever the recording holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(scrub(plain(value), _redact()))) + b"\n")


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """Writes one JSON value a line, without secrets, whatever the recording holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for row in rows:
            file.write(msgspec.json.encode(scrub(plain(row), _redact())) + b"\n")


def action_text(action: Any) -> str:
    """An action as text that `parse_action` reads: pyautogui calls where it is an action of a desktop, else JSON."""
    if isinstance(action, str):
        return action
    if isinstance(action, ToolCall):
        return _json({"name": action.name, "arguments": action.arguments} | ({"id": action.id} if action.id else {}))
    if isinstance(action, Action) or (isinstance(action, Mapping) and "name" not in action):
        try:
            return to_pyautogui(parse_action(action))
        except ActionError:
            pass  # not of this union: the action of some other environment
    return _json(action)


def save_png(picture: npt.NDArray[np.uint8], path: Path) -> None:
    """Writes a picture, without loss; the folder is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, format="PNG", compress_level=_PNG_LEVEL)


def _json(value: Any) -> str:
    return msgspec.json.encode(plain(value)).decode()


@cache
def _redact() -> Redact:
    return make_redact(os.environ)


def _array(array: npt.NDArray[Any]) -> Any:
    if array.dtype.hasobject or array.size <= _INLINE_NUMBERS:
        return plain(array.tolist())
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return {"shape": list(array.shape), "dtype": array.dtype.str, "sha256": digest}


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {key if isinstance(key, str) else str(key): plain(item) for key, item in value.items()}


def _list(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


_FORMS: tuple[tuple[Any, Any], ...] = (
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
