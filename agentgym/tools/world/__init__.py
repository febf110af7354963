"""A small made-up country and its pages: the corpus that is shipped."""

from agentgym.tools.world.facts import (
    CENSUSES,
    TODAY,
    YEARS,
    Bridge,
    Company,
    Feast,
    Person,
    Product,
    River,
    Term,
    Town,
    World,
    holder,
    make_world,
    price_on,
)
from agentgym.tools.world.pages import archived, crowns, pages

__all__ = [
    "CENSUSES",
    "TODAY",
    "YEARS",
    "Bridge",
    "Company",
    "Feast",
    "Person",
    "Product",
    "River",
    "Term",
    "Town",
    "World",
    "archived",
    "crowns",
    "holder",
    "make_world",
    "pages",
    "price_on",
]
