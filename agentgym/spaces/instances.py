"""Values drawn at random that fit a JSON Schema, as far as such schemas of tools go."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["instance_of"]

_LETTERS = tuple("abcdefghij ")
_DEEPEST = 8

Schema = Mapping[str, Any]


def instance_of(schema: Schema, rng: np.random.Generator) -> Any:
    """A value that fits: of the types, choices, bounds and lengths that the schema says. Patterns are not looked at."""
    return _Draw(schema, rng).value(schema, 0)


class _Draw:
    """A draw within one schema, whose ``$ref`` lead back into it."""

    def __init__(self, root: Schema, rng: np.random.Generator) -> None:
        self._root, self._rng = root, rng

    def value(self, schema: Any, depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return None
        schema = self._followed(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._one_of(schema["enum"])
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                # What contains itself ends with what has the least in it.
                return self.value(schema[key][-1] if depth > _DEEPEST else self._one_of(schema[key]), depth + 1)
        if schema.get("allOf"):
            return self.value({**schema["allOf"][0], **{k: v for k, v in schema.items() if k != "allOf"}}, depth + 1)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        drawn = _KINDS.get(self._one_of(kind) if isinstance(kind, list) else kind)
        return None if drawn is None else drawn(self, schema, depth)

    def object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        chosen = {
            key: one
            for key, one in schema.get("properties", {}).items()
            if key in required or (depth <= _DEEPEST and self._rng.random() < 0.5)
        }
        return {key: self.value(one, depth + 1) for key, one in chosen.items()}

    def array(self, schema: Schema, depth: int) -> list[Any]:
        first = list(schema.get("prefixItems", ()))
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", math.inf), max(least, len(first)) + (0 if depth > _DEEPEST else 2))
        length = int(self._rng.integers(least, max(least, most) + 1))
        rest = schema.get("items", {"type": "string"})
        return [self.value(one, depth + 1) for one in [*first, *[rest] * length][: max(length, least)]]

    def integer(self, schema: Schema, _depth: int) -> int:
        step = int(schema.get("multipleOf", 1))
        least, most = _bounds(schema, 1)
        low, high = math.ceil(least / step), math.floor(most / step)
        return int(self._rng.integers(low, max(low, high) + 1)) * step

    def number(self, schema: Schema, _depth: int) -> float:
        least, most = _bounds(schema, 0.001)
        return min(most, max(least, round(float(self._rng.uniform(least, most)), 3)))

    def string(self, schema: Schema, _depth: int) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        least = schema.get("minLength", 0)
        most = min(schema.get("maxLength", math.inf), max(least, 8))
        return "".join(self._rng.choice(_LETTERS, size=int(self._rng.integers(least, max(least, most) + 1))))

    def boolean(self, _schema: Schema, _depth: int) -> bool:
        return bool(self._rng.integers(2))

    def _one_of(self, choices: Any) -> Any:
        return choices[int(self._rng.integers(len(choices)))]

    def _followed(self, schema: Schema) -> Schema:
        for _ in range(_DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                break
            found: Any = self._root
            for part in reference.split("/")[1:]:
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema


_KINDS: Mapping[str, Callable[[_Draw, Schema, int], Any]] = {
    "object": _Draw.object,
    "array": _Draw.array,
    "integer": _Draw.integer,
    "number": _Draw.number,
    "string": _Draw.string,
    "boolean": _Draw.boolean,
}

_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT1S",
    "email": "a@example.org",
    "uri": "http://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
}


def _bounds(schema: Schema, nearest: float) -> tuple[float, float]:
    """The least and the most, a hundred apart where only one is told."""
    least = schema.get("minimum", schema.get("exclusiveMinimum", -math.inf))
    most = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
    least += nearest * ("minimum" not in schema)
    most -= nearest * ("maximum" not in schema)
    if math.isinf(least):
        least = 0.0 if most >= 0 else most - 100
    if math.isinf(most):
        most = least + 100
    return least, most
