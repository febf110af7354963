"""The suite `service`: a clerk's work at a shop whose service does what it is told, rules or no rules."""

from agentgym.families import TOOLS, Suite
from agentgym.suites.service import bookings, orders, refusals

__all__ = ["SUITE"]

SUITE = Suite(
    "service",
    {family.name: family for module in (orders, bookings, refusals) for family in module.FAMILIES},
    "Customers' requests to a shop over HTTP, with rules that the service does not enforce.",
    TOOLS,
    # Who was verified and what was asked for shows in the rules that were broken; a reason is in the clerk's own words.
    traces=("requests", "verifications", "refunds.reason"),
)
