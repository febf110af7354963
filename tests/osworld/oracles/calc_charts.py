"""Tasks of Calc with charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.chart import BarChart, LineChart
from openpyxl.chart.data_source import AxDataSource, NumDataSource, NumRef, StrRef
from openpyxl.chart.series import Series

from agentgym.actions import Hotkey, Press, TypeText
from tests.osworld.makers.books import Row, workbook
from tests.osworld.moves import choose, enter, fill_in, go_to
from tests.osworld.solution import Gone, Moves, Seen, Solution

__all__ = ["SOLUTIONS"]

_SALES: Sequence[Row] = [
    ("Name", "Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    ("Ada", 200, 210, 240, 180, 260, 300),
    ("Ben", 150, 190, 160, 220, 240, 200),
    ("Cleo", 150, 200, 200, 300, 250, 320),
]
_TOTAL: Row = ("Total", 500, 600, 600, 700, 750, 820)


_KINDS = ("Column", "Bar", "Pie", "Area", "Line")
"""Of charts, as the assistant lists them."""


def _chart(chart: BarChart | LineChart, values: str, names: str, *, title: str | None = None) -> BarChart | LineChart:
    """A chart with one series, whose places are written as LibreOffice writes them, since they are compared so."""
    chart.title = title
    chart.series.append(
        Series(
            val=NumDataSource(numRef=NumRef(f=f"Sheet1!{values}")),
            cat=AxDataSource(strRef=StrRef(f=f"Sheet1!{names}")),
        )
    )
    return chart


def _draw(kind: str, *ranges: str, like: str, title: str | None = None) -> Moves:
    """Draws a chart with the assistant.

    Args:
        kind: which.
        ranges: where what is shown stands, first its names.
        like: cells that lie side by side, from which the assistant guesses what of the ranges is a name.
        title: of the chart.
    """
    yield from go_to(like)
    # The second of the menu Insert. The search for commands is not to be had once a chart has been edited.
    yield Hotkey(("alt", "i"))
    yield Press("down")
    yield Press("enter")
    yield Seen("Chart Type")
    if kind != _KINDS[0]:
        yield Press("down", presses=_KINDS.index(kind))
    if kind == "Line":
        # The first of its sorts has points without lines.
        yield TypeText("\t")
        yield Press("right")
    yield _NEXT
    yield Seen("Data Range")
    yield Hotkey(("ctrl", "a"))
    yield TypeText(",".join(f"$Sheet1.{cells}" for cells in ranges))
    yield _NEXT
    yield Seen("Data Series")
    yield _NEXT
    yield Seen("Chart Elements")
    if title is not None:
        # From the subtitle, where the cursor is, to the title.
        yield Hotkey(("shift", "tab"))
        yield TypeText(title)
    yield Hotkey(("alt", "f"))
    yield Gone("Chart Elements")
    # Out of the chart, back to the cells.
    yield Press("escape", presses=2)


_NEXT = Hotkey(("alt", "n"))


def _line_files() -> Mapping[str, bytes]:
    def draw(book: Workbook) -> None:
        book.worksheets[0].add_chart(_chart(LineChart(), "$B$5:$G$5", "$B$1:$G$1"), "I2")

    return {"SalesRep.xlsx": workbook(_SALES), "5_SalesRep_gt1.xlsx": workbook([*_SALES, _TOTAL], then=draw)}


def _line() -> Moves:
    yield from _add_total()
    yield from _draw("Line", "A1:G1", "A5:G5", like="A1:G2")


def _add_total() -> Moves:
    yield from enter("A5", "Total")
    yield from fill_in("B5:G5", "=SUM(B2:B4)")


def _growth_files() -> Mapping[str, bytes]:
    def draw(book: Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.add_chart(_chart(BarChart(), "$B$5:$G$5", "$B$1:$G$1", title="Total"), "I2")
        sheet.add_chart(_chart(LineChart(), "$C$6:$G$6", "$C$1:$G$1", title="Growth"), "I20")

    growth = ("Growth", None, 0.2, 0, 1 / 6, 1 / 14, 7 / 75)
    return {
        "SalesRep.xlsx": workbook(_SALES),
        "2_SalesRep_gt1.xlsx": workbook([*_SALES, _TOTAL, growth], then=draw),
    }


def _growth() -> Moves:
    yield from _add_total()
    yield from enter("A6", "Growth")
    yield from fill_in("C6:G6", "=C5/B5-1")
    yield from _draw("Column", "A1:G1", "A5:G5", like="A1:G2", title="Total")
    yield from _draw("Line", "C1:G1", "C6:G6", like="C1:G2", title="Growth")


_ORDERS: Sequence[Row] = [
    ("Date Time", "Web Site", "Product", "Quantity"),
    (datetime(2023, 5, 4, 9, 30), "amazon.com", "Quad", 3),
    (datetime(2023, 1, 15, 12, 0), "ebay.com", "Carlota", 1),
    (datetime(2023, 3, 2, 17, 45), "amazon.com", "Sunset", 7),
    (datetime(2023, 2, 27, 8, 15), "coloradoboomerangs.com", "Bellen", 2),
]


def _sorted_files() -> Mapping[str, bytes]:
    def draw(book: Workbook) -> None:
        book.worksheets[0].add_chart(_chart(LineChart(), "$D$2:$D$5", "$A$2:$A$5"), "F2")

    head, fifth, first, third, second = _ORDERS
    return {
        "BoomerangSales.xlsx": workbook(_ORDERS),
        "6_BoomerangSales_gt1.xlsx": workbook([head, first, second, third, fifth], then=draw),
    }


def _sorted() -> Moves:
    yield from go_to("A1")
    yield from choose("Sort Ascending")
    yield from _draw("Line", "A1:A5", "D1:D5", like="C1:D5")


SOLUTIONS = (
    Solution("0326d92d-d218-48a8-9ca1-981cd6d064c7", "gui", _growth_files, _growth),
    Solution("0a2e43bf-b26c-4631-a966-af9dfa12c9e5", "gui", _line_files, _line),
    Solution("3a7c8185-25c1-4941-bd7b-96e823c9f21f", "gui", _sorted_files, _sorted),
)
