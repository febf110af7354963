"""Questions about who held an office on a day, along a chain of pages."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.research.looking import Calls, led_to, looked_up, opened, submitted
from agentgym.suites.research.making import draw_until, make_task
from agentgym.suites.toolmaking import answer_is, draw
from agentgym.tasks import Task
from agentgym.tools.world import Bridge, Term, Town, World, archived, holder

__all__ = ["FAMILIES"]

_ALMANAC = "https://almanac.example/"


def _make_mayor(rng: np.random.Generator) -> Task:
    world, (bridge, town, day) = draw_until(rng, _draw_mayor)
    return make_task(
        "mayor",
        f"Who was mayor, on {day}, of the town in which the architect of the {bridge.name} was born? Submit nothing "
        "but the name.",
        world=world,
        checks=[answer_is(holder(town.mayors, day))],
        drawn={"bridge": bridge.name, "day": str(day)},
    )


def _draw_mayor(world: World, rng: np.random.Generator) -> tuple[Bridge, Town, date] | None:
    """A bridge, its architect's town and a day, such that who stops short or reads an old page names another."""
    bridge = draw(rng, list(world.bridges.values()))
    born_in = world.towns[world.people[bridge.architect].birthplace]
    # Before the last change of mayors and after the first: soon after, or soon before.
    since = draw(rng, born_in.mayors[1:-1] or born_in.mayors[-1:]).since
    day = since + timedelta(days=int(rng.integers(2, 90)) * draw(rng, (-1, 1)))
    right = holder(born_in.mayors, day)
    others = (bridge.town, world.people[bridge.once_ascribed].birthplace)
    wrong = [holder(world.towns[name].mayors, day) for name in others]
    return None if right in (*wrong, born_in.mayors[-1].held, born_in.mayors[0].held) else (bridge, born_in, day)


def _solve_mayor(task: Task) -> Calls:
    yield from _name_mayor(task)


def _mayor_today(task: Task) -> Calls:
    yield from _name_mayor(task, day="2025-12-31")


def _mayor_by_old_ascription(task: Task) -> Calls:
    yield from _name_mayor(task, bridge_from=archived)


def _mayor_of_the_bridges_town(task: Task) -> Calls:
    bridge = yield from looked_up(task.seed_params["bridge"], at=_ALMANAC)
    town = yield from opened(led_to(bridge, " in "))
    yield from submitted(_in_office(town, task.seed_params["day"]))


def _first_mayor(task: Task) -> Calls:
    yield from _name_mayor(task, day="1999-12-31")


def _name_mayor(task: Task, *, day: str | None = None, bridge_from: Any = str) -> Calls:
    current = yield from looked_up(task.seed_params["bridge"], at=_ALMANAC)
    bridge = yield from opened(bridge_from(current.splitlines()[1].partition(",")[0]))
    architect = yield from opened(led_to(bridge, "the architect"))
    town = yield from opened(led_to(architect, "was born on"))
    yield from submitted(_in_office(town, day or task.seed_params["day"]))


def _in_office(town: str, day: str) -> str:
    """The last mayor in a town's table who began by a day."""
    rows = re.findall(r"^\| (\d{4}-\d{2}-\d{2}) \| (.+) \|$", town, re.MULTILINE)
    terms = tuple(Term(date.fromisoformat(since), name) for since, name in rows)
    return holder(terms, date.fromisoformat(day))


FAMILIES = (
    TaskFamily(
        "mayor",
        _make_mayor,
        _solve_mayor,
        {
            "the mayor of today": _mayor_today,
            "the architect of the old edition": _mayor_by_old_ascription,
            "the town of the bridge": _mayor_of_the_bridges_town,
            "the first mayor": _first_mayor,
        },
        tags=("research", "as of a day"),
    ),
)
