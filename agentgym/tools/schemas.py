"""Arguments held against a JSON Schema, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from agentgym.actions.quoting import cut, short
from agentgym.errors import ToolError, UsageError
from agentgym.registry import suggestion

__all__ = ["Check", "Fault", "SchemaCheck", "place", "refusal", "unknown_argument"]

_MOST_FAULTS = 10

Fault = tuple[str, str]
"""Where, as a JSON path, and what."""


class Check(Protocol):
    """Gives the arguments as the tool takes them; raises `ToolError` if they do not fit."""

    def __call__(self, arguments: dict[str, Any], /) -> dict[str, Any]: ...


class SchemaCheck:
    """Gives back the arguments if they fit a schema. The validator is made when it is first needed.

    Args:
        name: the tool's, for errors.

    Raises:
        UsageError: if the schema is not one of an object.
    """

    def __init__(self, name: str, schema: object) -> None:
        if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
            raise UsageError(
                f"parameters of the tool {name!r} are {short(schema)}; they must be the schema of an object"
            )
        self._name, self._schema = name, dict(schema)

    def __call__(self, arguments: dict[str, Any]) -> dict[str, Any]:
        from referencing.exceptions import Unresolvable

        try:
            if not self._validator.is_valid(arguments):
                raise refusal(self._name, [_fault(error) for error in self._validator.iter_errors(arguments)])
        except Unresolvable as error:
            said = f"refer to {error.ref!r}, which is not in them; nothing is fetched"
            raise ToolError(f"parameters of the tool {self._name!r} {said}") from error
        return arguments

    @cached_property
    def _validator(self) -> Any:
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        kind = validator_for(self._schema, default=Draft202012Validator)
        try:
            kind.check_schema(self._schema)
        except SchemaError as error:
            raise UsageError(f"parameters of the tool {self._name!r} are no JSON Schema: {error.message}") from error
        # An empty one, or what a server of tools refers to would be fetched from the network.
        return kind(self._schema, registry=Registry())


def refusal(name: str, faults: Sequence[Fault]) -> ToolError:
    """Says what does not fit, one line each."""
    lines = [f"{where}: {what}" for where, what in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        lines.append(f"and {len(faults) - _MOST_FAULTS} more")
    head = f"the arguments of {name} do not fit"
    return ToolError(f"{head}: {lines[0]}" if len(lines) == 1 else "\n".join([f"{head}:", *lines]))


def place(path: Iterable[str | int]) -> str:
    """A path as JSON has it: ``$.items[0].price``."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def unknown_argument(name: str, known: Iterable[str]) -> str:
    names = list(known)
    return f"no argument of this name; {suggestion(name, names)}" if names else "no argument is taken"


def _fault(error: Any) -> Fault:
    where = list(error.absolute_path)
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return place([*where, missing]), "missing"
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema.get("properties", {})
        extra = next((name for name in error.instance if name not in known), "")
        return place([*where, extra]), unknown_argument(extra, known)
    return place(where), cut(f"{error.message}; given was {short(error.instance)}", 500)
