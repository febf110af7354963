"""Families on what tools can find out and only the window can take."""

from __future__ import annotations

from typing import Any

import numpy as np

from agentgym.actions import Hotkey, TypeText
from agentgym.families import TaskFamily
from agentgym.suites.apps.making import DOCUMENTS, text_is
from agentgym.suites.mixed.making import Moves, edited, make_task
from agentgym.suites.research.looking import called, cell, figure, opened
from agentgym.suites.research.making import draw_until
from agentgym.suites.toolmaking import draw, draw_some
from agentgym.tasks import SetupStep, Task
from agentgym.tools.world import Town, World, archived

__all__ = ["FAMILIES"]

_NOTE = f"{DOCUMENTS}/note.txt"
_SHOP = f"{DOCUMENTS}/shop.db"
_PEOPLE = ("Adela", "Bertil", "Cosima", "Dagny", "Edwin", "Fenna", "Gilles", "Hanne")


# How many live in a town: found by searching, typed into a note.


def _make_census(rng: np.random.Generator) -> Task:
    world, (town, namesake) = draw_until(rng, _draw_towns)
    before = f"Town: {town.name}\nOn the river: {town.river}\nInhabitants in 2011: "
    return make_task(
        "census",
        f"Look up with web_search and open_page how many inhabitants the town {town.name} had at the census of 2011; "
        "where pages disagree, the one that was revised last is right. Write the number, without separators, behind "
        "the colon at the end of the note that is open in the text editor, and save the note.",
        setup=edited(_NOTE, before),
        checks=[text_is(_NOTE, f"{before}{town.people[2011]}")],
        tools=["web_search", "open_page"],
        drawn={"town": world.address("towns", town.name), "namesake": world.address("towns", namesake.name)},
        metadata={"corpus": f"world:{world.seed}"},
    )


def _draw_towns(world: World, rng: np.random.Generator) -> tuple[Town, Town]:
    pairs = [
        (town, other)
        for town in world.towns.values()
        for other in world.towns.values()
        if town.called == other.called and town != other
    ]
    return draw(rng, pairs)


def _look_up(task: Task) -> Moves:
    yield from _note_inhabitants(task.seed_params["town"])
    yield Hotkey(("ctrl", "s"))


def _look_up_without_saving(task: Task) -> Moves:
    yield from _note_inhabitants(task.seed_params["town"])


def _look_up_old_edition(task: Task) -> Moves:
    yield from _note_inhabitants(archived(task.seed_params["town"]))
    yield Hotkey(("ctrl", "s"))


def _look_up_namesake(task: Task) -> Moves:
    yield from _note_inhabitants(task.seed_params["namesake"])
    yield Hotkey(("ctrl", "s"))


def _only_look_up(task: Task) -> Moves:
    yield from called("web_search", {"query": "inhabitants"})
    yield from opened(task.seed_params["town"])


def _only_save(_task: Task) -> Moves:
    yield from _type("10000")
    yield Hotkey(("ctrl", "s"))


def _note_inhabitants(address: str) -> Moves:
    page = yield from opened(address)
    yield from _type(figure(cell(page, "2011")))


def _type(text: str) -> Moves:
    yield Hotkey(("ctrl", "end"))
    yield TypeText(text)


# What somebody has ordered: found in a database, typed into a note.


def _make_orders(rng: np.random.Generator) -> Task:
    people = draw_some(rng, _PEOPLE, 4)
    orders = [(draw(rng, people), int(rng.integers(5, 900)), draw(rng, ("paid", "open"))) for _ in range(30)]
    name = orders[0][0]
    open_sum = sum(crowns for who, crowns, state in orders if (who, state) == (name, "open"))
    all_sum = sum(crowns for who, crowns, _ in orders if who == name)
    if open_sum in (0, all_sum):
        return _make_orders(rng)
    before = f"Dear {name},\nplease pay what is open.\nIn crowns: "
    values = ", ".join(
        f"({number}, '{who}', {crowns}, '{state}')" for number, (who, crowns, state) in enumerate(orders)
    )
    script = (
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, crowns INTEGER, state TEXT); "
        f"INSERT INTO orders VALUES {values};"
    )
    return make_task(
        "orders",
        f"Add up with the tool sql what {name}'s orders in {_SHOP} come to whose state is open. Write the sum behind "
        "the colon at the end of the letter that is open in the text editor, and save the letter.",
        setup=[_database(_SHOP, script), *edited(_NOTE, before)],
        checks=[text_is(_NOTE, f"{before}{open_sum}")],
        tools=["sql"],
        drawn={"name": name},
    )


def _database(path: str, script: str) -> SetupStep:
    code = f"import sqlite3; c = sqlite3.connect({path!r}); c.executescript({script!r}); c.close()"
    return SetupStep("execute", {"command": ["python3", "-c", code], "check": True})


def _bill(task: Task) -> Moves:
    yield from _bill_what(task, "customer = '{name}' AND state = 'open'")
    yield Hotkey(("ctrl", "s"))


def _bill_without_saving(task: Task) -> Moves:
    yield from _bill_what(task, "customer = '{name}' AND state = 'open'")


def _bill_paid_orders_too(task: Task) -> Moves:
    yield from _bill_what(task, "customer = '{name}'")
    yield Hotkey(("ctrl", "s"))


def _only_ask(_task: Task) -> Moves:
    yield from _sum_of("1 = 1")


def _bill_what(task: Task, where: str) -> Moves:
    yield from _type((yield from _sum_of(where.format(**task.seed_params))))


def _sum_of(where: str) -> Any:
    """What the tool says that the orders come to."""
    statement = f"SELECT sum(crowns) AS total FROM orders WHERE {where}"
    result = yield from called("sql", {"database": _SHOP, "statement": statement})
    return result.partition('"rows"')[2].strip(": []}").split("]")[0]


FAMILIES = (
    TaskFamily(
        "census",
        _make_census,
        _look_up,
        {
            "not saved": _look_up_without_saving,
            "the old edition": _look_up_old_edition,
            "the namesake": _look_up_namesake,
            "only looked up": _only_look_up,
            "only typed": _only_save,
        },
        needs=("tool_result",),
        tags=("editor", "search", "mixed"),
    ),
    TaskFamily(
        "orders",
        _make_orders,
        _bill,
        {
            "not saved": _bill_without_saving,
            "paid orders too": _bill_paid_orders_too,
            "only asked": _only_ask,
            "only typed": _only_save,
        },
        needs=("tool_result",),
        tags=("editor", "sql", "mixed"),
    ),
)
