"""Questions about what an order cost, of which the prices have to be kept as findings."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.research.looking import Calls, calculated, led_to, looked_up, opened, saved, submitted
from agentgym.suites.research.making import draw_until, findings_are, make_task
from agentgym.suites.research.towns import rounded
from agentgym.suites.toolmaking import answer_is, draw
from agentgym.tasks import Task
from agentgym.tools.world import Company, Product, World, archived, price_on

__all__ = ["FAMILIES"]

_ALMANAC = "https://almanac.example/"
_TODAY = "2025-12-31"


def _make_order(rng: np.random.Generator) -> Task:
    world, (company, products, day) = draw_until(rng, _draw_order)
    # Not to be had for each product alone, but for both together.
    numbers = [int(rng.integers(company.discount_from // 2 + 1, company.discount_from)) for _ in products]
    prices = [price_on(product, day) for product in products]
    total = sum(number * price for number, price in zip(numbers, prices, strict=True))
    listed = " and ".join(f"{n} pieces of the {one.name}" for n, one in zip(numbers, products, strict=True))
    return make_task(
        "order",
        f"On {day} somebody ordered {listed} in one order, by the maker's terms of sale. Save the price of a piece of "
        "each product on that day with save_findings, each under the product's name and with the address of the page "
        "that says so. Then submit what the order cost in crowns: nothing but the number, rounded to two decimals.",
        world=world,
        checks=[
            answer_is(rounded(Fraction(total * (100 - company.discount_percent), 10_000), 2)),
            findings_are(
                [
                    {"name": one.name, "value": price / 100, "sources": [world.address("products", one.name)]}
                    for one, price in zip(products, prices, strict=True)
                ]
            ),
        ],
        drawn={"numbers": numbers, "products": [one.name for one in products], "day": str(day)},
    )


def _draw_order(world: World, rng: np.random.Generator) -> tuple[Company, list[Product], date] | None:
    """Two products of a company, and a day on which one has its last price already and the other not yet."""
    company = draw(rng, list(world.companies.values()))
    products = [one for one in world.products.values() if one.company == company.name]
    products.sort(key=lambda one: one.prices[-1][0])
    first, last = (one.prices[-1][0] for one in products)
    if len(products) != 2 or (last - first).days < 10:
        return None
    return company, products, first + timedelta(days=int(rng.integers(1, (last - first).days)))


def _solve_order(task: Task) -> Calls:
    yield from _cost(task)


def _order_at_prices_of_today(task: Task) -> Calls:
    yield from _cost(task, day=_TODAY)


def _order_at_announced_prices(task: Task) -> Calls:
    yield from _cost(task, prices_from=archived)


def _order_without_discount(task: Task) -> Calls:
    yield from _cost(task, formula="round({sum}, 2)")


def _order_with_discount_added(task: Task) -> Calls:
    yield from _cost(task, formula="round(({sum}) * (1 + {percent}%), 2)")


def _order_without_findings(task: Task) -> Calls:
    yield from _cost(task, keeping=False)


def _order_with_sources_of_the_old_edition(task: Task) -> Calls:
    yield from _cost(task, cited=archived)


def _cost(
    task: Task,
    *,
    day: str | None = None,
    prices_from: Any = str,
    cited: Any = str,
    formula: str = "round(({sum}) * (1 - {percent}%), 2)",
    keeping: bool = True,
) -> Calls:
    drawn = task.seed_params
    found: list[tuple[str, float, str]] = []
    maker = ""
    for name in drawn["products"]:
        current = yield from looked_up(name, at=_ALMANAC)
        address = current.splitlines()[1].partition(",")[0]
        page = yield from opened(prices_from(address))
        found.append((name, _price(page, day or drawn["day"]), cited(address)))
        maker = led_to(current, "made by")
    company = yield from opened(maker)
    percent = company.partition("whatever products, is ")[2].split()[0]
    if keeping:
        yield from saved(found)
    counted = " + ".join(f"{n} * {price}" for n, (_, price, _) in zip(drawn["numbers"], found, strict=True))
    yield from submitted(float((yield from calculated(formula.format(sum=counted, percent=percent)))))


def _price(page: str, day: str) -> float:
    """The last price in a product's table that was to hold from a day on, or before."""
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| 20")]
    return next(float(price.replace(",", "")) for since, price in reversed(rows) if since[:10] <= day)


FAMILIES = (
    TaskFamily(
        "order",
        _make_order,
        _solve_order,
        {
            "prices of today": _order_at_prices_of_today,
            "announced prices": _order_at_announced_prices,
            "no discount": _order_without_discount,
            "discount added": _order_with_discount_added,
            "no findings": _order_without_findings,
            "sources of the old edition": _order_with_sources_of_the_old_edition,
        },
        tags=("research", "numeric", "findings", "as of a day"),
    ),
)
