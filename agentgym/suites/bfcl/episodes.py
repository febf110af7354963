"""BFCL's stateful multi-turn episodes as data: messages of a user, services, and the calls that answer them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import signature
from types import MappingProxyType
from typing import Any

from agentgym.actions import ToolCall
from agentgym.errors import UnknownNameError
from agentgym.registry import suggestion
from agentgym.suites.bfcl.package import rows, service_class

__all__ = ["CATEGORIES", "Calls", "Episode", "Turns", "episode", "episode_names"]

CATEGORIES = ("base", "miss_func", "miss_param", "long_context")
"""Everything needed is there; a function or a parameter comes in a later turn; what the services say is long."""

_PER_CATEGORY = 200
_MORE_FUNCTIONS = "I have updated some more functions you can choose from. What about now?"  # BFCL's own sentence

Calls = tuple[ToolCall, ...]
Turns = tuple[Calls, ...]


@dataclass(frozen=True)
class Episode:
    """One conversation.

    Attributes:
        name: BFCL's own identifier: ``"multi_turn_base_0"``.
        messages: what the user says, turn by turn.
        services: the classes whose functions can be called.
        initial: with what each service begins.
        withheld: functions that are offered only from a turn on.
        answers: BFCL's ground truth, turn by turn; a turn without calls is one in which nothing can be done.
    """

    name: str
    messages: tuple[str, ...]
    services: tuple[str, ...]
    initial: Mapping[str, Any]
    withheld: Mapping[str, int]
    answers: Turns

    @property
    def long_context(self) -> bool:
        return "_long_context_" in self.name


def episode_names() -> tuple[str, ...]:
    """The names of all 800, known without the package."""
    return tuple(f"multi_turn_{category}_{number}" for category in CATEGORIES for number in range(_PER_CATEGORY))


def episode(name: str) -> Episode:
    """The episode of a name.

    Raises:
        UnknownNameError: if there is none.
        MissingDependencyError: if BFCL's package is not installed.
    """
    category = name.removeprefix("multi_turn_").rpartition("_")[0]
    known = _of_category(category) if category in CATEGORIES else {}
    if name not in known:
        raise UnknownNameError(f"no BFCL episode named {name!r}; {suggestion(name, episode_names())}")
    return known[name]


@cache
def _of_category(category: str) -> Mapping[str, Episode]:
    return MappingProxyType({one.name: one for one in _read(f"BFCL_v4_multi_turn_{category}.json")})


def _read(file: str) -> Iterator[Episode]:
    for entry, answer in zip(rows(file), rows(f"possible_answer/{file}"), strict=True):
        services = tuple(entry["involved_classes"])
        answers = tuple(tuple(_call(text, services) for text in turn) for turn in answer["ground_truth"])
        yield Episode(
            name=entry["id"],
            messages=tuple(map(_said, entry["question"])),
            services=services,
            initial=entry["initial_config"],
            withheld=_withheld(entry.get("missed_function", {}), answers),
            answers=answers,
        )


def _said(messages: list[dict[str, str]]) -> str:
    """A turn's message. The turn that brings withheld functions has none of its own."""
    return "\n".join(message["content"] for message in messages) or _MORE_FUNCTIONS


def _withheld(missed: Mapping[str, list[str]], answers: Turns) -> Mapping[str, int]:
    """From which turn functions are offered: not later than the ground truth calls them, which once is too early."""
    given = {name: int(turn) for turn, names in missed.items() for name in names}
    called = {call.name: turn for turn, calls in reversed(list(enumerate(answers))) for call in calls}
    return {name: min(turn, called.get(name, turn)) for name, turn in given.items()}


def _call(text: str, services: tuple[str, ...]) -> ToolCall:
    """A call of the ground truth, which is written as Python: ``sort('final_report.pdf')``."""
    written = ast.parse(text, mode="eval").body
    assert isinstance(written, ast.Call), text
    assert isinstance(written.func, ast.Name), text
    name = written.func.id
    by_place = zip(_parameters(services, name), written.args, strict=False)
    by_name = ((str(keyword.arg), keyword.value) for keyword in written.keywords)
    return ToolCall(name, {key: ast.literal_eval(value) for key, value in (*by_place, *by_name)})


@cache
def _parameters(services: tuple[str, ...], function: str) -> tuple[str, ...]:
    """The names of a function's parameters, in their order."""
    owner = next(found for found in map(service_class, services) if hasattr(found, function))
    return tuple(signature(getattr(owner, function)).parameters)[1:]
