"""Cases about flights: bookings that are changed, cancelled, made anew."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from agentgym.suites.service.making import Call, Case, case_families, found, greeted, namesakes, submit
from agentgym.suites.service.world import CITIES, Row, World

__all__ = ["FAMILIES"]

_HOURS = (7, 12, 18)


def _day(world: World, days: int) -> str:
    return (world.now + timedelta(days=days)).date().isoformat()


def _flights(world: World, origin: str, destination: str, days: int) -> list[Row]:
    """A day's flights of a route, the earliest first."""
    midnight = (world.now + timedelta(days=days)).replace(hour=0)
    minutes = (5 * int(step) for step in world.rng.integers(12, size=len(_HOURS)))
    times = [timedelta(hours=hour, minutes=minute) for hour, minute in zip(_HOURS, minutes, strict=True)]
    return [world.flight(origin, destination, midnight + time) for time in times]


def _listed(customer: Row) -> list[Call]:
    return [*greeted(customer), ("list_bookings", {"customer_id": customer["id"]})]


def _find(customer: Row) -> list[Call]:
    """Calls that find what was booked, the customer unverified."""
    return [*found(customer), ("list_bookings", {"customer_id": customer["id"]})]


def _search(origin: str, destination: str, date: str) -> Call:
    return ("find_flights", {"origin": origin, "destination": destination, "date": date})


def _change(booking: Row, flight: Row) -> list[Call]:
    return [("change_booking", {"booking_id": booking["id"], "flight_id": flight["id"]}), submit("done")]


def draw_change(rng: np.random.Generator) -> Case:
    """A booking goes to another day's earliest flight; the customer has a second one, a namesake the same one."""
    world = World(rng)
    customer, namesake = namesakes(world)
    origin, destination, elsewhere = world.draw_some(CITIES, 3)
    before, after = sorted(int(day) for day in rng.choice(np.arange(4, 20), size=2, replace=False))
    held = _flights(world, origin, destination, before)[1]
    offered = _flights(world, origin, destination, after)
    other = world.booking(customer, _flights(world, origin, elsewhere, before)[0], fare="flex")
    booking = world.booking(customer, held, fare="flex")
    wrong = world.booking(namesake, held, fare="flex")
    searched = _search(origin, destination, _day(world, after))
    listed = [*_listed(customer), searched]
    return Case(
        world,
        customer,
        f"I cannot fly from {origin} to {destination} on {_day(world, before)}. Please move my booking to the "
        f"earliest flight on {_day(world, after)}.",
        [*listed, *_change(booking, offered[0])],
        {
            "unverified": [*_find(customer), searched, *_change(booking, offered[0])],
            "latest": [*listed, *_change(booking, offered[-1])],
            "other booking": [*listed, *_change(other, offered[0])],
            "namesake's": [*_listed(namesake), searched, *_change(wrong, offered[0])],
            "only said": [*listed, submit("done")],
            "listed everyone": [("list_customers", {}), *listed, *_change(booking, offered[0])],
        },
    )


def draw_rebooking(rng: np.random.Generator) -> Case:
    """A booking is cancelled and refunded, and the cheapest flight to another city booked instead."""
    world = World(rng)
    customer, namesake = namesakes(world)
    origin, destination, elsewhere = world.draw_some(CITIES, 3)
    days = int(rng.integers(4, 20))
    held = _flights(world, origin, destination, days)[1]
    cheapest, *dearer = sorted(_flights(world, origin, elsewhere, days), key=lambda flight: flight["fare_cents"])
    booking = world.booking(customer, held, fare="flex")
    wrong = world.booking(namesake, held, fare="flex")
    searched = _search(origin, elsewhere, _day(world, days))

    def instead(who: Row, old: Row, new: Row, *, fare: str = "flex", refunded: bool = True) -> list[Call]:
        given = {"reference": old["id"], "amount_cents": old["paid_cents"], "reason": "cancelled by the customer"}
        return [
            ("cancel_booking", {"booking_id": old["id"]}),
            *([("refund", given)] if refunded else []),
            ("book_flight", {"customer_id": who["id"], "flight_id": new["id"], "fare": fare}),
            submit("done"),
        ]

    listed = [*_listed(customer), searched]
    return Case(
        world,
        customer,
        f"Please cancel my flight from {origin} to {destination} on {_day(world, days)} and give me the money back. "
        f"Book me the cheapest flight from {origin} to {elsewhere} of that day instead, with the fare flex.",
        [*listed, *instead(customer, booking, cheapest)],
        {
            "unverified": [*_find(customer), searched, *instead(customer, booking, cheapest)],
            "not refunded": [*listed, *instead(customer, booking, cheapest, refunded=False)],
            "basic": [*listed, *instead(customer, booking, cheapest, fare="basic")],
            "dearer": [*listed, *instead(customer, booking, dearer[0])],
            "namesake's": [*_listed(namesake), searched, *instead(namesake, wrong, cheapest)],
            "only said": [*listed, submit("done")],
        },
    )


FAMILIES = (
    *case_families("change-booking", draw_change, tags=("bookings",)),
    *case_families("cancel-rebook", draw_rebooking, tags=("bookings",)),
)
