"""Draws a country."""

from __future__ import annotations

from collections import Counter
from datetime import date

from agentgym.tools.world.drawing import Draws
from agentgym.tools.world.facts import (
    CENSUSES,
    YEARS,
    Bridge,
    Company,
    Feast,
    Person,
    Product,
    River,
    Term,
    Town,
    World,
)
from agentgym.tools.world.names import Names

__all__ = ["draw_world"]

_RIVERS = 8
_TOWNS_A_RIVER = 4
_COMPANIES = 24
_PRODUCTS_A_COMPANY = 2
_ARCHITECTS = 12
_NAMESAKES = 8
_BRIDGES = 18
_FEASTS = 16
_TRADES = ("painter", "poet", "surgeon", "botanist", "singer")
_MONTHS = ("May", "June", "July", "August", "September", "October")


class _Drawing:
    """A country in the making: later things stand on earlier ones."""

    def __init__(self, seed: int) -> None:
        self._draws = Draws(seed)
        self._names = Names(self._draws)
        self._seed = seed

    def world(self) -> World:
        regions = self._names.regions(4)
        rivers, towns = self._waters_and_towns(regions)
        people = self._people(list(towns))
        founders = [person for person in people.values() if person.trade == "engineer"]
        architects = [person for person in people.values() if person.trade == "architect"]
        companies = self._companies(founders, list(towns))
        return World(
            self._seed,
            tuple(regions),
            rivers,
            towns,
            people,
            companies,
            self._products(list(companies)),
            self._bridges(architects, list(towns.values())),
            self._feasts(list(towns)),
        )

    def _waters_and_towns(self, regions: list[str]) -> tuple[dict[str, River], dict[str, Town]]:
        places: list[tuple[str, str, str]] = []
        for index in range(_RIVERS):
            here = [self._names.town() for _ in range(_TOWNS_A_RIVER)]
            if index % 2:
                # Called like a town of the river before, which flows through another region.
                here[self._draws.between(0, _TOWNS_A_RIVER - 1)] = self._draws.one(places[-_TOWNS_A_RIVER:])[0]
            river = self._names.river()
            places += [(called, regions[index % len(regions)], river) for called in here]
        twice = _twice([called for called, _, _ in places])
        towns: dict[str, Town] = {}
        along: dict[str, list[str]] = {}
        for called, region, river in places:
            name = f"{called} ({region})" if called in twice else called
            towns[name] = self._town(name, called, region, river)
            along.setdefault(river, []).append(name)
        return {name: self._river(name, here) for name, here in along.items()}, towns

    def _river(self, name: str, towns: list[str]) -> River:
        return River(name, self._draws.between(40, 310), self._names.hill(), tuple(towns))

    def _town(self, full: str, called: str, region: str, river: str) -> Town:
        draws = self._draws
        first = draws.between(4_000, 90_000)
        second = draws.varied(first, 25)
        area = draws.between(95, 1450)
        return Town(
            full,
            called,
            region,
            river,
            draws.between(870, 1790),
            draws.between(3, 640),
            area,
            draws.varied(area, 20),
            dict(zip(CENSUSES, (first, second, draws.varied(second, 25)), strict=True)),
            draws.varied(second, 6),
            self._terms(1999, 3, 9),
        )

    def _terms(self, year: int, least: int, most: int) -> tuple[Term, ...]:
        """A new name every few years, the last of them not later than 2024."""
        terms: list[Term] = []
        while year <= 2024:
            terms.append(Term(self._draws.day(year), self._names.person()))
            year += self._draws.between(least, most)
        return tuple(terms)

    def _people(self, towns: list[str]) -> dict[str, Person]:
        drawn = [(self._names.person(), "engineer") for _ in range(_COMPANIES)]
        drawn += [(self._names.person(), "architect") for _ in range(_ARCHITECTS)]
        drawn += [(called, self._draws.one(_TRADES)) for called, _ in self._draws.some(drawn, _NAMESAKES)]
        twice = _twice([called for called, _ in drawn])
        people: dict[str, Person] = {}
        taken: dict[str, str] = {}
        for called, trade in drawn:
            name = f"{called} ({trade})" if called in twice else called
            birthplace = self._draws.one([town for town in towns if town != taken.get(called)])
            taken[called] = birthplace
            born = self._draws.day(self._draws.between(1931, 1968))
            people[name] = Person(name, called, trade, born, birthplace)
        return people

    def _companies(self, founders: list[Person], towns: list[str]) -> dict[str, Company]:
        companies: dict[str, Company] = {}
        stem = ""
        for index, founder in enumerate(founders):
            # Every third is called nearly like the one before.
            name = self._names.company(stem if index % 3 == 2 else None)
            stem = name.partition(" ")[0]
            founded = founder.born.year + self._draws.between(22, 40)
            companies[name] = self._company(name, founder, founded, towns)
        return companies

    def _company(self, name: str, founder: Person, founded: int, towns: list[str]) -> Company:
        draws = self._draws
        before, now = draws.some(towns, 2)
        seats = (Term(date(founded, 1, 1), before), Term(draws.day(draws.between(2017, 2022)), now))
        revenue, employees = draws.between(2_000, 90_000), draws.between(30, 2_400)
        figures: dict[int, tuple[int, int]] = {}
        for year in YEARS:
            revenue, employees = draws.varied(revenue, 18), draws.varied(employees, 15)
            figures[year] = (revenue, employees)
        return Company(
            name,
            founded,
            founder.name,
            # Not every company has moved.
            seats if draws.between(0, 3) else (Term(date(founded, 1, 1), now),),
            self._terms(draws.between(2004, 2010), 4, 8),
            {year: pair[0] for year, pair in figures.items()},
            {year: pair[1] for year, pair in figures.items()},
            draws.between(2, 15),
            draws.one((20, 25, 40, 50)),
        )

    def _products(self, companies: list[str]) -> dict[str, Product]:
        products: dict[str, Product] = {}
        for company in companies:
            for _ in range(_PRODUCTS_A_COMPANY):
                name, price = self._names.product(company), self._draws.between(900, 48_000)
                prices: list[tuple[date, int]] = []
                for year in (2019, 2022, 2024):
                    price = self._draws.varied(price, 20)
                    prices.append((self._draws.day(year), price))
                weight, announced = self._draws.between(60, 9_000), self._draws.varied(price, 12)
                products[name] = Product(name, company, weight, tuple(prices), announced)
        return products

    def _bridges(self, architects: list[Person], towns: list[Town]) -> dict[str, Bridge]:
        bridges: dict[str, Bridge] = {}
        for town in self._draws.some(towns, _BRIDGES):
            name, (architect, other) = self._names.bridge(town.called), self._draws.some(architects, 2)
            opened = architect.born.year + self._draws.between(28, 50)
            length = self._draws.between(24, 420)
            bridges[name] = Bridge(name, town.name, town.river, architect.name, other.name, opened, length)
        return bridges

    def _feasts(self, towns: list[str]) -> dict[str, Feast]:
        feasts: dict[str, Feast] = {}
        for town in self._draws.some(towns, _FEASTS):
            name, visitors = self._names.feast(town.partition(" (")[0]), self._draws.between(800, 60_000)
            by_year: dict[int, int] = {}
            for year in YEARS:
                visitors = by_year[year] = self._draws.varied(visitors, 30)
            since = self._draws.between(1890, 2012)
            feasts[name] = Feast(name, town, self._draws.one(_MONTHS), since, by_year)
        return feasts


def _twice(names: list[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def draw_world(seed: int) -> World:
    """The country of this number, drawn anew."""
    return _Drawing(seed).world()
