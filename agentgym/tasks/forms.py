"""What is wrong with a value of a task file, held against the type that says what it may be."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

__all__ = ["OPEN", "PassedOver", "close_to", "fields_of", "is_true", "misfits", "passed_over", "slips", "unknown_keys"]

_A_LETTER_OFF = 0.9

OPEN = msgspec.Meta(extra={"open": True})
"""Annotates the form of an object whose other keys are another's business."""

PassedOver = Annotated[Any, msgspec.Meta(extra={"passed_over": True})]
"""The type of a key that files of OSWorld have and that nothing reads, there or here."""


def is_true(value: object) -> bool:
    """Whether a flag of a task is set."""
    # Task files of OSWorld have the string "true", too.
    return str(value).lower() == "true"


def misfits(value: Any, form: Any, where: str, *, is_open: bool = False) -> Iterator[str]:
    """Every fault of a value, each with its JSON path at the end.

    Keys that an object's form does not have are faults, too, but for those that begin with ``_``, which are notes.

    Args:
        form: what the value may be: a Struct, a TypedDict, or any other type that msgspec knows.
        where: the value's JSON path.
        is_open: whether such keys are none, as nothing in OSWorld minds them, unless one looks like a slip.
    """
    if get_origin(form) is Annotated and OPEN in get_args(form):
        form, is_open = get_args(form)[0], True
    form = _one_of(form, value)
    if _is_object(form) and isinstance(value, Mapping):
        yield from _misfits_of_object(value, form, where, is_open)
    elif get_origin(form) is list and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from misfits(item, get_args(form)[0], f"{where}[{index}]", is_open=is_open)
    elif get_origin(form) is Literal and value not in get_args(form):
        yield f"Invalid enum value {value!r}; the choices are {', '.join(map(repr, get_args(form)))} - at {where}"
    else:
        yield from _unconvertible(value, form, where)


def passed_over(value: Any, form: Any, where: str) -> Iterator[str]:
    """A remark on every key that nothing reads, each with its JSON path at the end."""
    form = _one_of(form, value)
    if get_origin(form) is list and isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from passed_over(item, get_args(form)[0], f"{where}[{index}]")
    elif _is_object(form) and isinstance(value, Mapping):
        for name, (kind, _) in fields_of(form).items():
            if name in value and kind != PassedOver:
                yield from passed_over(value[name], kind, f"{where}.{name}")
        read = [name for name, (kind, _) in fields_of(form).items() if kind != PassedOver]
        unread = {key for key, _ in unknown_keys(value, read)} - {key for key, _ in slips(value, fields_of(form))}
        for key in sorted(unread):
            yield f"nothing reads {key!r}, which OSWorld passes over, too - at {where}.{key}"


@functools.cache
def fields_of(form: Any) -> Mapping[str, tuple[Any, bool]]:
    """The keys of an object's form: what each may be, and whether it must be there."""
    if is_typeddict(form):
        kinds = get_type_hints(form, include_extras=True)
        return {name: _field(kind, name in form.__required_keys__) for name, kind in kinds.items()}
    return {field.encode_name: (field.type, field.required) for field in msgspec.structs.fields(form)}


def unknown_keys(given: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every key that is not known and no note, and what to say of it."""
    names = list(known)
    for key in given:
        if key not in names and not key.startswith("_"):
            yield key, f"no key {key!r} is known here; {close_to(key, names) or _known(names)}"


def slips(given: Collection[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """Of the keys that are not known, those that look like one that is: a letter off, or like one that is not there."""
    missing = [name for name in known if name not in given]
    for key, _ in unknown_keys(given, known):
        meant = close_to(key, missing) or close_to(key, known, cutoff=_A_LETTER_OFF)
        if meant is not None:
            yield key, f"no key {key!r} is known here; {meant}"


def close_to(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """``did you mean 'x'?``, where there is one.

    Args:
        cutoff: how like it must be, from 0 to 1.
    """
    close = get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return f"did you mean {close[0]!r}?" if close else None


def _misfits_of_object(value: Mapping[str, Any], form: Any, where: str, is_open: bool) -> Iterator[str]:
    fields = fields_of(form)
    for name, (kind, required) in fields.items():
        if name in value:
            yield from misfits(value[name], kind, f"{where}.{name}", is_open=is_open)
        elif required:
            yield f"Object missing required field `{name}` - at {where}"
    for key, said in (slips if is_open else unknown_keys)(value, fields):
        yield f"{said} - at {where}.{key}" if key.isidentifier() else f"{said} - at {where}"


def _unconvertible(value: Any, form: Any, where: str) -> Iterator[str]:
    try:
        msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        says, _, inner = str(error).partition(" - at `$")
        yield f"{says} - at {where}{inner.rstrip('`')}"
    except TypeError:
        # An annotation of another package that msgspec has no reading of says nothing that could be checked.
        return


def _one_of(form: Any, value: Any) -> Any:
    """Of a union, the part that a list or an object must be meant for, if there is one."""
    if get_origin(form) not in (Union, UnionType):
        return form
    meant = [
        part
        for part in get_args(form)
        if (isinstance(value, list | tuple) and get_origin(part) is list)
        or (isinstance(value, Mapping) and _is_object(part))
    ]
    return meant[0] if len(meant) == 1 else form


def _is_object(form: Any) -> bool:
    return is_typeddict(form) or (isinstance(form, type) and issubclass(form, msgspec.Struct))


def _field(kind: Any, required: bool) -> tuple[Any, bool]:
    # What stands around a type that is written as text escapes TypedDict.
    if get_origin(kind) in (NotRequired, Required):
        return get_args(kind)[0], get_origin(kind) is Required
    return kind, required


def _known(names: list[str]) -> str:
    return f"known are: {', '.join(names)}" if names else "there are none"
