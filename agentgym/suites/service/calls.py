"""The shop's typed tools: each makes one request of its service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from agentgym.errors import ToolError
from agentgym.suites.service.requests import HOST, PORT, REQUESTS
from agentgym.tools import Tool, ToolContext, tool
from agentgym.tools.http_request import send

__all__ = ["shop_tools"]

_REFUSED = 400


def _asked(context: ToolContext, name: str, **arguments: Any) -> Any:
    method, path, body = REQUESTS[name](**arguments)
    answer = send(context, method, f"http://{HOST}:{PORT}{path}", body=body)
    if answer.status >= _REFUSED:
        raise ToolError(answer.body["error"] if isinstance(answer.body, dict) else str(answer.body))
    return answer.body


@tool
def read_policy(context: ToolContext) -> Any:
    """The rules of the shop, by their names."""
    return _asked(context, "read_policy")


@tool
def find_customer(email: str, context: ToolContext) -> Any:
    """The customer with an e-mail address, in a list; an empty one if there is none.

    Args:
        email: the whole address.
    """
    return _asked(context, "find_customer", email=email)


@tool
def list_customers(context: ToolContext) -> Any:
    """All customers."""
    return _asked(context, "list_customers")


@tool
def verify_customer(customer_id: str, postcode: str, context: ToolContext) -> Any:
    """Whether a customer is who it says, by the postcode that it tells.

    Args:
        customer_id: such as CUS-7KD2P.
        postcode: as the customer told it.
    """
    return _asked(context, "verify_customer", customer_id=customer_id, postcode=postcode)


@tool
def list_orders(customer_id: str, context: ToolContext) -> Any:
    """A customer's orders, the oldest first.

    Args:
        customer_id: such as CUS-7KD2P.
    """
    return _asked(context, "list_orders", customer_id=customer_id)


@tool
def list_bookings(customer_id: str, context: ToolContext) -> Any:
    """A customer's bookings of flights, the next first.

    Args:
        customer_id: such as CUS-7KD2P.
    """
    return _asked(context, "list_bookings", customer_id=customer_id)


@tool
def change_address(order_id: str, address: str, context: ToolContext) -> Any:
    """Has an order sent to another address.

    Args:
        order_id: such as ORD-7KD2P.
        address: the whole of it.
    """
    return _asked(context, "change_address", order_id=order_id, address=address)


@tool
def cancel_order(order_id: str, context: ToolContext) -> Any:
    """Cancels an order; what was paid is refunded by another call.

    Args:
        order_id: such as ORD-7KD2P.
    """
    return _asked(context, "cancel_order", order_id=order_id)


@tool
def find_flights(origin: str, destination: str, date: str, context: ToolContext) -> Any:
    """The flights from one city to another on a day, the earliest first.

    Args:
        origin: a city.
        destination: a city.
        date: such as 2026-03-14.
    """
    return _asked(context, "find_flights", origin=origin, destination=destination, date=date)


@tool
def book_flight(customer_id: str, flight_id: str, fare: Literal["basic", "flex"], context: ToolContext) -> Any:
    """Books a flight for a customer.

    Args:
        customer_id: such as CUS-7KD2P.
        flight_id: such as FLT-7KD2P.
        fare: flex can be changed and refunded.
    """
    return _asked(context, "book_flight", customer_id=customer_id, flight_id=flight_id, fare=fare)


@tool
def change_booking(booking_id: str, flight_id: str, context: ToolContext) -> Any:
    """Moves a booking to another flight.

    Args:
        booking_id: such as BKG-7KD2P.
        flight_id: such as FLT-7KD2P.
    """
    return _asked(context, "change_booking", booking_id=booking_id, flight_id=flight_id)


@tool
def cancel_booking(booking_id: str, context: ToolContext) -> Any:
    """Cancels a booking; what was paid is refunded by another call.

    Args:
        booking_id: such as BKG-7KD2P.
    """
    return _asked(context, "cancel_booking", booking_id=booking_id)


@tool
def refund(reference: str, amount_cents: Annotated[int, Field(gt=0)], reason: str, context: ToolContext) -> Any:
    """Pays money back for an order or a booking.

    Args:
        reference: the order's or the booking's number.
        amount_cents: how much.
        reason: in a few words.
    """
    return _asked(context, "refund", reference=reference, amount_cents=amount_cents, reason=reason)


def shop_tools() -> Sequence[Tool]:
    """All of them."""
    return (
        read_policy,
        find_customer,
        list_customers,
        verify_customer,
        list_orders,
        list_bookings,
        change_address,
        cancel_order,
        find_flights,
        book_flight,
        change_booking,
        cancel_booking,
        refund,
    )
