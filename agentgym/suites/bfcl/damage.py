"""Damaged answers: what a checker must tell from the ground truth, or forgive as BFCL's does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from agentgym.actions import ToolCall
from agentgym.suites.bfcl.episodes import Turns

__all__ = ["DAMAGES", "Damage", "without"]

Damage: TypeAlias = Callable[[Turns, np.random.Generator], Turns]
"""Changes a place of an answer, which the generator draws."""


def without(turns: Turns, turn: int, place: int) -> Turns:
    """An answer that lacks one call."""
    return _with(turns, turn, turns[turn][:place] + turns[turn][place + 1 :])


def _drop(turns: Turns, rng: np.random.Generator) -> Turns:
    return without(turns, *_place(turns, rng))


def _change(turns: Turns, rng: np.random.Generator) -> Turns:
    """Changes an argument; where no call has one, drops a call."""
    places = [(*place, name) for place in _places(turns) for name in _at(turns, *place).arguments]
    if not places:
        return _drop(turns, rng)
    turn, place, name = places[rng.integers(len(places))]
    call = turns[turn][place]
    changed = ToolCall(call.name, {**call.arguments, name: _other(call.arguments[name])})
    return _with(turns, turn, (*turns[turn][:place], changed, *turns[turn][place + 1 :]))


def _swap(turns: Turns, rng: np.random.Generator) -> Turns:
    """Swaps two calls that follow each other in a turn; where no turn has two, moves one to the turn before."""
    places = [(turn, place) for turn, place in _places(turns) if place > 0]
    if not places:
        return _hasten(turns, rng)
    turn, place = places[rng.integers(len(places))]
    calls = list(turns[turn])
    calls[place - 1], calls[place] = calls[place], calls[place - 1]
    return _with(turns, turn, tuple(calls))


def _add(turns: Turns, rng: np.random.Generator) -> Turns:
    """Makes a call of the answer once more, anywhere."""
    call = _at(turns, *_place(turns, rng))
    turn = int(rng.integers(len(turns)))
    place = int(rng.integers(len(turns[turn]) + 1))
    return _with(turns, turn, (*turns[turn][:place], call, *turns[turn][place:]))


DAMAGES: Mapping[str, Damage] = MappingProxyType(
    {"dropped call": _drop, "changed argument": _change, "swapped order": _swap, "extra call": _add}
)
"""By what is wrong with the answer then."""


def _hasten(turns: Turns, rng: np.random.Generator) -> Turns:
    places = [(turn, place) for turn, place in _places(turns) if turn > 0] or _places(turns)
    turn, place = places[rng.integers(len(places))]
    moved = _with(turns, turn - 1, (*turns[turn - 1], turns[turn][place]))
    return without(moved, turn, place)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, list):
        return value[:-1] if value else [""]
    return f"{value}x"


def _places(turns: Turns) -> list[tuple[int, int]]:
    return [(turn, place) for turn, calls in enumerate(turns) for place in range(len(calls))]


def _place(turns: Turns, rng: np.random.Generator) -> tuple[int, int]:
    places = _places(turns)
    return places[rng.integers(len(places))]


def _at(turns: Turns, turn: int, place: int) -> ToolCall:
    return turns[turn][place]


def _with(turns: Turns, turn: int, calls: tuple[ToolCall, ...]) -> Turns:
    return (*turns[:turn], calls, *turns[turn + 1 :])
