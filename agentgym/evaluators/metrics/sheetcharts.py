"""The rules of ``compare_table`` on charts, large ones and those in a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from agentgym.evaluators.metrics.damaged import unless_damaged
from agentgym.evaluators.metrics.sheetparts import sparklines_of
from agentgym.evaluators.metrics.workbooks import Books, Rule, find_sheet, sheets_if_any

__all__ = ["CHART", "same_charts", "same_sparklines"]

_Property = Callable[[Any], Any]


def same_charts(books: Books, rule: Rule) -> bool:
    """Whether two sheets have charts of the same series, alike in ``chart_props``."""
    pair = sheets_if_any(books, rule)
    if pair is None:
        return False
    props = rule.get("chart_props", ())
    if rule.get("strict", False):
        one, other = (_charts(sheet, props) for sheet in pair)
        return one == other
    told = [{} if sheet is None else _charts_by_series(sheet, props) for sheet in pair]
    return told[0] == told[1]


def same_sparklines(books: Books, rule: Rule) -> bool:
    """Whether two sheets have the same small charts in the same cells."""
    found = [one for key in ("sheet_idx0", "sheet_idx1") if (one := find_sheet(books, rule[key]))]
    if len(found) < len(books):
        return False
    strict = rule.get("strict", False)
    drawn = [unless_damaged(partial(sparklines_of, book.path, sheet, strict=strict)) for book, sheet in found]
    return drawn[0] is not None and drawn[0] == drawn[1]


def _charts(sheet: Any, props: Sequence[str]) -> list[str]:
    return sorted(repr((_series(chart), [CHART[name](chart) for name in props])) for chart in sheet._charts)


def _charts_by_series(sheet: Any, props: Sequence[str]) -> dict[str, list[Any]]:
    """As OSWorld tells charts: by the places of their values as written, and the last of those that have the same."""
    return {
        ";".join(f"{_written(one.val)},{_written(one.cat)}" for one in chart.series): [
            _SAID.get(name, CHART[name])(chart) for name in props
        ]
        for chart in sheet._charts
    }


def _written(source: Any) -> str:
    references = (getattr(source, name, None) for name in ("numRef", "strRef"))
    return next((str(one.f) for one in references if one is not None), "")


def _series(chart: Any) -> list[tuple[str, ...]]:
    """Where the numbers of each series and what they are of stand."""
    return sorted(
        tuple(_place(getattr(series, name, None)) for name in ("val", "yVal", "cat", "xVal"))
        for part in chart._charts
        for series in part.series
    )


def _place(source: Any) -> str:
    if source is None:
        return ""
    references = (getattr(source, name, None) for name in ("numRef", "strRef", "multiLvlStrRef"))
    # Programs write the same place with and without what says that it is absolute.
    return next((str(one.f).replace("$", "").replace("'", "") for one in references if one is not None), "")


def _text(title: Any) -> str | None:
    """The words of a title; None if there is none that was written."""
    rich = getattr(getattr(title, "tx", None), "rich", None)
    if rich is None:
        return None
    return "\n".join("".join(run.t or "" for run in paragraph.r or ()) for paragraph in rich.p)


def _first_run(title: Any) -> Any:
    rich = getattr(getattr(title, "tx", None), "rich", None)
    runs = rich.p[0].r if rich is not None and rich.p else None
    return runs[0].t if runs else None


def _of_axis(name: str, words: _Property) -> _Property:
    return lambda chart: words(getattr(getattr(chart, name, None), "title", None))


def _corner(chart: Any) -> tuple[int, int] | None:
    corner = getattr(chart.anchor, "_from", None)
    return None if corner is None else (corner.col, corner.row)


def _anchor(chart: Any) -> Any:
    """What OSWorld compares: of where a chart begins the column alone, of where it ends the row twice."""
    end = getattr(chart.anchor, "to", None)
    return _corner(chart) if end is None else (chart.anchor.editAs, chart.anchor._from.col, end.row, end.col)


def _extent(side: str) -> _Property:
    def extent(chart: Any) -> Any:
        said = getattr(chart.anchor, "ext", None)
        end = getattr(chart.anchor, "to", None)
        if end is None:
            return said and getattr(said, side)
        first, last = ((one.col, one.colOff) if side == "width" else (one.row, one.rowOff) for one in _ends(chart))
        return last[0] - first[0], last[1] - first[1]

    return extent


def _ends(chart: Any) -> tuple[Any, Any]:
    return chart.anchor._from, chart.anchor.to


CHART: Mapping[str, _Property] = {
    "type": lambda chart: sorted(part.tagname for part in chart._charts),
    "title": lambda chart: _text(chart.title),
    "xtitle": _of_axis("x_axis", _text),
    "ytitle": _of_axis("y_axis", _text),
    "ztitle": _of_axis("z_axis", _text),
    "direction": lambda chart: getattr(chart, "barDir", None),
    "legend": lambda chart: chart.legend and chart.legend.position,
    "anchor": _corner,
    "width": _extent("width"),
    "height": _extent("height"),
}
"""What ``chart`` compares; ``anchor`` is the cell under the top left corner, with ``strict``."""

_SAID: Mapping[str, _Property] = {
    "type": lambda chart: chart.tagname,
    "title": lambda chart: _first_run(chart.title),
    "xtitle": _of_axis("x_axis", _first_run),
    "ytitle": _of_axis("y_axis", _first_run),
    "ztitle": _of_axis("z_axis", _first_run),
    "anchor": _anchor,
    # A file says no such thing, so that every chart has openpyxl's own.
    "width": lambda chart: chart.width,
    "height": lambda chart: chart.height,
}
"""What OSWorld compares in place of these."""
