"""Small pieces of research that end in a report with sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.research.looking import (
    Calls,
    calculated,
    cell,
    figure,
    led_to,
    looked_up,
    opened,
    saved,
    submitted,
    words_of,
)
from agentgym.suites.research.making import (
    draw_until,
    findings_are,
    make_task,
    report_has,
    were_opened,
)
from agentgym.suites.research.towns import rounded
from agentgym.suites.toolmaking import answer_is, draw
from agentgym.tasks import Task
from agentgym.tools.world import YEARS, Company, Person, World, archived

__all__ = ["FAMILIES"]

_ALMANAC = "https://almanac.example/"
_MOST_WORDS = 80

Found: TypeAlias = tuple[str, Any, str]
"""A finding: name, value and source."""


def _make_report(rng: np.random.Generator) -> Task:
    world, (company, founder, namesake, years) = draw_until(rng, _draw_report)
    growth = _growth(company, *years)
    page, founders = world.address("companies", company.name), world.address("people", founder.name)
    facts: list[dict[str, Any]] = [
        {"name": "founder", "value": [founder.called, founder.name], "sources": [page]},
        {"name": "birthplace", "value": founder.birthplace, "sources": [founders]},
        {"name": "headquarters", "value": company.seats[-1].held, "sources": [page]},
        {"name": "growth", "value": growth, "sources": [page]},
    ]
    return make_task(
        "report",
        f"Write a report on the company {company.name}: who founded it (founder), in which town the founder was born "
        f"(birthplace), in which town its headquarters are today (headquarters), and by how many percent its revenue "
        f"grew from {years[0]} to {years[1]}, rounded to two decimals, negative if it fell (growth). Save these four "
        "with save_findings under the names in brackets, each with the address of the page that says so; name towns as "
        "the titles of their pages do. Then submit the growth as the answer and the report with it, as `report`: "
        f"at most {_MOST_WORDS} words, one line for each of the four, which states it and ends with the same "
        "address.",
        world=world,
        checks=[
            answer_is(growth),
            findings_are(facts),
            report_has(
                [{"value": fact["value"], "sources": fact["sources"]} for fact in facts],
                most_words=_MOST_WORDS,
                none_of=[namesake.birthplace, company.seats[0].held, archived(page)],
            ),
            were_opened([page, founders]),
        ],
        drawn={"company": company.name, "years": [str(year) for year in years], "namesake": namesake.name},
    )


def _draw_report(world: World, rng: np.random.Generator) -> tuple[Company, Person, Person, tuple[int, int]] | None:
    """A company that has moved, whose founder has a namesake."""
    years = (YEARS[int(rng.integers(0, 2))], YEARS[int(rng.integers(2, len(YEARS)))])
    fitting = []
    for company in world.companies.values():
        founder = world.people[company.founder]
        other = next((one for one in world.people.values() if one.called == founder.called and one != founder), None)
        if other is not None and abs(_growth(company, *years)) >= 2 and _differs(company, founder, other):
            fitting.append((company, founder, other, years))
    return draw(rng, fitting) if fitting else None


def _differs(company: Company, founder: Person, namesake: Person) -> bool:
    """Whether no wrong town's name is that of a right one, or part of it."""
    right = (founder.birthplace, company.seats[-1].held)
    wrong = (namesake.birthplace, company.seats[0].held)
    return not any(one in other for one in wrong for other in right)


def _growth(company: Company, before: int, after: int) -> float:
    earlier, later = company.revenue[before], company.revenue[after]
    return rounded(Fraction(100 * (later - earlier), earlier), 2)


def _lines(found: Sequence[Found]) -> str:
    return "\n".join(f"The {name}: {value}; {source}" for name, value, source in found)


def _lines_without_sources(found: Sequence[Found]) -> str:
    return "\n".join(f"The {name}: {value}" for name, value, _ in found)


def _lines_and_sources_apart(found: Sequence[Found]) -> str:
    return "\n".join([_lines_without_sources(found), *(source for *_, source in found)])


def _lines_with_old_sources(found: Sequence[Found]) -> str:
    return _lines([(name, value, archived(source)) for name, value, source in found])


def _wordy_lines(found: Sequence[Found]) -> str:
    return f"{_lines(found)}\n{'It is a fine company. ' * 20}"


def _solve_report(task: Task) -> Calls:
    yield from _report(task)


def _report_without_sources(task: Task) -> Calls:
    yield from _report(task, write=_lines_without_sources)


def _report_with_sources_apart(task: Task) -> Calls:
    yield from _report(task, write=_lines_and_sources_apart)


def _report_with_old_sources(task: Task) -> Calls:
    yield from _report(task, write=_lines_with_old_sources)


def _report_with_many_words(task: Task) -> Calls:
    yield from _report(task, write=_wordy_lines)


def _answer_without_report(task: Task) -> Calls:
    yield from _report(task, write=None)


def _report_without_findings(task: Task) -> Calls:
    yield from _report(task, keeping=False)


def _report_on_namesake(task: Task) -> Calls:
    yield from _report(task, founder=task.seed_params["namesake"])


def _report_on_former_headquarters(task: Task) -> Calls:
    yield from _report(task, seat_from=archived)


def _report_with_percent_of_the_later(task: Task) -> Calls:
    yield from _report(task, formula="round(100 * ({after} - {before}) / {after}, 2)")


def _report(
    task: Task,
    *,
    write: Callable[[Sequence[Found]], str] | None = _lines,
    keeping: bool = True,
    founder: str | None = None,
    seat_from: Any = str,
    formula: str = "round(100 * ({after} - {before}) / {before}, 2)",
) -> Calls:
    before, after = task.seed_params["years"]
    page = yield from looked_up(task.seed_params["company"], at=_ALMANAC)
    address = page.splitlines()[1].partition(",")[0]
    seated = page if seat_from is str else (yield from opened(seat_from(address)))
    person = led_to(page, " by")
    about = yield from opened(person)
    if founder is not None:
        about = yield from looked_up(founder, at=_ALMANAC)
    counted = {"before": figure(cell(page, before)), "after": figure(cell(page, after))}
    growth = float((yield from calculated(formula.format(**counted))))
    found = [
        ("founder", words_of(page, r"founded in \d+ by"), address),
        ("birthplace", words_of(about, r"was born on \S+ in"), person),
        ("headquarters", words_of(seated, r"headquarters (?:are )?in"), address),
        ("growth", growth, address),
    ]
    if keeping:
        yield from saved(found)
    yield from submitted(growth, None if write is None else write(found))


FAMILIES = (
    TaskFamily(
        "report",
        _make_report,
        _solve_report,
        {
            "no sources": _report_without_sources,
            "sources apart": _report_with_sources_apart,
            "sources of the old edition": _report_with_old_sources,
            "too many words": _report_with_many_words,
            "no report": _answer_without_report,
            "no findings": _report_without_findings,
            "the namesake": _report_on_namesake,
            "the former headquarters": _report_on_former_headquarters,
            "percent of the later": _report_with_percent_of_the_later,
        },
        tags=("research", "report", "findings", "numeric"),
    ),
)
