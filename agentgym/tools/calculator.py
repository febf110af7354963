"""The tool ``calculator``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agentgym.errors import ToolError
from agentgym.tools.calculating import CalculationError, calculate, told
from agentgym.tools.decorator import tool

__all__ = ["calculator"]


@tool
def calculator(expression: Annotated[str, Field(max_length=1_000)]) -> str:
    """Calculates an expression such as "round(1234.5 / 67.8, 2)", exactly where that can be.

    There are + - * / // ** and brackets; percentages (15% is 0.15, "15% of 80" is 12); pi and e; and the functions
    abs, ceil, cos, exp, factorial, floor, ln, log, log10, max, mean, median, min, mod, round, sin, sqrt, sum and tan.

    Args:
        expression: what is to be calculated, without thousands separators.
    """
    try:
        return told(calculate(expression))
    except CalculationError as error:
        raise ToolError(f"cannot calculate {expression[:200]!r}: {error}") from error
