"""The parameters of a typed function as JSON Schema, and the check of arguments against its types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import partial
from typing import Any, NamedTuple, NotRequired, get_args, get_origin, get_type_hints

import msgspec

from agentgym.actions.quoting import short
from agentgym.errors import ToolError, UsageError
from agentgym.tools.annotations import readable
from agentgym.tools.context import ToolContext
from agentgym.tools.docstrings import described
from agentgym.tools.schemas import Check, Fault, place, refusal, unknown_argument
from agentgym.tools.strictness import closed, schema_of, validator_of

__all__ = ["Signature", "inner", "signature_of"]


class Signature(NamedTuple):
    """What a function takes.

    Args:
        parameters: JSON Schema of an object.
        check: gives the arguments as the function's types; those that were left out stay so.
        context: the parameter that is given the episode's context, if there is one.
        defaults: those that a call could change.
    """

    parameters: Mapping[str, Any]
    check: Check
    context: str | None
    defaults: Mapping[str, Any]


def signature_of(function: Callable[..., Any], name: str, *, scope: Mapping[str, Any]) -> Signature:
    """What a typed function takes.

    Args:
        name: the tool's, for errors.
        scope: what the annotations may name beside the function's globals.

    Raises:
        UsageError: if a parameter has no type, or none that JSON can be read as.
    """
    hints = _hints(function, name, scope)
    try:
        parameters = inspect.signature(function).parameters
    except ValueError as error:
        raise UsageError(f"the tool {name!r} is made of a function that does not say what it takes") from error
    context = [key for key in parameters if _is_context(hints.get(key))]
    taken = {key: one for key, one in parameters.items() if key not in context}
    for parameter in taken.values():
        _check_parameter(parameter, hints, name)
    core = closed(_core(taken, hints, name))
    schema = _schema(core, taken, described(inner(function)).parameters)
    changeable = {key: one.default for key, one in taken.items() if _is_changeable(one.default)}
    return Signature(schema, _TypeCheck(name, core, tuple(taken)), context[0] if context else None, changeable)


class _TypeCheck:
    """Reads arguments as JSON into the function's types, strictly: the text "5" is no number."""

    __slots__ = ("_known", "_name", "_read")

    def __init__(self, name: str, core: Any, known: tuple[str, ...]) -> None:
        self._name, self._known = name, known
        self._read = validator_of(core).validate_json

    def __call__(self, arguments: dict[str, Any]) -> dict[str, Any]:
        from pydantic_core import ValidationError

        try:
            found: dict[str, Any] = self._read(msgspec.json.encode(arguments), strict=True)
        except ValidationError as error:
            faults = [self._fault(one, arguments) for one in error.errors(include_url=False)]
            raise refusal(self._name, list(dict.fromkeys(faults))) from None
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ToolError(f"the arguments of {self._name} are no plain JSON: {short(arguments)}") from error
        return found

    def _fault(self, error: Mapping[str, Any], arguments: dict[str, Any]) -> Fault:
        where = place(_path(error, arguments))
        match error["type"]:
            case "missing":
                return where, "missing"
            case "extra_forbidden" if len(error["loc"]) == 1:
                return where, unknown_argument(str(error["loc"][0]), self._known)
            case "extra_forbidden" | "unexpected_keyword_argument":
                return where, "nothing of this name is taken"
        says = error["msg"][:1].lower() + error["msg"][1:]
        return where, f"{says}; given was {short(error['input'])}"


def _path(error: Mapping[str, Any], arguments: Any) -> list[str | int]:
    """Where the error is in what was given: pydantic names the kinds of a union among the keys."""
    found: list[str | int] = []
    at = arguments
    for part in error["loc"]:
        within = isinstance(at, dict) if isinstance(part, str) else isinstance(at, list)
        try:
            at = at[part] if within else None
        except (KeyError, IndexError):
            continue
        if within:
            found.append(part)
    return [*found, error["loc"][-1]] if error["type"] == "missing" else found


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that a `functools.partial` is of; any other is itself."""
    while isinstance(function, partial):
        function = function.func
    return function


def _hints(function: Callable[..., Any], name: str, scope: Mapping[str, Any]) -> dict[str, Any]:
    # Of what is called like a function, it is `__call__` that is annotated.
    function = inner(function)
    annotated = function if inspect.isroutine(function) else type(function).__call__
    try:
        return get_type_hints(annotated, localns=dict(scope), include_extras=True)
    except NameError as error:
        raise UsageError(f"the tool {name!r} is annotated with a name that is not known here: {error}") from error


def _is_context(hint: Any) -> bool:
    return hint is ToolContext or (get_origin(hint) is not None and ToolContext in get_args(hint))


def _is_changeable(default: Any) -> bool:
    """Whether it is one of the values that are read from JSON and can be changed; what only marks a place is not."""
    from pydantic import BaseModel

    if isinstance(default, list | dict | set | bytearray | tuple | msgspec.Struct | BaseModel):
        return True
    return is_dataclass(default) and not isinstance(default, type)


def _check_parameter(parameter: inspect.Parameter, hints: Mapping[str, Any], name: str) -> None:
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise UsageError(f"the tool {name!r} takes {parameter}; each parameter of a tool has a name of its own")
    if parameter.name not in hints:
        raise UsageError(
            f"the parameter {parameter.name!r} of the tool {name!r} has no type; write {parameter.name}: str"
        )


def _core(taken: Mapping[str, inspect.Parameter], hints: Mapping[str, Any], name: str) -> Any:
    from pydantic import ConfigDict, TypeAdapter
    from pydantic.errors import PydanticUserError
    from typing_extensions import TypedDict

    kinds = {key: readable(hints[key]) for key in taken}
    fields = {key: kinds[key] if one.default is one.empty else NotRequired[kinds[key]] for key, one in taken.items()}
    form = TypedDict(name, fields)  # type: ignore[misc]  # its name and fields are the function's
    form.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[attr-defined]  # as pydantic wants it
    try:
        return TypeAdapter(form).core_schema
    except PydanticUserError as error:
        raise UsageError(f"the tool {name!r} takes what cannot be read from JSON: {error.message}") from error


def _schema(core: Any, taken: Mapping[str, inspect.Parameter], told: Mapping[str, str]) -> dict[str, Any]:
    schema = schema_of(core)
    _untitle(schema)
    schema.setdefault("properties", {})
    for key, parameter in taken.items():
        of = schema["properties"][key]
        if told.get(key):
            of.setdefault("description", told[key])
        if parameter.default is not parameter.empty:
            _tell_default(of, parameter.default)
    return schema


def _tell_default(of: dict[str, Any], default: Any) -> None:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        of.setdefault("default", to_jsonable_python(default))
    except PydanticSerializationError:
        # What JSON has no word for is left out: the function knows it.
        return


def _untitle(schema: Any) -> None:
    """Takes out the titles that pydantic makes of names: they say nothing, and models read them."""
    if isinstance(schema, list):
        for one in schema:
            _untitle(one)
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("title"), str):
        del schema["title"]
    for key, one in schema.items():
        if key in ("properties", "$defs", "patternProperties"):
            for named in one.values():
                _untitle(named)
        elif key not in ("default", "const", "enum", "examples"):
            _untitle(one)
