"""The calculator: exact while it can be, bounded always, and clear about what it cannot do."""

from __future__ import annotations

import math
import random
import time
from fractions import Fraction

import pytest

from agentgym.actions import ToolCall
from agentgym.tasks import Task
from agentgym.tools import ToolContext, call_tool, resolve_tools
from agentgym.tools.calculating import CalculationError, calculate, told


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", "7"),
        ("0.1 + 0.2", "0.3"),
        ("2 ** -3", "0.125"),
        ("10 // 3", "3"),
        ("mod(-7, 3)", "2"),
        ("5 × 3 − 2 ÷ 4", "14.5"),
        ("1_000 * 1e-3", "1"),
        ("15%", "0.15"),
        ("15% of 80", "12"),
        ("-15%", "-0.15"),
        ("80 * (1 - 15%)", "68"),
        ("100 / 50%", "200"),
        ("(10 + 5)% * 2", "0.3"),
        ("(50%) ** 2", "0.25"),
        ("sqrt(2.25)", "1.5"),
        ("9 ** 0.5", "3"),
        ("round(2.345, 2)", "2.35"),
        ("round(-0.5)", "-1"),
        ("round(1234.5, -2)", "1200"),
        ("mean(1, 2, 6)", "3"),
        ("median(5, 1, 2, 4)", "3"),
        ("max(1, 2.5) - min(1, 2.5) + abs(-3) + sum(1, 2)", "7.5"),
        ("factorial(5) + floor(-0.5) + ceil(0.5)", "120"),
        ("1e-30", "1E-30"),
    ],
)
def test_what_is_exact_is_told_exactly(expression: str, result: str) -> None:
    assert told(calculate(expression)) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 / 3", "0.333333333333333 (rounded; exactly 1/3)"),
        ("sqrt(2)", "1.4142135623731 (rounded)"),
        ("pi", "3.14159265358979 (rounded)"),
        ("e - exp(1)", "0 (rounded)"),
        ("log(8, 2)", "3 (rounded)"),
        ("ln(e) + log10(1000)", "4 (rounded)"),
        ("sin(0) + cos(0) + tan(0)", "1 (rounded)"),
    ],
)
def test_what_is_rounded_is_told_to_be(expression: str, result: str) -> None:
    assert told(calculate(expression)) == result


@pytest.mark.parametrize(
    ("expression", "message", "column"),
    [
        ("", "nothing to calculate", None),
        ("1 + foo", "nothing is called 'foo'; did you mean 'floor'?", 5),
        ("  1 + foo", "nothing is called 'foo'", 7),
        ("10% + 5% - foo", "nothing is called 'foo'", 12),
        ("roud(3)", "did you mean 'round'?", 1),
        ("sqrt", "sqrt is a function", 1),
        ("sqrt(1, 2)", "sqrt takes 1 numbers, not 2", 1),
        ("round(1, n=2)", "round takes 1 or 2 numbers|nothing is called", 1),
        ("1 + 1/(2 - 2)", "division by zero", 5),
        ("0 ** -1", "division by zero", 1),
        ("7 % 3", "the remainder of a division is mod", 1),
        ("50% ** 2", "needs brackets", 3),
        ("2 ^ 3", "a power is written", 1),
        ("1,234 * 2", "one thousand is 1000", 1),
        ("x = 3", "'=' is no arithmetic", 3),
        ("1 < 2", "no arithmetic", 1),
        ("3 +* 4", "cannot be read", 4),
        ("2+", r"something is missing after '\+'", 3),
        ("15% of 80 + ", r"something is missing after '\+'", 12),
        ("15% of", "something is missing after 'of'", 7),
        ("2 ** ", r"something is missing after '\*\*'", 5),
        ("3 ×", "something is missing after '×'", 4),
        ("round(2,", "something is missing after ','", 9),
        ("sqrt(", r"something is missing after '\('", 6),
        ("round(83635 / 119.2, 1", r"'\)' is missing", 23),
        ("(1 + (2 * 10%", r"'\)\)' is missing", 14),
        ("3 +* 4 +", "cannot be read", 4),
        ("(1 2", "cannot be read", 1),
        ("1)", "cannot be read", 2),
        ("3 + ½", "'½' is nothing to calculate with", 5),
        ("True", "no arithmetic", 1),
        ("'a' * 3", "no arithmetic", 1),
        ("(1).real", "no arithmetic", 1),
        ("__import__('os').system('true')", "no arithmetic", 1),
        ("__import__('os')", "no function is called", 1),
        ("[1 for _ in range(3)]", "no arithmetic", 1),
        ("sqrt(-1)", "no square root", 1),
        ("ln(0)", "a number over 0", 1),
        ("(-8) ** (1/3)", "no value", 1),
        ("factorial(-1)", "whole number", 1),
        ("factorial(2.5)", "whole number", 1),
    ],
)
def test_what_cannot_be_calculated_says_why_and_where(expression: str, message: str, column: int | None) -> None:
    with pytest.raises(CalculationError, match=message) as raised:
        calculate(expression)
    assert raised.value.column == column


@pytest.mark.parametrize(
    "expression",
    [
        "9 ** 9 ** 9",
        "10 ** 4000",
        "(1/7) ** 9999999",
        "1e999999999",
        "1e-999999999",
        "factorial(99999)",
        "exp(1e9)",
        "2.5 ** 1e9",
        "pi ** 1e9",
        "*".join(["1e2999"] * 3),
        "round(1, 10 ** 9)",
        "(" * 400 + "1" + ")" * 400,
        "-" * 900 + "1",
        "+".join(["1"] * 5000),
        "sqrt(" * 150 + "2" + ")" * 150,
    ],
)
def test_nothing_takes_long_or_grows_without_end(expression: str) -> None:
    began = time.monotonic()
    with pytest.raises(CalculationError):
        calculate(expression)
    assert time.monotonic() - began < 20


def test_random_arithmetic_is_equal_to_that_of_fractions() -> None:
    source = random.Random(3)
    for _ in range(300):
        numbers = [Fraction(source.randrange(-999, 1000), 10 ** source.randrange(4)) for _ in range(5)]
        operators = [source.choice("+-*/") for _ in range(4)]
        text = "".join(f"({float(n)}){o}" for n, o in zip(numbers, [*operators, ""], strict=True))
        try:
            expected = eval(text.replace("(", "Fraction('").replace(")", "')"))  # noqa: S307 - our own digits
        except ZeroDivisionError:
            with pytest.raises(CalculationError, match="zero"):
                calculate(text)
            continue
        assert calculate(text) == expected


def test_functions_agree_with_those_of_python() -> None:
    for name in ("sin", "cos", "tan", "exp", "sqrt"):
        for value in (0.3, 1.7, 2.9):
            assert float(calculate(f"{name}({value})")) == pytest.approx(getattr(math, name)(value), rel=1e-14)


def test_as_a_tool_a_mistake_is_an_answer() -> None:
    tools = resolve_tools(["calculator"])
    context = ToolContext(Task("t", "i"))
    good = call_tool(tools, ToolCall("calculator", {"expression": "round(2/3, 2)"}), context, call_id="1")
    bad = call_tool(tools, ToolCall("calculator", {"expression": "2/0"}), context, call_id="2")
    assert (good.ok, good.content) == (True, "0.67")
    assert not bad.ok
    assert bad.content == "cannot calculate '2/0': division by zero (at column 1)"
