"""A question about a database with several tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.data.asking import DATA, GUESSES, NEAR_MISSES, TOOLS, one_answer, submit_printed
from agentgym.suites.data.databases import lay_database, table_sql
from agentgym.suites.toolmaking import Calls, draw, draw_level, draw_some, make_task, sql
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

_PLACE = f"{DATA}/shop.db"
_NAMES = ("Adler", "Bianchi", "Carter", "Dubois", "Evans", "Ferrari", "Gomez", "Huber", "Ivanov", "Jensen", "Klein")
_CITIES = ("Athens", "Basel", "Cadiz", "Delft", "Essen")
_CATEGORIES = ("books", "games", "music", "tools")


class _Shop(NamedTuple):
    """Rows of the four tables, in the order of their columns."""

    customers: Sequence[tuple[int, str, str]]
    products: Sequence[tuple[int, str, str, int]]
    orders: Sequence[tuple[int, int, str]]
    items: Sequence[tuple[int, int, int]]

    def lines(self) -> list[dict[str, Any]]:
        """Each item of an order with all that belongs to it."""
        customers = {number: (name, city) for number, name, city in self.customers}
        products = {number: (category, cents) for number, _, category, cents in self.products}
        orders = {number: (customer, day) for number, customer, day in self.orders}
        lines = []
        for order, product, quantity in self.items:
            customer, day = orders[order]
            name, city = customers[customer]
            category, cents = products[product]
            lines.append(
                {"order": order, "day": day, "name": name, "city": city, "category": category, "pieces": quantity}
                | {"cents": cents * quantity}
            )
        return lines


class _Question(NamedTuple):
    """In words, for us (of a shop, a city, a category), and in SQL."""

    words: str
    answer: Callable[[_Shop, str, str], Any]
    query: str


def _most(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name)) if counts else "none"


def _spent(shop: _Shop, city: str, category: str) -> int:
    return sum(one["cents"] for one in shop.lines() if one["city"] == city and one["category"] == category)


def _best_city(shop: _Shop, city: str, category: str) -> str:
    del city
    counts: Counter[str] = Counter()
    for one in shop.lines():
        if one["category"] == category:
            counts[one["city"]] += one["cents"]
    return _most(counts)


def _without_orders(shop: _Shop, city: str, category: str) -> int:
    del category
    ordered = {customer for _, customer, _ in shop.orders}
    return sum(place == city and number not in ordered for number, _, place in shop.customers)


def _best_customer(shop: _Shop, city: str, category: str) -> str:
    counts: Counter[str] = Counter()
    for one in shop.lines():
        if one["city"] == city and one["category"] != category:
            counts[one["name"]] += one["pieces"]
    return _most(counts)


def _orders_with(shop: _Shop, city: str, category: str) -> int:
    with_category = {one["order"] for one in shop.lines() if one["category"] == category and one["city"] == city}
    return len(with_category)


_JOINED = (
    "FROM items JOIN orders ON orders.id = items.order_id JOIN customers ON customers.id = orders.customer_id "
    "JOIN products ON products.id = items.product_id"
)
_BOTH = "city = '{city}' AND category = '{category}'"
_QUESTIONS = (
    _Question(
        "How many cents have customers of {city} spent on products of the category {category} (price times quantity, "
        "over all their orders)? Submit the number.",
        _spent,
        f"SELECT coalesce(sum(price_cents * quantity), 0) {_JOINED} WHERE {_BOTH}",
    ),
    _Question(
        "The customers of which city have spent the most on products of the category {category}, price times quantity? "
        'Of equal ones take the first in the order of the alphabet. Submit its name, or "none" if nobody bought any.',
        _best_city,
        f"SELECT coalesce((SELECT city {_JOINED} WHERE category = '{{category}}' GROUP BY city "
        "ORDER BY sum(price_cents * quantity) DESC, city LIMIT 1), 'none')",
    ),
    _Question(
        "How many customers of {city} have never ordered? Submit the number.",
        _without_orders,
        "SELECT count(*) FROM customers WHERE city = '{city}' AND id NOT IN (SELECT customer_id FROM orders)",
    ),
    _Question(
        "Which customer of {city} has bought the most pieces of products that are not of the category {category}? Of "
        'equal ones take the first in the order of the alphabet. Submit the name, or "none" if there is nobody.',
        _best_customer,
        f"SELECT coalesce((SELECT customers.name {_JOINED} WHERE city = '{{city}}' AND category <> '{{category}}' "
        "GROUP BY customers.id ORDER BY sum(quantity) DESC, customers.name LIMIT 1), 'none')",
    ),
    _Question(
        "How many orders of customers of {city} hold at least one product of the category {category}? Submit a number.",
        _orders_with,
        f"SELECT count(DISTINCT orders.id) {_JOINED} WHERE {_BOTH}",
    ),
)


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    shop = _draw_shop(rng, level)
    question = draw(rng, _QUESTIONS)
    city, category = draw(rng, sorted({one[2] for one in shop.customers})), draw(rng, _CATEGORIES)
    answer = question.answer(shop, city, category)
    if str(answer) in GUESSES:
        return _make(rng)
    others = [question.answer(shop, place, kind) for place in _CITIES for kind in _CATEGORIES]
    other = next((one for one in others if one != answer), f"{answer}1")
    return make_task(
        "data/sql-question",
        "~/data/shop.db is an SQLite database with the tables customers, products, orders and items. "
        f"{question.words.format(city=city, category=category)}",
        setup=[lay_database(_PLACE, _script(shop))],
        checks=[one_answer(str(answer))],
        tools=TOOLS,
        drawn={
            "level": level,
            "answer": str(answer),
            "other": str(other),
            "query": question.query.format(city=city, category=category),
        },
    )


def _draw_shop(rng: np.random.Generator, level: int) -> _Shop:
    names = draw_some(rng, _NAMES, 5 + 2 * level)
    customers = [(number, name, draw(rng, _CITIES)) for number, name in enumerate(names, 1)]
    products = [
        (number, f"{category} {number}", category, int(rng.integers(100, 5000)))
        for number, category in enumerate([draw(rng, _CATEGORIES) for _ in range(6 + 3 * level)], 1)
    ]
    # The last customer never orders.
    orders = [
        (number, int(rng.integers(1, len(customers))), f"2025-{rng.integers(1, 13):02}-{rng.integers(1, 29):02}")
        for number in range(1, 12 * level)
    ]
    items = [
        (number, product, int(rng.integers(1, 9)))
        for number, _, _ in orders
        for product in sorted(draw_some(rng, range(1, len(products) + 1), int(rng.integers(1, 4))))
    ]
    return _Shop(customers, products, orders, items)


def _script(shop: _Shop) -> str:
    key, text, number = "INTEGER PRIMARY KEY", "TEXT NOT NULL", "INTEGER NOT NULL"
    return "".join(
        (
            table_sql("customers", {"id": key, "name": text, "city": text}, shop.customers),
            table_sql("products", {"id": key, "name": text, "category": text, "price_cents": number}, shop.products),
            table_sql("orders", {"id": key, "customer_id": number, "day": text}, shop.orders),
            table_sql("items", {"order_id": number, "product_id": number, "quantity": number}, shop.items),
        )
    )


def _solve(task: Task) -> Calls:
    query = task.seed_params["query"].replace("SELECT ", "SELECT 'THE ANSWER ' || 'IS <' || (SELECT ", 1)
    observation = yield sql(_PLACE, f"{query}) || '>'")
    yield submit_printed(observation)


FAMILIES = (TaskFamily("sql-question", _make, _solve, NEAR_MISSES, tags=("data", "sql")),)
