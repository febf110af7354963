"""What the shop's typed tools ask of its service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

__all__ = ["HOST", "PORT", "REQUESTS", "Request"]

HOST = "shop"
PORT = 8080


class Request(NamedTuple):
    method: str
    path: str
    body: dict[str, Any] | None = None


REQUESTS: Mapping[str, Callable[..., Request]] = {
    "read_policy": lambda: Request("GET", "/policy"),
    "find_customer": lambda email: Request("GET", f"/customers?{urlencode({'email': email})}"),
    "list_customers": lambda: Request("GET", "/customers"),
    "verify_customer": lambda customer_id, postcode: Request(
        "POST", f"/customers/{quote(customer_id, '')}/verify", {"postcode": postcode}
    ),
    "list_orders": lambda customer_id: Request("GET", f"/customers/{quote(customer_id, '')}/orders"),
    "list_bookings": lambda customer_id: Request("GET", f"/customers/{quote(customer_id, '')}/bookings"),
    "change_address": lambda order_id, address: Request(
        "PATCH", f"/orders/{quote(order_id, '')}", {"address": address}
    ),
    "cancel_order": lambda order_id: Request("POST", f"/orders/{quote(order_id, '')}/cancel"),
    "find_flights": lambda origin, destination, date: Request(
        "GET", f"/flights?{urlencode({'origin': origin, 'destination': destination, 'date': date})}"
    ),
    "book_flight": lambda customer_id, flight_id, fare: Request(
        "POST", "/bookings", {"customer_id": customer_id, "flight_id": flight_id, "fare": fare}
    ),
    "change_booking": lambda booking_id, flight_id: Request(
        "PATCH", f"/bookings/{quote(booking_id, '')}", {"flight_id": flight_id}
    ),
    "cancel_booking": lambda booking_id: Request("POST", f"/bookings/{quote(booking_id, '')}/cancel"),
    "refund": lambda reference, amount_cents, reason: Request(
        "POST", "/refunds", {"reference": reference, "amount_cents": amount_cents, "reason": reason}
    ),
}
"""By the tool's name, the request that its arguments make."""
