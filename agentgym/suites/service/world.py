"""The shop before the first request: customers, orders, flights and bookings, drawn from a generator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np

__all__ = ["CITIES", "PRODUCTS", "Row", "World"]

Row: TypeAlias = dict[str, Any]

PRODUCTS: Mapping[str, int] = {
    "backpack": 8900,
    "camping stove": 5400,
    "headlamp": 3250,
    "rain jacket": 12900,
    "sleeping bag": 14500,
    "tent": 24900,
    "thermos flask": 2790,
    "trekking poles": 6100,
    "water filter": 4350,
    "wool blanket": 7600,
}
"""What is sold, and for how many cents."""

CITIES = ("Athens", "Bergen", "Cairo", "Dublin", "Geneva", "Lisbon", "Oslo", "Vienna")

_FIRST = ("Ada", "Emmy", "Grace", "Hedy", "Katherine", "Lise", "Mary", "Rosalind", "Sofia", "Vera")
_LAST = ("Abel", "Brandt", "Castro", "Duval", "Engel", "Fischer", "Greco", "Horvat", "Iversen", "Jansen")
_STREETS = ("Birch Lane", "Canal Street", "Dock Road", "Elm Avenue", "Forest Way", "Garden Row", "Harbour Street")
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_KEY_LENGTH = 5
"""Another length than that of the service's own keys, so that no two are ever the same."""

_STATUSES = ("paid", "shipped", "delivered")
_BYSTANDERS = 4


class World:
    """Rows by table, to which a task adds its own; nothing in it is equal but what is made so.

    Args:
        rng: draws everything.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(days=int(rng.integers(60)))
        self.rows: dict[str, list[Row]] = {
            table: [] for table in ("customers", "products", "orders", "flights", "bookings", "payments")
        }
        self._keys: set[str] = set()
        self._seed = self.key("SEED")
        self._names = [f"{first} {last}" for first in _FIRST for last in _LAST]
        rng.shuffle(self._names)
        for name, price in PRODUCTS.items():
            row = {"id": self.key("PRD"), "name": name, "price_cents": price, "stock": int(rng.integers(3, 40))}
            self.rows["products"].append(row)
        for _ in range(_BYSTANDERS):
            customer = self.customer()
            for product in self.draw_some(tuple(PRODUCTS), int(rng.integers(1, 3))):
                self.order(customer, product, status=self.draw(_STATUSES), days_ago=int(rng.integers(1, 90)))

    @property
    def data(self) -> dict[str, Any]:
        """What the service is filled with."""
        return {"seed": self._seed, "now": self.now.isoformat(), "rows": self.rows}

    def draw(self, choices: tuple[str, ...]) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def draw_some(self, choices: tuple[str, ...], count: int) -> list[str]:
        return [choices[int(index)] for index in self.rng.permutation(len(choices))[:count]]

    def key(self, prefix: str) -> str:
        while True:
            letters = "".join(_ALPHABET[int(place)] for place in self.rng.integers(len(_ALPHABET), size=_KEY_LENGTH))
            if letters not in self._keys:
                self._keys.add(letters)
                return f"{prefix}-{letters}"

    def address(self) -> str:
        return f"{int(self.rng.integers(1, 200))} {self.draw(_STREETS)}, {self.draw(CITIES)}"

    def customer(self, name: str | None = None) -> Row:
        """A new customer; of the given name, or of one that nobody has."""
        name = name or self._names.pop()
        email = f"{name.lower().replace(' ', '.')}{int(self.rng.integers(10, 100))}@mail.example"
        while any(other["email"] == email for other in self.rows["customers"]):
            email = email.replace("@", "x@")
        postcode = f"{self.draw(tuple('ABCDEFG'))}{int(self.rng.integers(10, 100))} {int(self.rng.integers(100, 1000))}"
        return self._add("customers", {"id": self.key("CUS"), "name": name, "email": email, "postcode": postcode})

    def order(self, customer: Row, product: str, *, status: str, days_ago: int) -> Row:
        sold = next(row for row in self.rows["products"] if row["name"] == product)
        quantity = int(self.rng.integers(1, 4))
        day = (self.now - timedelta(days=days_ago)).date().isoformat()
        row = {
            "id": self.key("ORD"),
            "customer_id": customer["id"],
            "product_id": sold["id"],
            "quantity": quantity,
            "total_cents": quantity * sold["price_cents"],
            "status": status,
            "ordered_on": day,
            "address": self.address(),
        }
        self._pay(customer, row["id"], row["total_cents"], day)
        return self._add("orders", row)

    def flight(self, origin: str, destination: str, departs: datetime) -> Row:
        row = {
            "id": self.key("FLT"),
            "origin": origin,
            "destination": destination,
            "departs": departs.strftime("%Y-%m-%dT%H:%M"),
            "fare_cents": self._fare(),
            "seats": int(self.rng.integers(2, 60)),
        }
        return self._add("flights", row)

    def booking(self, customer: Row, flight: Row, *, fare: str) -> Row:
        row = {
            "id": self.key("BKG"),
            "customer_id": customer["id"],
            "flight_id": flight["id"],
            "fare": fare,
            "paid_cents": flight["fare_cents"],
            "status": "confirmed",
        }
        self._pay(customer, row["id"], row["paid_cents"], (self.now - timedelta(days=20)).date().isoformat())
        return self._add("bookings", row)

    def _fare(self) -> int:
        """A fare that no flight has yet, so that one of them is the cheapest."""
        taken = {flight["fare_cents"] for flight in self.rows["flights"]}
        while (fare := int(self.rng.integers(4_000, 40_000))) in taken:
            pass
        return fare

    def _pay(self, customer: Row, reference: str, amount_cents: int, day: str) -> None:
        row = {"customer_id": customer["id"], "reference": reference, "amount_cents": amount_cents, "day": day}
        self._add("payments", {"id": self.key("PAY"), **row})

    def _add(self, table: str, row: Row) -> Row:
        self.rows[table].append(row)
        return row
