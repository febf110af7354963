"""Days that a rule says by what they are from today."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from agentgym.backends.memory import MemoryBackend
from agentgym.errors import TaskError
from agentgym.evaluators import check_spec, getters
from agentgym.evaluators.getters.rules import absolute_rules
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec

_MONDAY, _FRIDAY, _SATURDAY, _SUNDAY = date(2026, 11, 16), date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)
_ISO = "{Year}-{Month0D}-{Day0D}"


def _day(word: str, today: date) -> str:
    rules = {"relativeTime": {"from": word}, "expected": {"time": _ISO, "other": _ISO}}
    filled = absolute_rules(rules, today)
    assert filled["expected"]["other"] == _ISO
    assert filled["relativeTime"] == {"from": word}
    assert rules["expected"] == {"time": _ISO, "other": _ISO}
    time: str = filled["expected"]["time"]
    return time


def _days(begin: str, end: str, today: date) -> tuple[str, str]:
    rules = {"relativeTime": {"from": begin, "to": end}, "expected": {"from": _ISO, "to": _ISO}}
    expected = absolute_rules(rules, today)["expected"]
    return expected["from"], expected["to"]


@pytest.mark.parametrize(
    ("word", "today", "day"),
    [
        ("tomorrow", date(2026, 12, 31), "2027-01-01"),
        ("this month", _SUNDAY, "2026-11-22"),
        ("5th next month", date(2026, 12, 31), "2027-01-05"),
        ("10th next month", _SUNDAY, "2026-12-10"),
        ("11th next month", date(2026, 1, 31), "2026-02-11"),
        ("this Saturday", _MONDAY, "2026-11-21"),
        ("this Saturday", _SUNDAY, "2026-11-21"),
        ("this Sunday", _SUNDAY, "2026-11-22"),
        ("next Monday", _MONDAY, "2026-11-23"),
        ("next Monday", _SUNDAY, "2026-11-23"),
        ("next Friday", _MONDAY, "2026-11-20"),
        ("next Friday", _FRIDAY, "2026-11-27"),
        ("next Saturday", _FRIDAY, "2026-11-21"),
        ("next Saturday", _SATURDAY, "2026-11-28"),
        ("next Sunday", _SUNDAY, "2026-11-29"),
        ("next week Friday", _MONDAY, "2026-11-27"),
        ("next week Friday", _SUNDAY, "2026-11-27"),
        ("next week Saturday", _SATURDAY, "2026-11-28"),
        ("next week Sunday", _SUNDAY, "2026-11-29"),
        ("first monday four months later", _SUNDAY, "2027-03-01"),
        ("first monday eight months later", _SUNDAY, "2027-07-05"),
        # OSWorld asks for month 0.
        ("first monday four months later", date(2026, 8, 9), "2026-12-07"),
        ("first monday eight months later", date(2026, 4, 9), "2026-12-07"),
    ],
)
def test_word_is_a_day(word: str, today: date, day: str) -> None:
    assert _day(word, today) == day


@pytest.mark.parametrize(
    ("begin", "end", "today", "days"),
    [
        ("next Monday", "next Friday", _MONDAY, ("2026-11-23", "2026-11-27")),
        ("this Saturday", "next Friday", _MONDAY, ("2026-11-21", "2026-11-20")),
        ("next Friday", "next Sunday", _SUNDAY, ("2026-11-27", "2026-11-29")),
        ("next Friday", "next Sunday", _FRIDAY, ("2026-11-27", "2026-11-29")),
        ("next Saturday", "next Sunday", _SATURDAY, ("2026-11-28", "2026-11-29")),
        ("tomorrow", "next Sunday", _SATURDAY, ("2026-11-22", "2026-11-22")),
        ("next week Saturday", "next week Sunday", _SATURDAY, ("2026-11-28", "2026-11-29")),
        ("10th next month", "11th next month", _SUNDAY, ("2026-12-10", "2026-12-11")),
    ],
)
def test_second_day_is_of_the_same_week_as_the_first(begin: str, end: str, today: date, days: tuple[str, str]) -> None:
    assert _days(begin, end, today) == days


def test_split_days_are_filled_in_three_places_each() -> None:
    rules = {
        "relativeTime": {"from": "next Monday split", "to": "next Friday split"},
        "expected": {
            "puDay": "{DayD}",
            "puMonth": "{MonthD}",
            "puYear": "{Year}",
            "doDay": "{DayD}",
            "doMonth": "{MonthD}",
            "doYear": "{Year}",
        },
    }
    assert absolute_rules(rules, date(2026, 12, 30))["expected"] == {
        "puDay": "4",
        "puMonth": "1",
        "puYear": "2027",
        "doDay": "8",
        "doMonth": "1",
        "doYear": "2027",
    }


def test_every_placeholder_is_filled_in_once() -> None:
    written = "{DoW} {Month} {MonthFull} {month} {MonthD} {Month0D} {DayD} {Day0D} {Year} {Year} {Else}"
    rules = {"relativeTime": {"from": "this month"}, "expected": {"time": written}}
    said = "Sat May May may 5 05 2 02 2026 {Year} {Else}"
    assert absolute_rules(rules, date(2026, 5, 2))["expected"]["time"] == said


def _get(**rules: Any) -> Any:
    return getters["rule_relativeTime"](MemoryBackend(), {"type": "rule_relativeTime", "rules": rules})


def test_today_is_that_of_the_time_zone() -> None:
    told = {"relativeTime": {"from": "this month"}, "expected": {"time": _ISO}}
    # 26 hours lie between them: it is never the same day in both.
    places = [_get(**told, timezone=zone)["expected"]["time"] for zone in ("Pacific/Kiritimati", "Etc/GMT+12")]
    assert date.fromisoformat(places[0]) > date.fromisoformat(places[1])
    assert places[1] <= _get(**told)["expected"]["time"] <= places[0]
    with pytest.raises(ValueError, match=r"rules\.timezone is 'Europe/Zurch'; there is no such time zone"):
        _get(**told, timezone="Europe/Zurch")


def test_text_that_is_not_there_is_told() -> None:
    with pytest.raises(ValueError, match=r"rules\.expected has no text 'time' for the day; it has from"):
        _get(relativeTime={"from": "tomorrow"}, expected={"from": "{DayD}"})


@pytest.mark.parametrize(
    ("relative", "says"),
    [
        (
            {"from": "tomorow"},
            r"'tomorow'.*the choices are 'tomorrow'.*\$\.evaluator\.expected\.rules\.relativeTime\.from",
        ),
        ({"to": "tomorrow"}, "missing required field `from`"),
    ],
)
def test_unknown_word_is_refused_before_the_episode(relative: dict[str, str], says: str) -> None:
    config = {"type": "rule_relativeTime", "rules": {"relativeTime": relative, "expected": {"time": "{DayD}"}}}
    result = GetterSpec("rule", {"type": "rule", "rules": {}})
    check = Check("check_direct_json_object", result, GetterSpec("rule_relativeTime", config))
    with pytest.raises(TaskError, match=says):
        check_spec(EvaluatorSpec((check,)))
