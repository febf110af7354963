"""Which optional libraries a function can come to call, read off its byte code."""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from agentgym.evaluators.libraries import EXTRAS

__all__ = ["reached_libraries"]

_OURS = "agentgym."
_CONTAINERS = (list, tuple, set, frozenset)


def reached_libraries(thing: Any) -> set[str]:
    """The optional libraries that are imported, or that `agentgym.extras.needed` is asked for, on the way."""
    found: set[str] = set()
    _walk(thing, set(), found)
    return found


def _walk(thing: Any, seen: set[int], found: set[str]) -> None:
    thing = inspect.unwrap(thing) if callable(thing) else thing
    if id(thing) in seen:
        return
    seen.add(id(thing))
    for inner in _inner(thing):
        _walk(inner, seen, found)
    if isinstance(thing, FunctionType) and thing.__module__.startswith(_OURS):
        _read(thing, seen, found)


def _inner(thing: Any) -> Iterator[Any]:
    if isinstance(thing, functools.partial):
        yield thing.func
    elif isinstance(thing, dict):
        yield from thing.values()
    elif isinstance(thing, _CONTAINERS):
        yield from thing
    elif isinstance(thing, type) and thing.__module__.startswith(_OURS):
        for member in vars(thing).values():
            yield member.fget if isinstance(member, property) else getattr(member, "__func__", member)


def _read(function: FunctionType, seen: set[int], found: set[str]) -> None:
    told = [instruction for code in _codes(function.__code__) for instruction in dis.get_instructions(code)]
    for place, instruction in enumerate(told):
        if instruction.opname == "IMPORT_NAME" and instruction.argval.partition(".")[0] in EXTRAS:
            found.add(instruction.argval.partition(".")[0])
        if instruction.opname != "LOAD_GLOBAL":
            continue
        if instruction.argval == "needed":
            constants = [one.argval for one in told[place + 1 : place + 6] if one.opname == "LOAD_CONST"]
            if constants:
                found.add(constants[0].partition(".")[0])
            continue
        value = function.__globals__.get(instruction.argval)
        if isinstance(value, ModuleType):
            value = getattr(value, str(told[place + 1].argval), None) if value.__name__.startswith(_OURS) else None
        _walk(value, seen, found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
