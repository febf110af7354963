"""What names stand for: tables of built-ins and installed packages' entry points, and ``"module:function"``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, get_type_hints, overload

import msgspec

from agentgym.errors import UnknownNameError, UsageError

__all__ = ["Registry", "faults_of_options", "resolve", "suggestion"]

T = TypeVar("T")

# The search for a close one takes the square of the length.
_LONGEST_NAME = 100


class Registry(Mapping[str, T], Generic[T]):
    """A read-only mapping from names to things of one kind.

    An entry point ``name`` in the group ``agentgym.<kind>s`` of any installed package joins the table;
    it is loaded when it is first asked for. A built-in wins over an entry point of the same name.

    Args:
        kind: what the table holds, in the singular, as it is called in error messages: ``"metric"``.
        plugins: whether installed packages may add to it.
    """

    def __init__(self, kind: str, *, plugins: bool = True) -> None:
        self.kind = kind
        self._known: dict[str, T] = {}
        # Built-ins that are heavy to import are entry points too, without a package that declares them.
        self._lazy: dict[str, EntryPoint] = {}
        self._entry_points: dict[str, EntryPoint] | None = None if plugins else {}

    @overload
    def register(self, name: str) -> Callable[[T], T]: ...
    @overload
    def register(self, name: str, thing: T) -> T: ...
    def register(self, name: str, thing: T | None = None) -> T | Callable[[T], T]:
        """Adds a thing under a name, as a call or as a decorator.

        Raises:
            UsageError: if the name is taken.
        """
        if thing is None:
            return lambda decorated: self.register(name, decorated)
        if name in self._known:
            raise UsageError(f"the {self.kind} {name!r} is registered already")
        self._known[name] = thing
        return thing

    def register_lazily(self, name: str, place: str) -> None:
        """Adds a built-in that is imported when it is first asked for.

        Args:
            place: ``"package.module:attribute"``.
        """
        self._lazy[name] = EntryPoint(name, place, self._group)

    def __getitem__(self, name: str) -> T:
        if name not in self._known:
            self._known[name] = self._found(name).load()
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known or name in self._lazy or name in self._plugins()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._known, *self._plugins()}))

    def __len__(self) -> int:
        return len({*self._known, *self._plugins()})

    def __repr__(self) -> str:
        return f"Registry({self.kind!r}, {list(self)})"

    def _found(self, name: str) -> EntryPoint:
        # To look through all installed packages takes some 10 ms, which built-ins need not wait for.
        found = self._lazy.get(name) or self._plugins().get(name)
        if found is None:
            raise UnknownNameError(self._unknown(name))
        return found

    def _plugins(self) -> Mapping[str, EntryPoint]:
        if self._entry_points is None:
            self._entry_points = {point.name: point for point in _installed(tuple(sys.path)).select(group=self._group)}
        return {**self._entry_points, **self._lazy}

    @property
    def _group(self) -> str:
        return f"agentgym.{self.kind.replace(' ', '_')}s"

    def _unknown(self, name: str) -> str:
        return f"no {self.kind} named {name!r}; {suggestion(name, self)}"


@lru_cache(maxsize=1)
def _installed(_path: tuple[str, ...]) -> Any:
    """The entry points of all kinds, so that packages are looked through once for all tables.

    Before Python 3.12 these are of another type, which can be selected from, too.
    """
    return entry_points()


def suggestion(name: str, known: Iterable[str]) -> str:
    """What may have been meant by a name that is none of those that are known, or else which they are."""
    names = list(known)
    close = get_close_matches(name[:_LONGEST_NAME], names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(names) or 'none'}"


def resolve(place: str, kind: str, *, fits: Callable[[object], bool] = callable) -> Any:
    """The function at ``"module:function"``; it may be an attribute of an attribute, ``"module:Class.method"``.

    Args:
        kind: what the function is, as it is called in error messages: ``"reward hook"``.
        fits: what is looked for, where it need not be a function.

    Raises:
        UsageError: if there is no such module or function, or it cannot be called.
    """
    module_name, _, attributes = place.partition(":")
    if not module_name or not attributes:
        raise UsageError(f"a {kind} is named 'module:function', got {place!r}")
    try:
        found: Any = import_module(module_name)
    except ImportError as error:
        raise UsageError(f"cannot import {module_name!r} for the {kind} {place!r}: {error}") from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise UsageError(f"{module_name!r} has no {attribute!r} for the {kind} {place!r}{_hint(attribute, found)}")
        found = getattr(found, attribute)
    if not fits(found):
        raise UsageError(f"the {kind} {place!r} is {found!r}, which cannot be called")
    return found


def faults_of_options(
    kind: str,
    name: str,
    factory: Callable[..., Any],
    options: Mapping[str, Any],
    where: str,
    *,
    positional: bool = False,
    also: Iterable[str] = (),
) -> Iterator[str]:
    """Why a factory would not take these keyword options, each with its JSON path.

    Args:
        kind: what it makes, as it is called in error messages: ``"reward hook"``.
        name: of the factory.
        where: the JSON path of the options; empty where there is none.
        positional: whether it is given its first argument besides.
        also: what else may stand beside the options, for the hint.
    """
    parameters = inspect.signature(factory).parameters
    types = get_type_hints(factory.__init__ if inspect.isclass(factory) else factory)
    for key, value in options.items():
        place = f"{where}.{key}" if where else ""
        if key not in parameters:
            hint = suggestion(key, [*parameters, *also])
            yield f"the {kind} {name!r} has no option {key!r}; {hint} - at {place}"
            continue
        try:
            msgspec.convert(value, types.get(key, Any))
        except msgspec.ValidationError as error:
            yield f"{error} - at {place}"
    first = next(iter(parameters.values()), None)
    if positional and (first is None or first.kind is first.KEYWORD_ONLY):
        yield f"the {kind} {name!r} takes nothing behind a colon - at {where}"
    for index, (key, parameter) in enumerate(parameters.items()):
        given = key in options or (positional and index == 0)
        if positional and index == 0 and key in options:
            yield f"the {kind} {name!r} is given {key!r} twice - at {where}"
        if parameter.default is parameter.empty and not given:
            yield f"the {kind} {name!r} needs {key!r} - at {where}"


def _hint(attribute: str, owner: object) -> str:
    close = get_close_matches(attribute, dir(owner), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
