"""What is true in a small made-up country: towns, rivers, people, companies, products, bridges and festivals.

The same number makes the same country everywhere and always; another number makes another one, with other facts and
mostly other names, so that nothing can be learnt by heart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from agentgym.tools.world.names import slug

__all__ = [
    "CENSUSES",
    "TODAY",
    "YEARS",
    "Bridge",
    "Company",
    "Feast",
    "Person",
    "Product",
    "River",
    "Term",
    "Town",
    "World",
    "holder",
    "make_world",
    "price_on",
]

TODAY = date(2026, 1, 1)
"""The day on which the country is looked at; nothing in it is later."""
CENSUSES = (2001, 2011, 2021)
YEARS = (2020, 2021, 2022, 2023, 2024)
"""The years of which companies and festivals give figures."""


@dataclass(frozen=True)
class Term:
    """Who or what held a place from a day on, until the next one did."""

    since: date
    held: str


@dataclass(frozen=True)
class Town:
    """A town. ``name`` says the region too where two towns are called alike; areas are in tenths of a km².

    Args:
        provisional: what was first given out as the census of 2011.
        former_area: before the bounds were drawn anew.
    """

    name: str
    called: str
    region: str
    river: str
    founded: int
    elevation_m: int
    area: int
    former_area: int
    people: dict[int, int]
    provisional: int
    mayors: tuple[Term, ...]


@dataclass(frozen=True)
class River:
    name: str
    length_km: int
    source: str
    towns: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """A person. ``name`` says the trade too where two people are called alike."""

    name: str
    called: str
    trade: str
    born: date
    birthplace: str


@dataclass(frozen=True)
class Company:
    """A company. ``seats`` and ``chiefs`` are in their order; ``revenue`` is in thousands of crowns."""

    name: str
    founded: int
    founder: str
    seats: tuple[Term, ...]
    chiefs: tuple[Term, ...]
    revenue: dict[int, int]
    employees: dict[int, int]
    discount_percent: int
    discount_from: int


@dataclass(frozen=True)
class Product:
    """A product. Prices are in hundredths of a crown, each from its day on.

    Args:
        announced: what was to be the last price when it was still to come.
    """

    name: str
    company: str
    weight_g: int
    prices: tuple[tuple[date, int], ...]
    announced: int


@dataclass(frozen=True)
class Bridge:
    """A bridge, and the architect to whom it was once ascribed by mistake."""

    name: str
    town: str
    river: str
    architect: str
    once_ascribed: str
    opened: int
    length_m: int


@dataclass(frozen=True)
class Feast:
    name: str
    town: str
    month: str
    since: int
    visitors: dict[int, int]


@dataclass(frozen=True)
class World:
    """A whole country, everything by its name."""

    seed: int
    regions: tuple[str, ...]
    rivers: dict[str, River]
    towns: dict[str, Town]
    people: dict[str, Person]
    companies: dict[str, Company]
    products: dict[str, Product]
    bridges: dict[str, Bridge]
    feasts: dict[str, Feast]

    def address(self, kind: str, name: str) -> str:
        """Where the page of a thing is: ``https://almanac.example/towns/ostford``."""
        return f"https://almanac.example/{kind}/{slug(name)}"


def price_on(product: Product, day: date) -> int:
    """A product's price on a day; the first one if it was before them all."""
    return next((price for since, price in reversed(product.prices) if since <= day), product.prices[0][1])


def holder(terms: tuple[Term, ...], day: date) -> str:
    """Who held the place on a day; the first one if it was before them all."""
    return next((term.held for term in reversed(terms) if term.since <= day), terms[0].held)


@lru_cache(maxsize=16)
def make_world(seed: int = 0) -> World:
    """The country of this number."""
    from agentgym.tools.world.making import draw_world

    return draw_world(seed)
