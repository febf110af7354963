"""Sequences of calls that are nearly another one: a call left out, made twice, too late, or with another argument."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from agentgym.actions import Done, Fail, ToolCall

__all__ = ["Asked", "Mutant", "mutants_of"]

Asked = ToolCall | Done | Fail

_WORD = re.compile(r"\S+ *")
_NEVER = ("timeout_s",)
"""Arguments that say nothing of what is done."""


class Mutant(NamedTuple):
    """Calls, and in what they differ from those that they were made of."""

    name: str
    calls: Sequence[Asked]


def mutants_of(calls: Sequence[Asked], *, most: int) -> Sequence[Mutant]:
    """Every mutant of a sequence, or as many as that, evenly from all kinds.

    A call is left out, or made twice, or changes places with the next one; or one of its arguments is changed: a text
    loses its last character, and the line in its middle, or the word if it is one line; a number is one more, a list or
    an object loses its last item, true becomes false.
    """
    found = [mutant for mutant in _all(calls) if list(mutant.calls) != list(calls)]
    if len(found) <= most:
        return found
    return [found[place * len(found) // most] for place in range(most)]


def _all(calls: Sequence[Asked]) -> Iterator[Mutant]:
    for place, call in enumerate(calls):
        name = f"{place + 1}, {_name(call)}"
        before, after = calls[:place], calls[place + 1 :]
        yield Mutant(f"without call {name}", [*before, *after])
        yield Mutant(f"twice call {name}", [*before, call, call, *after])
        if isinstance(call, ToolCall):
            for key, value in call.arguments.items():
                for changed in () if key in _NEVER else _changed(value):
                    arguments = {**call.arguments, key: changed}
                    yield Mutant(f"another {key} in call {name}", [*before, ToolCall(call.name, arguments), *after])
    for place, (call, following) in enumerate(pairwise(calls)):
        yield Mutant(f"late call {place + 1}, {_name(call)}", [*calls[:place], following, call, *calls[place + 2 :]])


def _name(call: Asked) -> str:
    return call.name if isinstance(call, ToolCall) else type(call).__name__


def _changed(value: Any) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
        case str():
            yield from _shorter(value)
        case [*items] if items:
            yield items[:-1]
        case Mapping() if value:
            yield dict(list(value.items())[:-1])


def _shorter(text: str) -> Iterator[str]:
    bare = text.rstrip()
    if bare:
        yield bare[:-1] + text[len(bare) :]
    lines = bare.splitlines(keepends=True)
    words = list(_WORD.finditer(bare))
    if len(lines) > 2:
        middle = len(lines) // 2
        yield "".join([*lines[:middle], *lines[middle + 1 :], text[len(bare) :]])
    elif len(lines) == 1 and len(words) > 2:
        word = words[len(words) // 2]
        yield text[: word.start()] + text[word.end() :]
