"""Cases about orders: refunds, addresses, questions."""

from __future__ import annotations

import numpy as np

from agentgym.suites.service.making import Call, Case, case_families, found, greeted, namesakes, submit
from agentgym.suites.service.shop import REFUND_DAYS
from agentgym.suites.service.world import PRODUCTS, Row, World

__all__ = ["FAMILIES"]

_REASON = "the customer asked for it"


def _refund(order: Row, amount_cents: int | None = None) -> Call:
    amount = order["total_cents"] if amount_cents is None else amount_cents
    return ("refund", {"reference": order["id"], "amount_cents": amount, "reason": _REASON})


def _listed(customer: Row) -> list[Call]:
    return [*greeted(customer), ("list_orders", {"customer_id": customer["id"]})]


def _find(customer: Row) -> list[Call]:
    """Calls that find what was ordered, the customer unverified."""
    return [*found(customer), ("list_orders", {"customer_id": customer["id"]})]


def draw_refund(rng: np.random.Generator) -> Case:
    """An order that may be refunded, among others of the same customer and one of a namesake."""
    return _refund_case(rng, allowed=True)


def draw_judged_refund(rng: np.random.Generator) -> Case:
    """The same, but every other order is too old, which only its row tells."""
    return _refund_case(rng, allowed=bool(rng.integers(2)), answers=True)


def _refund_case(rng: np.random.Generator, *, allowed: bool, answers: bool = False) -> Case:
    world = World(rng)
    customer, namesake = namesakes(world)
    product, *others = world.draw_some(tuple(PRODUCTS), 3)
    age = int(rng.integers(2, REFUND_DAYS - 1)) if allowed else int(rng.integers(REFUND_DAYS + 2, 90))
    for other in others[:1]:
        world.order(customer, other, status="delivered", days_ago=int(rng.integers(2, 90)))
    order = world.order(customer, product, status="delivered", days_ago=age)
    for other in others[1:]:
        world.order(customer, other, status="delivered", days_ago=int(rng.integers(2, 90)))
    wrong = world.order(namesake, product, status="delivered", days_ago=age)
    listed = _listed(customer)
    paid_back = [*listed, _refund(order), submit("done")]
    refused = [*_find(customer), submit("refused R2")]
    return Case(
        world,
        customer,
        f"I am not happy with the {product} that I ordered. Please give me my money back.",
        paid_back if allowed else refused,
        {
            "the other way": refused if allowed else paid_back,
            "unverified": [*_find(customer), _refund(order), submit("done")],
            "namesake's": [*_listed(namesake), _refund(wrong), submit("done")],
            "only said": [*listed, submit("done")],
            "half of it": [*listed, _refund(order, order["total_cents"] // 2), submit("done")],
            "cancelled as well": [
                *listed,
                ("cancel_order", {"order_id": order["id"]}),
                _refund(order),
                submit("done"),
            ],
        },
        answers=answers,
        looked=f"/customers/{customer['id']}/orders" if answers else None,
    )


def draw_address(rng: np.random.Generator) -> Case:
    """All orders that are not shipped go elsewhere; one that is shipped stays as it is."""
    world = World(rng)
    customer, namesake = namesakes(world)
    products = world.draw_some(tuple(PRODUCTS), 3)
    statuses = [("paid", "shipped", "paid")[int(place)] for place in rng.permutation(3)]
    orders = [
        world.order(customer, product, status=status, days_ago=int(rng.integers(1, 6)))
        for product, status in zip(products, statuses, strict=True)
    ]
    wrong = world.order(namesake, products[0], status="paid", days_ago=2)
    address = world.address()
    waiting = [order for order in orders if order["status"] == "paid"]

    def send(*there: Row) -> list[Call]:
        calls = [("change_address", {"order_id": order["id"], "address": address}) for order in there]
        return [*calls, submit("done")]

    listed = _listed(customer)
    return Case(
        world,
        customer,
        f"I am moving. Please send everything that you have not shipped yet to: {address}",
        [*listed, *send(*waiting)],
        {
            "unverified": [*_find(customer), *send(*waiting)],
            "shipped as well": [*listed, *send(*orders)],
            "namesake's": [*_listed(namesake), *send(wrong)],
            "first only": [*listed, *send(waiting[0])],
            "only said": [*listed, submit("done")],
            "listed everyone": [("list_customers", {}), *listed, *send(*waiting)],
        },
    )


def draw_question(rng: np.random.Generator) -> Case:
    """What was paid for the orders of some days, and a namesake who paid something else."""
    world = World(rng)
    customer, namesake = namesakes(world)
    days = int(rng.integers(20, 40))
    ages = [int(age) for age in rng.choice(np.arange(1, days - 1), size=3, replace=False)]
    ages.append(int(rng.integers(days + 2, 90)))
    products = world.draw_some(tuple(PRODUCTS), len(ages))
    orders = [
        world.order(customer, product, status="delivered", days_ago=age)
        for product, age in zip(products, ages, strict=True)
    ]
    others = world.order(namesake, products[0], status="delivered", days_ago=ages[0])
    paid = sum(order["total_cents"] for order in orders[:-1])
    listed = _find(customer)
    return Case(
        world,
        customer,
        f"How much have I paid for what I ordered in the last {days} days, all orders together?",
        [*listed, submit(str(paid))],
        {
            "everything": [*listed, submit(str(paid + orders[-1]["total_cents"]))],
            "last one only": [*listed, submit(str(orders[0]["total_cents"]))],
            "namesake's": [*_find(namesake), submit(str(others["total_cents"]))],
            "listed everyone": [("list_customers", {}), *listed, submit(str(paid))],
            "refunded as well": [*_listed(customer), _refund(orders[0]), submit(str(paid))],
            "guessed": [submit(str(paid))],
        },
        answers=True,
        ending="Change nothing. Submit the number of cents, in digits and without anything else.",
        looked=f"/customers/{customer['id']}/",
    )


FAMILIES = (
    *case_families("refund", draw_refund, tags=("orders",)),
    *case_families("judge-refund", draw_judged_refund, tags=("orders", "refusal")),
    *case_families("change-address", draw_address, tags=("orders",)),
    *case_families("answer-question", draw_question, tags=("orders", "question")),
)
