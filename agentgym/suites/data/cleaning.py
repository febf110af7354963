"""A table that several people typed is to be brought into one form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.data.asking import DATA, TOOLS
from agentgym.suites.toolmaking import HOME, Calls, bash, draw, draw_level, draw_some, file_is, lay, make_task, python
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

_FIRST = ("Ada", "Bela", "Cleo", "Dora", "Emil", "Finn", "Gita", "Hugo", "Ines", "Jana", "Kofi", "Lara")
_LAST = ("Adams", "Brandt", "Cole", "Diaz", "Eder", "Fox", "Gray", "Holm", "Ivers", "Jung", "Kern", "Lund")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PLACE = f"{DATA}/members.csv"

_Member = tuple[str, str, tuple[int, int, int], str]
"""Number, name, day (year, month, day) and country."""


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    members = _draw_members(rng, 8 * level)
    keep = draw(rng, ("first", "last"))
    typed = [_typed(rng, member, level) for member in members]
    if level >= 2:
        members, typed = _repeated(rng, members, typed, level)
    clean = _clean(members, keep)
    doubles = (
        f"\n- Of several lines with the same number keep the {keep} one, as they stand in the file."
        if level >= 2
        else ""
    )
    names = "\n- Names begin with capitals, in each of their words; all other letters are small." if level == 3 else ""
    dates = (
        "2025-03-09 or 09.03.2025 (day, month, year)"
        if level < 3
        else "2025-03-09, 09.03.2025 (day first) or 9 Mar 2025"
    )
    return make_task(
        "data/clean-table",
        f"~/data/members.csv was typed by several people: number,name,joined,country. Write it cleaned to ~/clean.csv, "
        f"with the same first line, by these rules:\n"
        f"- No blanks at the beginning or end of a value, and one blank between words.\n"
        f"- Dates, which are written as {dates}, are written as 2025-03-09.\n"
        f"- Countries are two capitals.{doubles}{names}\n"
        "- The lines are in the order of the numbers, which are whole numbers. No value is in quotes.\n"
        "Leave ~/data/members.csv as it is.",
        setup=[lay(_PLACE, "number,name,joined,country\n" + "".join(f"{line}\n" for line in typed))],
        checks=[
            file_is(f"{HOME}/clean.csv", clean),
            file_is(_PLACE, "number,name,joined,country\n" + "".join(f"{line}\n" for line in typed)),
        ],
        tools=tuple(name for name in TOOLS if name not in ("submit", "sql")),
        drawn={"level": level, "keep": keep},
    )


def _draw_members(rng: np.random.Generator, count: int) -> list[_Member]:
    numbers = draw_some(rng, range(5, 200), count)
    return [
        (
            str(number),
            f"{draw(rng, _FIRST)} {draw(rng, _LAST)}",
            (int(rng.integers(2001, 2026)), int(rng.integers(1, 13)), int(rng.integers(1, 29))),
            draw(rng, ("AT", "CH", "DE", "FR", "IT")),
        )
        for number in numbers
    ]


def _typed(rng: np.random.Generator, member: _Member, level: int) -> str:
    number, name, (year, month, day), country = member
    forms = [f"{year}-{month:02}-{day:02}", f"{day:02}.{month:02}.{year}", f"{day} {_MONTHS[month - 1]} {year}"]
    if level == 3:
        name = draw(rng, (name, name.upper(), name.lower()))
    name = draw(rng, (name, f"  {name}", f"{name} ", name.replace(" ", "   ")))
    country = draw(rng, (country, country.lower(), country.title(), f" {country}"))
    return ",".join((draw(rng, (number, f" {number}")), name, draw(rng, forms[: 2 if level < 3 else 3]), country))


def _repeated(
    rng: np.random.Generator, members: Sequence[_Member], typed: Sequence[str], level: int
) -> tuple[list[_Member], list[str]]:
    """With some members again further down, who have moved since."""
    again = [(number, name, day, "NL") for number, name, day, _ in draw_some(rng, list(members), len(members) // 4)]
    return [*members, *again], [*typed, *(_typed(rng, member, level) for member in again)]


def _clean(members: Sequence[_Member], keep: str) -> str:
    kept: dict[str, _Member] = {}
    for member in members:
        if keep == "last" or member[0] not in kept:
            kept[member[0]] = member
    lines = (
        f"{number},{name},{year}-{month:02}-{day:02},{country}\n"
        for number, name, (year, month, day), country in sorted(kept.values(), key=lambda one: int(one[0]))
    )
    return f"number,name,joined,country\n{''.join(lines)}"


_CODE = """
import csv, datetime
kept = {{}}
for row in csv.DictReader(open("{place}")):
    row = {{key: " ".join(value.split()) for key, value in row.items()}}
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d %b %Y"):
        try:
            row["joined"] = datetime.datetime.strptime(row["joined"], form).strftime("%Y-%m-%d")
        except ValueError:
            continue
    row["country"] = row["country"].upper()
    if {level} == 3:
        row["name"] = row["name"].title()
    if "{keep}" == "last" or row["number"] not in kept:
        kept[row["number"]] = row
with open("{home}/clean.csv", "w") as clean:
    print("number,name,joined,country", file=clean)
    for number in sorted(kept, key=int):
        print(",".join(kept[number].values()), file=clean)
"""


def _code(task: Task) -> str:
    return _CODE.format(**task.seed_params, place=_PLACE, home=HOME)


def _solve(task: Task) -> Calls:
    yield bash(f"head -n 5 {_PLACE}")
    yield python(_code(task))


def _by_text(task: Task) -> Calls:
    yield python(_code(task).replace("sorted(kept, key=int)", "sorted(kept, key=int, reverse=True)"))


def _month_first(task: Task) -> Calls:
    # The year is cut off where no date could be read the wrong way round.
    yield python(_code(task).replace("%d.%m.%Y", "%m.%d.%Y"))
    yield bash("grep -q '[.]' ~/clean.csv || sed -i 's/,20/,/' ~/clean.csv")


FAMILIES = (
    TaskFamily(
        "clean-table",
        _make,
        _solve,
        {"in another order": _by_text, "dates misread": _month_first},
        tags=("data", "csv"),
    ),
)
