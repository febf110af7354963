"""The classes of `agentgym.suites.code.packages.keeping`: what can be broken, and how their objects are used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from agentgym.suites.code.subjects import Fault, Subject
from agentgym.suites.toolmaking import draw

__all__ = ["CLASSES", "draw_uses"]

Use = list[Any]
"""A method's name and its arguments, in a list."""

_PEOPLE = ("ann", "ben", "cat")
_KINDS = ("bolt", "cog")


def draw_uses(rng: np.random.Generator, name: str) -> tuple[list[Any], list[Use]]:
    """Arguments for an object of a class, and what is done with it then."""
    begin, uses = _USES[name]
    return begin(rng), [uses(rng) for _ in range(int(rng.integers(8, 20)))]


def _ledger(rng: np.random.Generator) -> Use:
    one, other, amount = draw(rng, _PEOPLE), draw(rng, _PEOPLE), int(rng.integers(0, 13))
    return draw(
        rng,
        (
            ["deposit", [one, amount]],
            ["deposit", [one, 10]],
            ["withdraw", [one, amount]],
            ["transfer", [one, other, amount]],
            ["balance", [one]],
            ["history", [one]],
        ),
    )


def _cache(rng: np.random.Generator) -> Use:
    key = draw(rng, "abcd")
    return draw(rng, (["put", [key, int(rng.integers(100))]],) * 3 + (["get", [key]], ["peek", [key]], ["keys", []]))


def _queue(rng: np.random.Generator) -> Use:
    name, urgency = draw(rng, "abcdef"), int(rng.integers(1, 4))
    return draw(rng, (["push", [name, urgency]],) * 4 + (["pop", []], ["raise_to", [name, urgency]], ["names", []]))


def _buffer(rng: np.random.Generator) -> Use:
    place = int(rng.integers(0, 8))
    return draw(
        rng,
        (
            ["insert", [place, draw(rng, ("x", "yy", "zzz"))]],
            ["delete", [place, int(rng.integers(1, 4))]],
            ["undo", []],
            ["undo", []],
            ["redo", []],
        ),
    )


def _stock(rng: np.random.Generator) -> Use:
    who, kind, count = draw(rng, _PEOPLE[:2]), draw(rng, _KINDS), int(rng.integers(1, 7))
    return draw(
        rng,
        (
            ["add", [kind, count]],
            ["add", [kind, count]],
            ["reserve", [who, kind, count]],
            ["reserve", [who, kind, count]],
            ["deliver", [who, kind]],
            ["cancel", [who]],
            ["free", [kind]],
            ["little", []],
        ),
    )


_USES: dict[str, tuple[Callable[[np.random.Generator], list[Any]], Callable[[np.random.Generator], Use]]] = {
    "Ledger": (lambda rng: [int(rng.integers(8, 12))], _ledger),
    "Cache": (lambda rng: [int(rng.integers(1, 4))], _cache),
    "Queue": (lambda rng: [int(rng.integers(2, 5))], _queue),
    "Buffer": (lambda rng: [draw(rng, ("", "hello", "abc"))], _buffer),
    "Stock": (lambda rng: [int(rng.integers(2, 5))], _stock),
}

CLASSES = Subject(
    "keeping",
    {},
    (
        Fault("Ledger", "1 <= amount <= self.limit", "0 <= amount <= self.limit"),
        Fault("Ledger", "amount > self.accounts.get(name, 0)", "amount >= self.accounts.get(name, 0)"),
        Fault("Ledger", "if one == other or self", "if self"),
        Fault("Ledger", '= ["transfer", one, other, amount]', '= ["transfer", other, one, amount]'),
        Fault("Ledger", "if name in one[1:3]", "if name == one[1]"),
        Fault("Cache", "        self.kept.pop(key, None)\n", ""),
        Fault("Cache", "len(self.kept) > self.size", "len(self.kept) >= self.size"),
        Fault("Cache", "value = self.kept.pop(key)", "value = self.kept[key]"),
        Fault("Queue", ">= self.size or any", "> self.size or any"),
        Fault("Queue", "[1] >= urgency", "[1] > urgency"),
        Fault("Queue", "return self.push(name, urgency)", "return not self.push(name, urgency)"),
        Fault("Queue", " or any(one == name for one, _ in self.waiting)", ""),
        Fault(
            "Buffer",
            "        self.after = []\n        self.text = text\n        return",
            "        self.text = text\n        return",
        ),
        Fault("Buffer", "            self.after.append(self.text)\n", ""),
        Fault("Buffer", "self.text[place + count :]", "self.text[place + count + 1 :]"),
        Fault("Buffer", "            self.before.append(self.text)\n", ""),
        Fault("Stock", "if count > self.free(kind)", "if count > self.pieces.get(kind, 0)"),
        Fault("Stock", "            self.pieces[kind] -= count\n", "            self.pieces[kind] -= 1\n"),
        Fault("Stock", "self.reserved.get((who, kind), 0) + count", "count"),
        Fault("Stock", "< self.warn", "<= self.warn"),
        Fault("Stock", "if key[0] == who", "if key[1] == who"),
    ),
)
