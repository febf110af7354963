"""The suite `data`: questions with one right answer, tables to be made, and a schema to be migrated."""

from agentgym.families import TOOLS, Suite
from agentgym.suites.data import cleaning, joining, migrating, nested, orders, shop

__all__ = ["SUITE"]

_MODULES = (orders, nested, shop, joining, cleaning, migrating)

SUITE = Suite(
    "data",
    {family.name: family for module in _MODULES for family in module.FAMILIES},
    "CSV, JSON and SQL: questions with one right answer, tables to be made, schemas to be migrated.",
    env=TOOLS,
)
