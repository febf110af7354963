"""The country's pages as Markdown: an almanac, outdated copies of its earlier editions, and travellers' notes.

What a page of the almanac says is true; of two pages that disagree the one that was revised last is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from agentgym.tools.world.drawing import Draws
from agentgym.tools.world.facts import Bridge, Company, Feast, Person, Product, River, Town, World, holder
from agentgym.tools.world.names import slug

__all__ = ["archived", "crowns", "pages"]

_ARCHIVE = "https://archive.example/almanac"
_NOTES = "https://wayfarer.example/notes"
_NOTICE = "Copy of an earlier edition of the almanac, kept as it was."

Written = tuple[str, str]
"""An address, and the Markdown that is there."""


def archived(address: str) -> str:
    """Where the copy of an earlier edition of the almanac's page is."""
    return address.replace("https://almanac.example", _ARCHIVE)


def pages(world: World) -> Iterator[Written]:
    """All pages, the almanac's first."""
    yield from _Almanac(world).pages()
    yield from _Archive(world).pages()


def crowns(hundredths: int) -> str:
    return f"{hundredths // 100:,}.{hundredths % 100:02}"


class _Edition:
    """What the pages of one edition have in common."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        # Apart from the draws of the facts: a fact more must not change every page.
        self.draws = Draws(world.seed * 2 + number)

    def link(self, kind: str, name: str) -> str:
        return f"[{name}]({self.world.address(kind, name)})"


def _page(title: str, revised: date, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *parts, f"Last revised: {revised}"]) + "\n"


class _Almanac(_Edition):
    """The present edition."""

    def __init__(self, world: World) -> None:
        super().__init__(world, 0)

    def pages(self) -> Iterator[Written]:
        world = self.world
        kinds: tuple[tuple[str, dict[str, object], Callable[..., str]], ...] = (
            ("towns", {**world.towns}, self._town),
            ("rivers", {**world.rivers}, self._river),
            ("people", {**world.people}, self._person),
            ("companies", {**world.companies}, self._company),
            ("products", {**world.products}, self._product),
            ("bridges", {**world.bridges}, self._bridge),
            ("festivals", {**world.feasts}, self._feast),
        )
        for kind, things, write in kinds:
            for name, thing in things.items():
                yield world.address(kind, name), write(thing)
            yield f"https://almanac.example/{kind}", self._index(kind, list(things))
        for region in world.regions:
            yield world.address("regions", region), self._region(region)
        for called in {town.called: None for town in world.towns.values() if town.called != town.name}:
            yield world.address("names", called), self._namesakes(called)

    def _written(self, title: str, *parts: str) -> str:
        return _page(title, self.draws.day(2025), *parts)

    def _town(self, town: Town) -> str:
        mayors = [(str(term.since), term.held) for term in town.mayors]
        return self._written(
            town.name,
            f"{town.called} is a town in {self.link('regions', town.region)}, on the river "
            f"{self.link('rivers', town.river)}, {town.elevation_m} m above the sea. It was first named in "
            f"{town.founded}. Its area is {town.area / 10} km².",
            "## Inhabitants\n\n" + _table(("census", "inhabitants"), [(y, f"{n:,}") for y, n in town.people.items()]),
            "## Mayors\n\n" + _table(("in office from", "mayor"), mayors),
            self._seen_in(town),
        )

    def _seen_in(self, town: Town) -> str:
        world = self.world
        here = [self.link("companies", one.name) for one in world.companies.values() if one.seats[-1].held == town.name]
        here += [self.link("bridges", one.name) for one in world.bridges.values() if one.town == town.name]
        here += [self.link("festivals", one.name) for one in world.feasts.values() if one.town == town.name]
        return f"See also: {', '.join(here)}." if here else "There is little else to see."

    def _river(self, river: River) -> str:
        towns = ", ".join(self.link("towns", name) for name in river.towns)
        return self._written(
            f"{river.name} (river)",
            f"The {river.name} rises on {river.source} and is {river.length_km} km long. The towns on it, from the "
            f"source to the mouth, are {towns}.",
        )

    def _person(self, person: Person) -> str:
        built = [self.link("bridges", one.name) for one in self.world.bridges.values() if one.architect == person.name]
        founded = [
            self.link("companies", one.name) for one in self.world.companies.values() if one.founder == person.name
        ]
        works = [f"built {one}" for one in built] + [f"founded {one}" for one in founded]
        return self._written(
            person.name,
            f"{person.called}, {person.trade}, was born on {person.born} in {self.link('towns', person.birthplace)}.",
            f"{person.called} {', '.join(works)}." if works else f"{person.called}'s works hang, or are read, abroad.",
        )

    def _company(self, company: Company) -> str:
        now = company.seats[-1]
        moved = ""
        if len(company.seats) > 1:
            moved = f" Until {now.since} its headquarters were in {self.link('towns', company.seats[0].held)}."
        chiefs = [(str(term.since), term.held) for term in company.chiefs]
        figures = [(year, f"{company.revenue[year]:,}", f"{n:,}") for year, n in company.employees.items()]
        made = [self.link("products", one.name) for one in self.world.products.values() if one.company == company.name]
        return self._written(
            company.name,
            f"{company.name} was founded in {company.founded} by {self.link('people', company.founder)}. Its "
            f"headquarters are in {self.link('towns', now.held)}.{moved} It makes the {' and the '.join(made)}.",
            "## Figures\n\n" + _table(("year", "revenue in thousand crowns", "employees"), figures),
            "## Chief executives\n\n" + _table(("in office from", "name"), chiefs),
            f"Terms of sale: an order of {company.discount_from} pieces or more in all, of whatever products, is "
            f"{company.discount_percent} percent cheaper.",
        )

    def _product(self, product: Product) -> str:
        prices = [(str(since), crowns(price)) for since, price in product.prices]
        return self._written(
            product.name,
            f"The {product.name} is made by {self.link('companies', product.company)} and weighs {product.weight_g} g.",
            "## Price of a piece\n\n" + _table(("from", "crowns"), prices),
        )

    def _bridge(self, bridge: Bridge) -> str:
        return self._written(
            bridge.name,
            f"The {bridge.name} crosses the {self.link('rivers', bridge.river)} in {self.link('towns', bridge.town)}. "
            f"It is {bridge.length_m} m long, was opened in {bridge.opened} and is the work of the architect "
            f"{self.link('people', bridge.architect)}.",
        )

    def _feast(self, feast: Feast) -> str:
        return self._written(
            feast.name,
            f"The {feast.name} has been held in {self.link('towns', feast.town)} every {feast.month} since "
            f"{feast.since}.",
            "## Visitors\n\n" + _table(("year", "visitors"), [(y, f"{n:,}") for y, n in feast.visitors.items()]),
        )

    def _index(self, kind: str, names: Sequence[str]) -> str:
        return self._written(
            f"All {kind} of the almanac", "\n".join(f"- {self.link(kind, name)}" for name in sorted(names))
        )

    def _region(self, region: str) -> str:
        towns = [one for one in self.world.towns.values() if one.region == region]
        rows = [(self.link("towns", one.name), one.elevation_m, one.founded) for one in towns]
        return self._written(
            region,
            f"{region} is one of the four regions of the country.",
            "## Towns\n\n" + _table(("town", "m above the sea", "first named"), rows),
        )

    def _namesakes(self, called: str) -> str:
        towns = [one for one in self.world.towns.values() if one.called == called]
        lines = [f"- {self.link('towns', one.name)}, on the river {one.river}" for one in towns]
        return self._written(f"Towns called {called}", f"{called} may be:", "\n".join(lines))


class _Archive(_Edition):
    """Copies of earlier editions, and notes that are older still. Only some pages were kept."""

    def __init__(self, world: World) -> None:
        super().__init__(world, 1)

    def pages(self) -> Iterator[Written]:
        world = self.world
        for town in world.towns.values():
            yield self._copy("towns", town.name, self._town(town))
            yield f"{_NOTES}/{slug(town.name)}", self._note(town)
        for company in world.companies.values():
            if len(company.seats) > 1:
                yield self._copy("companies", company.name, self._company(company))
        for bridge in world.bridges.values():
            yield self._copy("bridges", bridge.name, self._bridge(bridge))
        for product in world.products.values():
            yield self._copy("products", product.name, self._product(product))

    def _copy(self, kind: str, name: str, text: str) -> Written:
        return archived(self.world.address(kind, name)), text

    def _day(self) -> date:
        return self.draws.day(self.draws.between(2012, 2016))

    def _town(self, town: Town) -> str:
        revised = self._day()
        rows = [("2001", f"{town.people[2001]:,}"), ("2011 (provisional)", f"{town.provisional:,}")]
        return _page(
            town.name,
            revised,
            _NOTICE,
            f"{town.called} is a town in {town.region} on the river {self.link('rivers', town.river)}, "
            f"{town.elevation_m} m above the sea. Its area is {town.former_area / 10} km². Its mayor is "
            f"{holder(town.mayors, revised)}.",
            "## Inhabitants\n\n" + _table(("census", "inhabitants"), rows),
        )

    def _note(self, town: Town) -> str:
        day = self.draws.day(self.draws.between(2003, 2008))
        people = round(self.draws.varied(town.people[2001], 15), -3)
        opening = self.draws.one(("We came to", "Rain in", "Two days in", "A night in", "Back to"))
        bed = self.draws.one(
            ("the inn by the church", "a loft over the bakery", "the ferryman's house", "the old mill")
        )
        return _page(
            f"{opening} {town.called}",
            day,
            f"{town.called} on the {town.river} has, they say, some {people:,} people and as many geese. We slept "
            f"in {bed} and paid {self.draws.between(9, 60)} crowns. "
            f"The mayor, {holder(town.mayors, day)}, lent us a boat.",
        )

    def _company(self, company: Company) -> str:
        revised = self._day()
        return _page(
            company.name,
            revised,
            _NOTICE,
            f"{company.name} has its headquarters in {self.link('towns', company.seats[0].held)}, where "
            f"{self.link('people', company.founder)} founded it in {company.founded}. Its chief executive is "
            f"{holder(company.chiefs, revised)}.",
        )

    def _bridge(self, bridge: Bridge) -> str:
        return _page(
            bridge.name,
            self._day(),
            _NOTICE,
            f"The {bridge.name} in {self.link('towns', bridge.town)} was opened in {bridge.opened} and is ascribed to "
            f"the architect {self.link('people', bridge.once_ascribed)}.",
        )

    def _product(self, product: Product) -> str:
        rows = [(str(since), crowns(price)) for since, price in product.prices[:-1]]
        rows.append((f"{product.prices[-1][0]} (announced)", crowns(product.announced)))
        return _page(
            product.name,
            # Between the last two prices.
            self.draws.day(2023),
            _NOTICE,
            f"The {product.name} is made by {self.link('companies', product.company)}.",
            "## Price of a piece\n\n" + _table(("from", "crowns"), rows),
        )


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
