"""Asks an application about parts that it does not keep ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Any

from agentgym.backends.x11.accessibility.accessible import Accessible, Reference, ask, bits, get, short_names
from agentgym.backends.x11.accessibility.bus import Asking, value_of
from agentgym.backends.x11.accessibility.wire import Call

__all__ = ["learn", "look_again"]


def learn(bus_name: str, paths: Sequence[str]) -> Asking[list[Accessible]]:
    """What is known of parts that an application does not keep ready; those that do not answer are left out.

    Of what is not to be seen there are only the name, role and states: there is much of it in closed menus.
    """
    learned = []
    for path, words, role, name in (yield from _asked_each(bus_name, paths, _introductions)):
        if words is not None and role is not None:
            learned.append(Accessible(path, None, -1, 0, frozenset(), name or "", role, bits(words)))
    open_parts = [part for part in learned if part.opens]
    more = yield from _asked_each(bus_name, [part.path for part in open_parts], _further_questions)
    further = {path: (count or 0, short_names(interfaces or ())) for path, count, interfaces in more}
    nothing: tuple[int, frozenset[str]] = (0, frozenset())
    counts_and_interfaces = [further.get(part.path, nothing) for part in learned]
    return [
        part._replace(child_count=count, interfaces=interfaces)
        for part, (count, interfaces) in zip(learned, counts_and_interfaces, strict=True)
    ]


def look_again(bus_name: str, parts: Sequence[Accessible]) -> Asking[list[Accessible]]:
    """The parts with their present states; those that do not answer are left out.

    All else that `learn` asks for is taken to be what it was, but of what was hidden until now.
    """
    answers = yield [ask(Reference(bus_name, part.path), "Accessible", "GetState") for part in parts]
    states = zip(parts, map(value_of, answers), strict=True)
    seen = [part._replace(states=bits(words)) for part, words in states if words is not None]
    appeared = yield from learn(bus_name, [part.path for part in seen if part.opens and not part.interfaces])
    anew = {part.path: part for part in appeared}
    return [anew.get(part.path, part) for part in seen]


def _asked_each(
    bus_name: str, paths: Sequence[str], questions: Callable[[Reference], Sequence[Call]]
) -> Asking[list[tuple[Any, ...]]]:
    """For each path: the path and the values of the answers, None where there is none."""
    calls = [questions(Reference(bus_name, path)) for path in paths]
    answers = iter((yield list(chain.from_iterable(calls))))
    return [(path, *map(value_of, islice(answers, len(own)))) for path, own in zip(paths, calls, strict=True)]


def _introductions(whom: Reference) -> Sequence[Call]:
    return ask(whom, "Accessible", "GetState"), ask(whom, "Accessible", "GetRole"), get(whom, "Accessible", "Name")


def _further_questions(whom: Reference) -> Sequence[Call]:
    return get(whom, "Accessible", "ChildCount"), ask(whom, "Accessible", "GetInterfaces")
