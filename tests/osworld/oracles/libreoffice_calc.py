"""The solutions of the tasks of Calc."""

from __future__ import annotations

from tests.osworld.oracles import calc_charts, calc_formulas, calc_looks, calc_pivots, calc_sheets

__all__ = ["SOLUTIONS"]

SOLUTIONS = (
    *calc_charts.SOLUTIONS,
    *calc_formulas.SOLUTIONS,
    *calc_looks.SOLUTIONS,
    *calc_pivots.SOLUTIONS,
    *calc_sheets.SOLUTIONS,
)
