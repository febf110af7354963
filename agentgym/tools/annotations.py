"""Annotations as pydantic reads them: what it does not take is put as what it does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from agentgym.errors import UsageError

__all__ = ["readable"]

# Before, pydantic takes that of typing_extensions alone.
_TAKES_TYPED_DICTS = (3, 12)

_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "title", "description")

_Within: TypeAlias = tuple[type, ...]


def readable(annotation: Any, within: _Within = ()) -> Any:
    """The annotation with msgspec's structs and `typing.TypedDict` as pydantic can read them, however deep they are.

    Args:
        within: the types that it is a part of.

    Raises:
        UsageError: if one of these contains itself.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        first, *told = arguments
        return Annotated[(readable(first, within), *map(_bounds, told))]
    if origin in (Union, UnionType):
        return Union[tuple(readable(one, within) for one in arguments)]  # noqa: UP007 - they are known here alone
    if origin is not None and arguments and origin not in (Literal, Callable):
        return origin[tuple(one if one is ... else readable(one, within) for one in arguments)]
    if not isinstance(annotation, type) or not _is_foreign(annotation):
        return annotation
    if annotation in within:
        raise UsageError(f"{annotation.__name__} contains itself; only a pydantic model or a dataclass may")
    within = (*within, annotation)
    return _struct(annotation, within) if issubclass(annotation, msgspec.Struct) else _typed_dict(annotation, within)


def _is_foreign(kind: type) -> bool:
    return issubclass(kind, msgspec.Struct) or (sys.version_info < _TAKES_TYPED_DICTS and is_typeddict(kind))


def _typed_dict(kind: Any, within: _Within) -> Any:
    hints = get_type_hints(kind, include_extras=True)
    fields: dict[str, Any] = {}
    for name, hint in hints.items():
        # Where annotations are postponed, the class does not know of these two.
        said = get_origin(hint) if get_origin(hint) in (Required, NotRequired) else None
        of = readable(get_args(hint)[0] if said else hint, within)
        must = said is Required or (said is None and name in kind.__required_keys__)
        fields[name] = of if must else NotRequired[of]
    return _form(kind, fields)


def _struct(kind: Any, within: _Within) -> Any:
    """A dict of the struct's fields, of which the struct is made."""
    from pydantic import AfterValidator

    config = kind.__struct_config__
    fields: dict[str, Any] = {}
    if config.tag is not None:
        fields[config.tag_field] = Literal[config.tag]
    for field in msgspec.structs.fields(kind):
        of = readable(field.type, within)
        fields[field.encode_name] = of if field.required else NotRequired[of]
    names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}

    def made(given: Mapping[str, Any]) -> Any:
        return kind(**{names[name]: value for name, value in given.items() if name in names})

    return Annotated[_form(kind, fields), AfterValidator(made)]


def _form(kind: type, fields: Mapping[str, Any]) -> Any:
    from typing_extensions import TypedDict

    make: Any = TypedDict
    form = make(kind.__name__, dict(fields))
    form.__doc__ = kind.__doc__
    form.__pydantic_config__ = getattr(kind, "__pydantic_config__", {})
    return form


def _bounds(told: Any) -> Any:
    """What msgspec says of a value, as pydantic says it."""
    if not isinstance(told, msgspec.Meta):
        return told
    from pydantic import Field

    return Field(**{name: getattr(told, name) for name in _BOUNDS if getattr(told, name) is not None})
