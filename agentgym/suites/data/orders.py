"""A question about a CSV file of orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.data.asking import DATA, GUESSES, NEAR_MISSES, TOOLS, answered, money, one_answer
from agentgym.suites.toolmaking import Calls, draw, draw_level, draw_some, lay, make_task
from agentgym.tasks import Task

__all__ = ["FAMILIES", "Row", "cents", "csv_text", "draw_orders"]

REGIONS = ("East", "North", "South", "West")
PRODUCTS = ("Anchor", "Bucket", "Candle", "Drill", "Easel", "Funnel", "Goggles", "Hammer")
_CUSTOMERS = ("Abel", "Baker", "Costa", "Duarte", "Engel", "Fuchs", "Grant", "Hale", "Ito", "Jones")
_STATUSES = ("paid", "paid", "paid", "open", "cancelled")
_PLACE = f"{DATA}/orders.csv"

Row = dict[str, str]


class _Filter(NamedTuple):
    """Which rows count, in words and for Python."""

    words: str
    column: str
    value: str

    def takes(self, row: Row) -> bool:
        return row[self.column].startswith(self.value)

    @property
    def code(self) -> str:
        return f"row[{self.column!r}].startswith({self.value!r})"


class _Question(NamedTuple):
    """What is asked of some rows: in words, for us, and for Python in the machine (of a list ``rows``)."""

    words: str
    answer: Callable[[Sequence[Row]], str]
    code: str


def draw_orders(rng: np.random.Generator, count: int) -> list[Row]:
    """Orders with increasing numbers; the price is per piece."""
    prices = {product: f"{rng.integers(2, 90)}.{rng.integers(100):02}" for product in PRODUCTS}
    rows = []
    for number in range(count):
        product = draw(rng, PRODUCTS)
        rows.append(
            {
                "order": str(1001 + number),
                "date": f"2025-{rng.integers(1, 5):02}-{rng.integers(1, 29):02}",
                "region": draw(rng, REGIONS),
                "product": product,
                "customer": draw(rng, _CUSTOMERS),
                "quantity": str(rng.integers(1, 25)),
                "price": prices[product],
                "status": draw(rng, _STATUSES),
            }
        )
    return rows


def csv_text(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows, of which no value has a comma or quote, with a line of their names."""
    return "".join(",".join(cells) + "\n" for cells in [list(rows[0]), *(row.values() for row in rows)])


def cents(row: Row) -> int:
    """What an order comes to."""
    return int(row["quantity"]) * int(row["price"].replace(".", ""))


def _revenue(rows: Sequence[Row]) -> str:
    return money(sum(map(cents, rows)))


def _best_product(rows: Sequence[Row]) -> str:
    sold: Counter[str] = Counter()
    for row in rows:
        sold[row["product"]] += int(row["quantity"])
    return min(sold, key=lambda name: (-sold[name], name)) if sold else "none"


def _largest(rows: Sequence[Row]) -> str:
    return min(rows, key=lambda row: (-cents(row), int(row["order"])))["order"] if rows else "none"


def _per_customer(rows: Sequence[Row]) -> str:
    counts = Counter(row["customer"] for row in rows)
    return str(sum(count >= 2 for count in counts.values()))


_CENTS = "int(row['quantity']) * int(row['price'].replace('.', ''))"
_QUESTIONS = (
    _Question(
        "What is the revenue of {rows}, which is the sum of quantity times price? Submit the amount with two decimals "
        "and nothing else, such as 1250.50.",
        _revenue,
        f"(lambda all: f'{{all // 100}}.{{all % 100:02}}')(sum({_CENTS} for row in rows))",
    ),
    _Question(
        "How many different customers have {rows}? Submit the number.",
        lambda rows: str(len({row["customer"] for row in rows})),
        "len({row['customer'] for row in rows})",
    ),
    _Question(
        "How many customers have at least two of {rows}? Submit the number.",
        _per_customer,
        "(lambda names: sum(names.count(name) >= 2 for name in set(names)))([row['customer'] for row in rows])",
    ),
    _Question(
        "Of which product is the most sold, in pieces, in {rows}? Of products that are equal take the first in the "
        'order of the alphabet. Submit its name, or "none" if there is no such order.',
        _best_product,
        "min((-sum(int(row['quantity']) for row in rows if row['product'] == name), name) "
        "for name in {row['product'] for row in rows})[1] if rows else 'none'",
    ),
    _Question(
        "Which of {rows} has the largest amount (quantity times price)? Of equal ones take the one with the lowest "
        'number. Submit the number of the order, or "none" if there is no such order.',
        _largest,
        f"min((-({_CENTS}), int(row['order'])) for row in rows)[1] if rows else 'none'",
    ),
)


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    rows = draw_orders(rng, 40 * level)
    question = draw(rng, _QUESTIONS)
    filters = _draw_filters(rng, level)
    answer = question.answer(_kept(rows, filters))
    if str(answer) in GUESSES:
        return _make(rng)
    others = [question.answer(_kept(rows, [*filters[:place], *filters[place + 1 :]])) for place in range(level)]
    other = next((one for one in others if one != answer), f"{answer}1")
    said = " ".join(one.words for one in filters)
    return make_task(
        "data/csv-question",
        f"~/data/orders.csv has an order on each line. {question.words.format(rows=f'the orders {said}')}",
        setup=[lay(_PLACE, csv_text(rows))],
        checks=[one_answer(answer)],
        tools=TOOLS,
        drawn={
            "level": level,
            "answer": answer,
            "other": other,
            "code": question.code,
            "filter": " and ".join(one.code for one in filters),
        },
    )


def _draw_filters(rng: np.random.Generator, level: int) -> list[_Filter]:
    region, month = draw(rng, REGIONS), int(rng.integers(1, 5))
    status, product = draw(rng, ("paid", "open", "cancelled")), draw(rng, PRODUCTS)
    known = [
        _Filter(f"of the region {region}", "region", region),
        _Filter(f"of {('January', 'February', 'March', 'April')[month - 1]} 2025", "date", f"2025-{month:02}"),
        _Filter(f"with the status {status}", "status", status),
        _Filter(f"for the product {product}", "product", product),
    ]
    return draw_some(rng, known[: 3 if level < 2 else 4], level)


def _kept(rows: Sequence[Row], filters: Sequence[_Filter]) -> list[Row]:
    return [row for row in rows if all(one.takes(row) for one in filters)]


def _solve(task: Task) -> Calls:
    drawn = task.seed_params
    read = f"import csv\nrows = [row for row in csv.DictReader(open({_PLACE!r})) if {drawn['filter']}]"
    yield from answered(drawn["code"], read)


FAMILIES = (TaskFamily("csv-question", _make, _solve, NEAR_MISSES, tags=("data", "csv")),)
