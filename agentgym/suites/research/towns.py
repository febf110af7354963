"""Questions about towns that take several pages and a calculation."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.research.looking import Calls, calculated, cell, figure, led_to, looked_up, opened, submitted
from agentgym.suites.research.making import draw_until, make_task
from agentgym.suites.toolmaking import answer_is, draw
from agentgym.tasks import Task
from agentgym.tools.calculating import calculate
from agentgym.tools.world import CENSUSES, Product, River, Town, World, archived

__all__ = ["FAMILIES"]

_ALMANAC = "https://almanac.example/"


def rounded(number: Fraction, digits: int) -> float:
    """As the calculator rounds it."""
    return float(calculate(f"round({number.numerator}/{number.denominator}, {digits})"))


# How dense is the town in which the maker of something sits?


def _make_density(rng: np.random.Generator) -> Task:
    world, (product, year, town, other) = draw_until(rng, _draw_density)
    return make_task(
        "density",
        f"How many inhabitants per square kilometre did the town in which the maker of the {product.name} has its "
        f"headquarters today have at the census of {year}? Take the town's present area, round to one decimal, and "
        "submit nothing but the number.",
        world=world,
        checks=[answer_is(_density(town, year))],
        drawn={
            "product": product.name,
            "year": str(year),
            "other_year": str(CENSUSES[(CENSUSES.index(year) + 1) % len(CENSUSES)]),
            "namesake": world.address("towns", other.name),
        },
    )


def _draw_density(world: World, rng: np.random.Generator) -> tuple[Product, int, Town, Town] | None:
    """A product whose maker has moved to a town that has a namesake."""
    fitting = []
    for product in world.products.values():
        seats = world.companies[product.company].seats
        town = world.towns[seats[-1].held]
        other = next((one for one in world.towns.values() if one.called == town.called and one != town), None)
        if len(seats) > 1 and other is not None:
            fitting.append((product, town, other))
    if not fitting:
        return None
    product, town, other = draw(rng, fitting)
    year = draw(rng, CENSUSES)
    wrong = [_density(world.towns[world.companies[product.company].seats[0].held], year), _density(other, year)]
    wrong += [_density(town, one) for one in CENSUSES if one != year]
    wrong.append(rounded(Fraction(town.people[year] * 10, town.former_area), 1))
    return None if _density(town, year) in wrong else (product, year, town, other)


def _density(town: Town, year: int) -> float:
    return rounded(Fraction(town.people[year] * 10, town.area), 1)


def _solve_density(task: Task) -> Calls:
    yield from _answer_density(task)


def _density_at_former_seat(task: Task) -> Calls:
    yield from _answer_density(task, company_from=archived)


def _density_of_former_area(task: Task) -> Calls:
    yield from _answer_density(task, area_from=archived)


def _density_of_namesake(task: Task) -> Calls:
    yield from _answer_density(task, town=task.seed_params["namesake"])


def _density_of_other_census(task: Task) -> Calls:
    yield from _answer_density(task, year=task.seed_params["other_year"])


def _density_upside_down(task: Task) -> Calls:
    yield from _answer_density(task, formula="round({area} / {people}, 1)")


def _answer_density(
    task: Task,
    *,
    company_from: Any = str,
    area_from: Any = str,
    town: str | None = None,
    year: str | None = None,
    formula: str = "round({people} / {area}, 1)",
) -> Calls:
    product = yield from looked_up(task.seed_params["product"], at=_ALMANAC)
    company = yield from opened(company_from(led_to(product, "made by")))
    address = town or led_to(company, "headquarters")
    page = yield from opened(address)
    measured = yield from opened(area_from(address))
    people = figure(cell(page, year or task.seed_params["year"]))
    area = measured.partition("area is ")[2].split()[0]
    yield from submitted(float((yield from calculated(formula.format(people=people, area=area)))))


# Which town on a river has grown most?


def _make_growth(rng: np.random.Generator) -> Task:
    world, river = draw_until(rng, _draw_growth)
    name, percent = _fastest(world, river, 2011, 2021)
    return make_task(
        "growth",
        f"Which of the towns on the river {river.name} grew most in percent between the censuses of 2011 and 2021, and "
        'by how much? Submit JSON: {"town": the title of its page, "percent": the growth, rounded to two decimals}.',
        world=world,
        checks=[answer_is({"town": name, "percent": percent})],
        drawn={"river": river.name},
    )


def _draw_growth(world: World, rng: np.random.Generator) -> River | None:
    fitting = [river for river in world.rivers.values() if _tells_apart(world, river)]
    return draw(rng, fitting) if fitting else None


def _tells_apart(world: World, river: River) -> bool:
    """Whether only the right way of counting leads to the right town and number."""
    towns = [world.towns[name] for name in river.towns]
    growths = sorted(_growth(town, 2011, 2021) for town in towns)
    name, percent = _fastest(world, river, 2011, 2021)
    most = max(towns, key=lambda town: town.people[2021] - town.people[2011])
    clear = growths[-1] >= 2 and growths[-1] - growths[-2] >= 1
    return clear and most.name != name and _fastest(world, river, 2001, 2011) != (name, percent)


def _growth(town: Town, before: int, after: int) -> float:
    return rounded(Fraction(100 * (town.people[after] - town.people[before]), town.people[before]), 2)


def _fastest(world: World, river: River, before: int, after: int) -> tuple[str, float]:
    growths: Mapping[str, float] = {name: _growth(world.towns[name], before, after) for name in river.towns}
    name = max(growths, key=lambda one: growths[one])
    return name, growths[name]


def _solve_growth(task: Task) -> Calls:
    yield from _answer_growth(task)


def _growth_a_decade_before(task: Task) -> Calls:
    yield from _answer_growth(task, years=("2001", "2011"))


def _growth_from_provisional(task: Task) -> Calls:
    yield from _answer_growth(task, before_from=archived)


def _growth_of_the_later(task: Task) -> Calls:
    yield from _answer_growth(task, formula="round(100 * ({after} - {before}) / {after}, 2)")


def _growth_in_heads(task: Task) -> Calls:
    yield from _answer_growth(task, by="{after} - {before}")


def _answer_growth(
    task: Task,
    *,
    years: tuple[str, str] = ("2011", "2021"),
    before_from: Any = str,
    formula: str = "round(100 * ({after} - {before}) / {before}, 2)",
    by: str | None = None,
) -> Calls:
    river = yield from looked_up(f"{task.seed_params['river']} (river)", at=_ALMANAC)
    ranked: list[tuple[float, str, float]] = []
    for number in range(1, river.count("almanac.example/towns/") + 1):
        address = next(line.split()[1] for line in river.splitlines() if line.startswith(f"[{number}] "))
        page = yield from opened(address)
        earlier = yield from opened(before_from(address))
        counted = {"before": figure(cell(earlier, years[0])), "after": figure(cell(page, years[1]))}
        percent = float((yield from calculated(formula.format(**counted))))
        rank = percent if by is None else float((yield from calculated(by.format(**counted))))
        ranked.append((rank, page.splitlines()[0], percent))
    _, town, percent = max(ranked)
    yield from submitted({"town": town, "percent": percent})


FAMILIES = (
    TaskFamily(
        "density",
        _make_density,
        _solve_density,
        {
            "the former headquarters": _density_at_former_seat,
            "the former area": _density_of_former_area,
            "the namesake": _density_of_namesake,
            "another census": _density_of_other_census,
            "divided the wrong way": _density_upside_down,
        },
        tags=("research", "numeric"),
    ),
    TaskFamily(
        "growth",
        _make_growth,
        _solve_growth,
        {
            "the decade before": _growth_a_decade_before,
            "provisional figures": _growth_from_provisional,
            "percent of the later": _growth_of_the_later,
            "by heads": _growth_in_heads,
        },
        tags=("research", "numeric", "comparison"),
    ),
)
