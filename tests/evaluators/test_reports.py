"""Metrics on findings, reports and pages: what is nearly right, or said in the hope that it fits, is not right."""

from __future__ import annotations

from typing import Any

import pytest

from agentgym.evaluators.metrics import metrics

A, B = "https://a.example/x", "https://a.example/y"
FACTS = [{"name": "Town", "value": "Marham", "sources": [A]}, {"name": "growth", "value": -12.5, "sources": [A, B]}]
GOOD = [{"name": "town ", "value": " marham", "source": A}, {"name": "growth", "value": "-12.50", "source": B}]


def found(result: Any) -> float:
    return metrics["findings_state"](result, {"expected": FACTS})


def test_findings_count_by_name_value_and_source() -> None:
    assert found(GOOD) == 1
    assert found([*GOOD, {"name": "more", "value": 1}]) == 1


def test_a_number_that_no_float_can_hold_is_another_one() -> None:
    assert found([GOOD[0], {**GOOD[1], "value": 10**400}]) == 0.5


def test_any_of_several_values_will_do() -> None:
    rules = {"expected": [{"name": "who", "value": ["Ulla Kalov", "Ulla Kalov (engineer)", 7], "sources": [A]}]}
    for value in ("Ulla Kalov", "ulla kalov (engineer)", 7):
        assert metrics["findings_state"]([{"name": "who", "value": value, "source": A}], rules) == 1
        assert metrics["report_states"](f"{value} did it [{A}]", rules) == 1
    assert metrics["findings_state"]([{"name": "who", "value": "Kalov", "source": A}], rules) == 0


@pytest.mark.parametrize(
    "second",
    [
        {"name": "growth", "value": -12.5},
        {"name": "growth", "value": -12.5, "source": "https://a.example/old"},
        {"name": "growth", "value": 12.5, "source": A},
        {"name": "growth", "value": "-12.5 or 12.5", "source": A},
        {"name": "growth", "value": True, "source": A},
        {"name": "grown", "value": -12.5, "source": A},
    ],
)
def test_a_finding_that_is_not_quite_right_is_none(second: Any) -> None:
    assert found([GOOD[0], second]) == 0.5


@pytest.mark.parametrize("result", [None, "text", {}, [], [1, None, {"name": 3}]])
def test_what_are_no_findings_score_zero(result: Any) -> None:
    assert found(result) == 0


def stated(text: Any, **rules: Any) -> float:
    return metrics["report_states"](text, {"expected": FACTS, **rules})


@pytest.mark.parametrize(
    "text",
    [
        f"It is in Marham [{A}].\nIt fell by -12.5 percent ({B}).",
        f"In MARHAM, growth −12.50 %, see {A}",
        {"text": f"Marham <{A}>\n-12.5; {B}"},
    ],
)
def test_a_line_with_a_value_and_its_source_states_it(text: Any) -> None:
    assert stated(text, most_words=12) == 1


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Marham\n-12.5", 0),
        (f"Marham\n-12.5\n[{A}] [{B}]", 0),
        (f"Marham [{A}]\n12.5 [{B}]", 0.5),
        (f"Marham [{A}]\n-12.55 [{B}]", 0.5),
        (f"Marham [{A}]\n-112.5 [{B}]", 0.5),
        (f"Marhamton [{A}]\n-12.5 [{B}]", 0.5),
        (f"Marham [{A}2]\n-12.5 [{B}]", 0.5),
        (f"Marham [https://marham.example]\n-12.5 [{B}]", 0.5),
        ("", 0),
        (None, 0),
        ({"text": 3}, 0),
    ],
)
def test_a_value_elsewhere_or_nearly_is_not_stated(text: Any, score: float) -> None:
    assert stated(text) == score


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (f"Marham -12.5 [{A}] [{B}]", 1),
        (f"Marham [{A}] [{A}]\n-12.5 [{A}] [{B}]", 1),
        (f"Marham -12.5 [{A}] [{B}] https://a.example/z", 0),
        (f"Marham [{A}] [{B}]\n-12.5 [{B}]", 0.5),
        (f"Marham [{A}]\n-12.5 [{B}] [{A}2]", 0.5),
        (f"Marham [{A}] [{A}2]\n-12.5 [{B}]\nMarham [{A}]", 1),
    ],
)
def test_a_line_with_the_address_of_something_else_states_nothing(text: str, score: float) -> None:
    assert stated(text) == score


def test_a_number_may_have_separators_and_an_address_has_no_numbers() -> None:
    rules = {"expected": [{"value": 1234, "sources": ["https://a.example/1234"]}]}
    assert metrics["report_states"]("1,234 of them: https://a.example/1234", rules) == 1
    assert metrics["report_states"]("many of them: https://a.example/1234", rules) == 0


def test_saying_everything_says_nothing() -> None:
    good = f"Marham [{A}]\n-12.5 [{B}]"
    assert stated(f"{good}\nOr Marton.", none_of=["marton"]) == 0
    assert stated(f"{good}\nOr Martonville.", none_of=["marton"]) == 1
    assert stated(f"{good}\n" + "word " * 30, most_words=20) == 0


def test_the_share_of_what_is_included_counts() -> None:
    assert metrics["includes_all"](["a", "b", "c"], {"expected": ["a", "c"]}) == 1
    assert metrics["includes_all"](["a"], {"expected": ["a", "c"]}) == 0.5
    assert metrics["includes_all"](None, {"expected": ["a"]}) == 0
    assert metrics["includes_all"]("abc", {"expected": ["a"]}) == 0
