"""Values for tools' arguments, found in what an episode has shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from agentgym.errors import UsageError
from agentgym.wrappers.tool_features import named, words

__all__ = ["Candidate", "Found", "Seen", "Source"]

_KEPT = 100

Scalar: TypeAlias = str | int | float | bool | None


class Found(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An argument whose values are found: in the instruction, in texts, under keys of JSON results.

    Args:
        pattern: of the value in a text; its first group is the value, or else all of it.
        keys: only what stands under one of these keys of a result; empty for any place, the instruction included.
        most: values that can be chosen from: those of which an object is most fully named in the instruction, of two
            that are alike the one that was found first.
        of: another argument: the value is found under ``keys`` of the object that the other's value was found in,
            and is not chosen by itself.

    Raises:
        UsageError: if it can find nothing.
    """

    pattern: str = ".+"
    keys: tuple[str, ...] = ()
    most: int = 3
    of: str | None = None

    def __post_init__(self) -> None:
        if self.most < 1:
            raise UsageError(f"most is {self.most!r}; it must be at least 1")
        if self.of is not None and not self.keys:
            raise UsageError(f"what is found beside {self.of!r} needs keys to be found under")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise UsageError(f"the pattern {self.pattern!r} is none: {error}") from error


Source: TypeAlias = Found | Sequence[Any]
"""Where an argument's values come from: found, or given."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A value, the object of a result that it stood in, and how far the instruction names that; see `named`.

    The object is empty if the value stood in a text.
    """

    value: Any
    about: Mapping[str, Scalar] = field(default_factory=dict)
    named: float = 0.0


class Seen:
    """What an episode has shown so far, and the values that were found in it.

    Args:
        sources: by argument; those with ``of`` are not among them.
        instruction: of the task.
    """

    def __init__(self, sources: Mapping[str, Found], instruction: str) -> None:
        self._sources = {name: (source, re.compile(source.pattern)) for name, source in sources.items()}
        self._wanted = words(instruction)
        self._candidates: dict[str, list[Candidate]] = {name: [] for name in sources}
        self._look("", instruction, {})

    def candidates(self, name: str) -> Sequence[Candidate]:
        """The values that can be chosen for an argument, the best first."""
        found = self._candidates[name]
        return sorted(found, key=lambda one: -one.named)[: self._sources[name][0].most]

    def add(self, content: str) -> None:
        """Looks at a result, which may be JSON."""
        for key, value, about in _scalars(_read(content)):
            self._look(key, value, about)

    def _look(self, key: str, value: Scalar, about: Mapping[str, Scalar]) -> None:
        for name, (source, pattern) in self._sources.items():
            if source.keys and key not in source.keys:
                continue
            for found in pattern.finditer(value) if isinstance(value, str) else ():
                self._keep(name, found[1] if pattern.groups else found[0], about)
            if source.keys and isinstance(value, int | float):
                self._keep(name, value, about)

    def _keep(self, name: str, value: Any, about: Mapping[str, Scalar]) -> None:
        known, new = self._candidates[name], Candidate(value, about, named(about, self._wanted))
        for place, old in enumerate(known):
            if old.value == new.value:
                # The same thing, seen again: what it has become, unless that says less.
                if new.about.keys() >= old.about.keys():
                    known[place] = new
                return
        if len(known) < _KEPT:
            known.append(new)


def _read(content: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return content


def _scalars(value: Any, key: str = "", about: Mapping[str, Scalar] | None = None) -> Iterator[tuple[str, Scalar, Any]]:
    """All single values of plain JSON, each with its key and the scalars of the object around it."""
    if isinstance(value, dict):
        own = {name: one for name, one in value.items() if not isinstance(one, dict | list)}
        for name, one in value.items():
            yield from _scalars(one, name, own)
    elif isinstance(value, list):
        for one in value:
            yield from _scalars(one, key, about)
    else:
        yield key, value, about or {}
