"""Python functions of tools' definitions, for libraries that read a tool off its signature and docstring."""

from __future__ import annotations

import functools
import inspect
import json
import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal

__all__ = ["method_of"]

_PLAIN: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "null": None,
    "object": dict,
    "array": list,
}
_SELF = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)


def method_of(definition: Mapping[str, Any], call: Callable[..., Any]) -> Callable[..., Any]:
    """A method with the tool's name, parameters and docstring.

    What Python's annotations cannot say of a parameter is in its description, as JSON Schema.

    Args:
        definition: as OpenAI's API takes it.
        call: what it does: ``call(self, name, arguments)``, with the arguments that were given.
    """
    tool = definition["function"]
    name, schema = tool["name"], tool["parameters"]
    properties: Mapping[str, Any] = schema.get("properties", {})
    required = set(schema.get("required", ()))
    parameters = [_parameter(key, properties[key], key in required) for key in properties]

    def method(self: Any, **arguments: Any) -> Any:
        return call(self, name, arguments)

    # Those without a default come first, as Python has it.
    parameters.sort(key=lambda parameter: parameter.default is not inspect.Parameter.empty)
    method.__name__ = method.__qualname__ = name
    method.__signature__ = inspect.Signature([_SELF, *parameters], return_annotation=str)  # type: ignore[attr-defined]  # which inspect looks for
    method.__annotations__ = {**{one.name: one.annotation for one in parameters}, "return": str}
    method.__doc__ = _docstring(tool, properties, schema)
    return method


def _parameter(name: str, schema: Mapping[str, Any], required: bool) -> inspect.Parameter:
    default = inspect.Parameter.empty if required else schema.get("default")
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_annotation(schema, required)
    )


def _annotation(schema: Mapping[str, Any], required: bool = True) -> Any:
    kind = _kind(schema)
    return kind if required or kind is Any or "default" in schema else kind | None


def _kind(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema and all(isinstance(one, str | int | bool) for one in schema["enum"]):
        return Literal[tuple(schema["enum"])]
    choices = schema.get("anyOf", schema.get("oneOf"))
    if choices:
        return functools.reduce(operator.or_, [_kind(one) for one in choices])
    types = schema.get("type", "object")
    if isinstance(types, list):
        return functools.reduce(operator.or_, [_PLAIN[one] for one in types])
    if types == "array" and "items" in schema:
        return list[_kind(schema["items"])]  # type: ignore[misc]  # built as it is read
    return _PLAIN[types]


def _docstring(tool: Mapping[str, Any], properties: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    lines = [" ".join(str(tool.get("description") or tool["name"]).split())]
    if properties:
        lines += ["", "Args:"]
        lines += [f"    {name}: {_said(name, part, schema)}" for name, part in properties.items()]
    return "\n".join(lines)


def _said(name: str, part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The description of a parameter, and the rest of its schema where it says more than an annotation can."""
    described = " ".join(str(part.get("description") or name).split())
    rest = {key: value for key, value in part.items() if key not in ("description", "title")}
    if rest.keys() <= {"type", "enum", "default"}:
        return described
    defined = {"$defs": schema["$defs"]} if "$ref" in json.dumps(rest) and "$defs" in schema else {}
    return f"{described} JSON Schema: {json.dumps({**rest, **defined}, ensure_ascii=False)}"
