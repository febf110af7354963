"""What only a part itself can tell: where it is, what it says, what it can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agentgym.backends.x11.accessibility.accessible import Accessible, Reference, ask, get_all
from agentgym.backends.x11.accessibility.bus import Asking, value_of
from agentgym.backends.x11.accessibility.vocabulary import role_name
from agentgym.backends.x11.accessibility.wire import Call

__all__ = ["look_closer"]

_VALUES = {"value": "CurrentValue", "min": "MinimumValue", "max": "MaximumValue", "step": "MinimumIncrement"}


def look_closer(bus_name: str, parts: Sequence[Accessible]) -> Asking[dict[str, dict[str, Any]]]:
    """Fields of `agentgym.backends.x11.accessibility.markup.Element` by path; what is not answered is left out."""
    questions = [
        (part.path, *question) for part in parts for question in _questions(Reference(bus_name, part.path), part)
    ]
    answers = yield [call for _, _, call in questions]
    details: dict[str, dict[str, Any]] = {part.path: {} for part in parts}
    for (path, field, _), answer in zip(questions, answers, strict=True):
        value = value_of(answer)
        if value is not None:
            details[path][field] = _FORMS[field](value)
    yield from _name_actions(bus_name, details)
    return details


def _questions(whom: Reference, part: Accessible) -> Iterable[tuple[str, Call]]:
    yield "attributes", ask(whom, "Accessible", "GetAttributes")
    if "Component" in part.interfaces:
        yield "extents", ask(whom, "Component", "GetExtents", "u", 0)
    if "Text" in part.interfaces:
        yield "text", ask(whom, "Text", "GetText", "ii", 0, -1)
    if "Value" in part.interfaces:
        yield "values", get_all(whom, "Value")
    if "Action" in part.interfaces:
        yield "actions", ask(whom, "Action", "GetActions")
    if role_name(part.role) is None:
        yield "role", ask(whom, "Accessible", "GetRoleName")


def _name_actions(bus_name: str, details: dict[str, dict[str, Any]]) -> Asking[None]:
    """Puts the actions' own names for those in the user's language, which is what ``GetActions`` gives.

    What is called and described alike in an application is asked for once; many parts call their actions nothing.
    """
    askers: dict[tuple[str, ...], tuple[str, int]] = {}
    for path, number, action in _actions(details):
        askers.setdefault(_kind(path, number, action), (path, number))
    answers = yield [
        ask(Reference(bus_name, path), "Action", "GetName", "i", number) for path, number in askers.values()
    ]
    names = {kind: value_of(answer) for kind, answer in zip(askers, answers, strict=True)}
    for path, number, action in _actions(details):
        name = names[_kind(path, number, action)]
        if name is not None:
            details[path]["actions"][number] = (name, *action[1:])


def _actions(details: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, int, tuple[str, ...]]]:
    return [
        (path, number, action)
        for path, known in details.items()
        for number, action in enumerate(known.get("actions", ()))
    ]


def _kind(path: str, number: int, action: tuple[str, ...]) -> tuple[str, ...]:
    return action[:2] if action[0] else (path, str(number))


def _sorted_attributes(attributes: dict[str, str]) -> dict[str, str]:
    return dict(sorted(attributes.items()))


def _values(properties: dict[str, Any]) -> dict[str, float]:
    return {name: properties[theirs] for name, theirs in _VALUES.items() if theirs in properties}


_FORMS: dict[str, Callable[[Any], Any]] = {
    "actions": list,
    "attributes": _sorted_attributes,
    "extents": tuple,
    "role": str,
    "text": str,
    "values": _values,
}
