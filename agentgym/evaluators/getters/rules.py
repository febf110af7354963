"""Getters of the rules that a task gives its metric: as they stand there, and with days said from today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import Annotated, Any, Literal, NotRequired, TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getters
from agentgym.tasks.forms import OPEN

__all__ = ["absolute_rules"]

Word = Literal[
    "tomorrow",
    "this month",
    "5th next month",
    "10th next month",
    "11th next month",
    "this Saturday",
    "this Sunday",
    "next Monday",
    "next Monday split",
    "next Friday",
    "next Friday split",
    "next Saturday",
    "next Sunday",
    "next week Friday",
    "next week Saturday",
    "next week Sunday",
    "first monday four months later",
    "first monday eight months later",
]

_MONDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 4, 5, 6
_WEEK = 7
_YEAR = 12
_SPLIT = " split"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Not strftime's, which are those of the locale.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

Relative = TypedDict("Relative", {"from": Word, "to": NotRequired[Word]})


class Rule(msgspec.Struct):
    """What the metric is given as it stands.

    Args:
        rules: what the metric wants: see there.
    """

    rules: Any


class RelativeRules(TypedDict):
    """Rules whose ``expected`` has days to be filled in."""

    relativeTime: Relative
    expected: dict[str, Any]
    timezone: NotRequired[str]


class RelativeRule(msgspec.Struct):
    """What the metric is given, with days filled in.

    Args:
        rules: ``relativeTime`` says which days, ``from`` and perhaps ``to``; ``expected`` has texts with ``{DoW}``,
            ``{Month}``, ``{MonthFull}``, ``{month}``, ``{MonthD}``, ``{Month0D}``, ``{DayD}``, ``{Day0D}``, ``{Year}``
            under ``time``, or ``from`` and ``to``; ``timezone`` is where today is.
    """

    # Whatever else stands there is for the metric, as `expect_in_result` is.
    rules: Annotated[RelativeRules, OPEN]


@getters.register("rule")
def rule(_backend: Backend, config: dict[str, Any]) -> Any:
    """What stands in the task itself, under ``rules``; nothing is fetched."""
    return config["rules"]


@getters.register("rule_relativeTime")
def rule_relative_time(_backend: Backend, config: dict[str, Any]) -> dict[str, Any]:
    """The ``rules`` of the task with days filled in, such as next Monday's.

    Today is that of ``timezone``, or else of the machine that judges; OSWorld asks a server on the web where it is.
    ``next Monday split`` and ``next Friday split`` fill ``puDay``, ``puMonth``, ``puYear`` and ``doDay`` and so on.

    Raises:
        ValueError: if there is no such time zone, or no text to be filled in.
    """
    rules: dict[str, Any] = config["rules"]
    return absolute_rules(rules, datetime.now(_zone(rules.get("timezone"))).date())


def absolute_rules(rules: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The rules with days filled in, as seen from a day; what was given stays as it is.

    Semantics of OSWorld's ``get_rule_relativeTime``, which knows some words only as ``from`` and some only as ``to``,
    and fails where four or eight months later is December.
    """
    told: Mapping[str, Word] = rules["relativeTime"]
    begin = _WHEN[told["from"]](today)
    filled = dict(rules["expected"])
    if "to" not in told:
        _fill(filled, ("time",), begin)
        return {**rules, "expected": filled}
    _fill(filled, _split("pu") if told["from"].endswith(_SPLIT) else ("from",), begin)
    _fill(filled, _split("do") if told["to"].endswith(_SPLIT) else ("to",), _end(told, begin, today))
    return {**rules, "expected": filled}


def _end(told: Mapping[str, Word], begin: date, today: date) -> date:
    """The second day; of a week or a weekend that has the first in it, not of today's."""
    first, second = told["from"].removesuffix(_SPLIT), told["to"].removesuffix(_SPLIT)
    if (first, second) == ("next Monday", "next Friday"):
        return begin + timedelta(_FRIDAY - _MONDAY)
    if first in ("next Friday", "next Saturday") and second == "next Sunday":
        return begin + timedelta(_SUNDAY - begin.weekday())
    return _WHEN[told["to"]](today)


def _fill(expected: dict[str, Any], names: tuple[str, ...], day: date) -> None:
    for name in names:
        if not isinstance(expected.get(name), str):
            raise ValueError(f"rules.expected has no text {name!r} for the day; it has {', '.join(expected) or 'none'}")
        expected[name] = _written(expected[name], day)


def _written(text: str, day: date) -> str:
    """A text with a day filled in, each placeholder once, as in OSWorld."""
    month = _MONTHS[day.month - 1]
    for name, value in {
        "DoW": _DAYS[day.weekday()],
        "Month": month[:3],
        "DayD": day.day,
        "Year": day.year,
        "Month0D": f"{day.month:02}",
        "month": month.lower(),
        "MonthFull": month,
        "Day0D": f"{day.day:02}",
        "MonthD": day.month,
    }.items():
        text = text.replace(f"{{{name}}}", str(value), 1)
    return text


def _split(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}{part}" for part in ("Day", "Month", "Year"))


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(
            f"rules.timezone is {name!r}; there is no such time zone, as 'Europe/Zurich' is one"
        ) from error


def _this(weekday: int, today: date) -> date:
    """That day of the week from Monday to Sunday which today is in, gone by or not."""
    return today + timedelta(weekday - today.weekday())


def _next(weekday: int, today: date) -> date:
    """The first such day after today."""
    return today + timedelta((weekday - today.weekday() - 1) % _WEEK + 1)


def _next_week(weekday: int, today: date) -> date:
    return _this(weekday, today) + timedelta(_WEEK)


def _of_month(months: int, day: int, today: date) -> date:
    years, month = divmod(today.month - 1 + months, _YEAR)
    return date(today.year + years, month + 1, day)


def _first_monday(months: int, today: date) -> date:
    first = _of_month(months, 1, today)
    return first if first.weekday() == _MONDAY else _next(_MONDAY, first)


_WHEN: Mapping[str, Callable[[date], date]] = {
    "tomorrow": lambda today: today + timedelta(1),
    "this month": lambda today: today,
    "5th next month": partial(_of_month, 1, 5),
    "10th next month": partial(_of_month, 1, 10),
    "11th next month": partial(_of_month, 1, 11),
    "this Saturday": partial(_this, _SATURDAY),
    "this Sunday": partial(_this, _SUNDAY),
    "next Monday": partial(_next, _MONDAY),
    "next Monday split": partial(_next, _MONDAY),
    "next Friday": partial(_next, _FRIDAY),
    "next Friday split": partial(_next, _FRIDAY),
    "next Saturday": partial(_next, _SATURDAY),
    "next Sunday": partial(_next, _SUNDAY),
    "next week Friday": partial(_next_week, _FRIDAY),
    "next week Saturday": partial(_next_week, _SATURDAY),
    "next week Sunday": partial(_next_week, _SUNDAY),
    "first monday four months later": partial(_first_monday, 4),
    "first monday eight months later": partial(_first_monday, 8),
}

getter_forms.register("rule", Rule)
getter_forms.register("rule_relativeTime", RelativeRule)
