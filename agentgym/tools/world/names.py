"""Names for what is in the world, none of them real on purpose and none drawn twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentgym.tools.world.drawing import Draws

__all__ = ["Names", "slug"]

_STEMS = (
    *("Ard", "Bel", "Bram", "Cald", "Corv", "Dal", "Dorn", "Eld", "Esk", "Fal", "Fen", "Gar", "Gris", "Hal", "Hest"),
    *("Ilm", "Jor", "Kal", "Kerr", "Lath", "Lor", "Mar", "Mel", "Mor", "Nev", "Nor", "Ost", "Pell", "Quen", "Rav"),
    *("Ros", "Sael", "Skar", "Sol", "Tarn", "Thal", "Ulm", "Var", "Ves", "Wend", "Wick", "Yar", "Zel"),
)
_TOWN_ENDS = ("brook", "by", "ford", "gate", "ham", "haven", "mere", "mouth", "sted", "ton", "wall", "wick")
_RIVER_ENDS = ("a", "ash", "eth", "in", "ora", "une")
_GIVEN = (
    *("Adela", "Anselm", "Bertil", "Cosima", "Dagny", "Edwin", "Fenna", "Gilles", "Hanne", "Ivo", "Jorun", "Kaspar"),
    *("Leonie", "Magnus", "Nadia", "Odile", "Pavel", "Rosa", "Sander", "Thea", "Ulla", "Viktor", "Wanda", "Yorick"),
)
_FAMILY_ENDS = ("ander", "berg", "croft", "dahl", "er", "ick", "ling", "man", "ov", "sen", "strand", "well")
_WORKS = ("Foundry", "Glassworks", "Instruments", "Looms", "Mills", "Motors", "Optics", "Pottery", "Shipyard", "Works")
_GOODS = (
    "Anchor",
    "Beacon",
    "Comet",
    "Falcon",
    "Heron",
    "Lark",
    "Meteor",
    "Otter",
    "Pilot",
    "Swift",
    "Terra",
    "Vesper",
)
_FEASTS = ("Boat Race", "Book Fair", "Cider Days", "Kite Week", "Lantern Night", "Music Days", "Wool Market")
_REGIONS = ("Norvale", "Westmark", "Highmoor", "Sundland", "Eastreach", "Lowfen")


def slug(name: str) -> str:
    """The part of an address that stands for a name: ``ostford-norvale`` of ``Ostford (Norvale)``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Names:
    """Gives names, each once."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._given: set[str] = set()

    def regions(self, count: int) -> list[str]:
        return self._draws.some(_REGIONS, count)

    def town(self) -> str:
        return self._new("{}{}", _STEMS, _TOWN_ENDS)

    def river(self) -> str:
        return self._new("{}{}", _STEMS, _RIVER_ENDS)

    def hill(self) -> str:
        return self._new("{} {}", _STEMS, ("Fell", "Head", "Moor", "Tor"))

    def person(self) -> str:
        return self._new("{} {}{}", _GIVEN, _STEMS, _FAMILY_ENDS)

    def company(self, stem: str | None = None) -> str:
        """A company's; those of one stem are easily mistaken for each other."""
        return self._new("{} {}", _STEMS if stem is None else (stem,), _WORKS)

    def product(self, company: str) -> str:
        return self._new("{} {} {}", (company.partition(" ")[0],), _GOODS, ("100", "200", "300", "400"))

    def bridge(self, town: str) -> str:
        return self._new("{} {} Bridge", ("Iron", "King's", "New", "Old", "Stone", "Weir"), (town,))

    def feast(self, town: str) -> str:
        return self._new("{} {}", (town,), _FEASTS)

    def _new(self, form: str, *parts: Sequence[str]) -> str:
        while True:
            name = form.format(*(self._draws.one(part) for part in parts))
            if name not in self._given:
                self._given.add(name)
                return name
