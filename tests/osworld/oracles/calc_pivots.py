"""Tasks of Calc with pivot tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.actions import Click, DoubleClick, Hotkey, MouseDown, MouseUp, MoveTo, Press, TypeText
from tests.osworld.makers.books import Row, beside, workbook
from tests.osworld.makers.pivots import with_pivot
from tests.osworld.moves import answer, choose, confirm, enter, go_to
from tests.osworld.solution import Gone, Moves, Seen, Solution

__all__ = ["SOLUTIONS"]

_INVOICES: Sequence[Row] = [
    ("Invoice No.", "Date", "Sales Rep", "Product", "Price"),
    (10500, "2011-05-01", "Joe", "Alpine", 8),
    (10500, "2011-05-01", "Joe", "Crested Beaut", 6),
    (10501, "2011-05-02", "Moe", "Alpine", 8),
    (10502, "2011-05-04", "Chin", "Majestic", 30),
    (10502, "2011-05-04", "Chin", "Alpine", 8),
    (10502, "2011-05-04", "Chin", "Crested Beaut", 6),
    (10503, "2011-05-05", "Joe", "Quad", 42),
]
_PRICES: Sequence[Row] = [("Product", "Price"), ("Alpine", 22), ("Crested Beaut", 25), ("Majestic", 30), ("Quad", 32)]
_SALES: Sequence[Row] = [
    ("Date", "Sales Rep", "Product", "Quantity", "Discount"),
    ("2011-06-01", "Joe", "Quad", 4, 0.0),
    ("2011-06-01", "Moe", "Alpine", 10, 0.1),
    ("2011-06-02", "Chin", "Majestic", 2, 0.0),
    ("2011-06-03", "Joe", "Alpine", 5, 0.2),
    ("2011-06-03", "Moe", "Crested Beaut", 8, 0.5),
]
_LOOK_UP = "=VLOOKUP(C{row};'Retail Price'.A$2:B$5;2;0)*D{row}*(1-E{row})"


# Where things are in the dialogue for the layout, which comes in the middle of the screen.
_AVAILABLE, _FIRST, _NEXT = 1142, 411, 23
_ROW_FIELDS, _DATA_FIELDS, _FIRST_OF_DATA = (740, 600), (966, 600), (908, 540)
_OK = (1236, 745)


def _drag(number: int, to: tuple[int, int]) -> Moves:
    """Drags a field from those that there are; it is held once the pointer has moved a little."""
    x, y = _AVAILABLE, _FIRST + number * _NEXT
    yield MoveTo(x, y)
    yield MouseDown()
    yield MoveTo(x - 12, y + 9)
    yield MoveTo(*to)
    yield MouseUp()


def _lay_out(cells: str, by: int, of: int, *, count: bool = False) -> Moves:
    """Makes a pivot table of some cells in a new sheet, `Sheet2`.

    Args:
        cells: what it is of.
        by: the number of the field that has a row for each of its values.
        of: that of the field that is summed up.
        count: whether its values are counted instead.
    """
    yield from go_to(cells)
    # The fourth of the menu Insert.
    yield Hotkey(("alt", "i"))
    yield Press("down", presses=3)
    yield Press("enter")
    yield from confirm("Select Source")
    yield Seen("Pivot Table Layout")
    yield from _drag(by, _ROW_FIELDS)
    yield from _drag(of, _DATA_FIELDS)
    if count:
        yield DoubleClick(*_FIRST_OF_DATA)
        yield Seen("Data Field")
        yield TypeText("Count\n")
        yield Gone("Data Field")
    yield Click(*_OK)
    yield Gone("Pivot Table Layout")
    yield from choose("Rename Sheet", opens="Rename Sheet")
    yield from answer("Rename Sheet", "Sheet2\n")


def _invoices_files() -> Mapping[str, bytes]:
    counted = with_pivot(_INVOICES, "Invoice No.", "Invoice No.", "count")
    return {
        "Invoices.xlsx": workbook(_INVOICES),
        "8_Invoices_gt1.xlsx": workbook({"Sheet1": _INVOICES, "Sheet2": []}, then=counted),
    }


def _invoices() -> Moves:
    yield from _lay_out("A1:E8", 0, 0, count=True)


def _revenue_files() -> Mapping[str, bytes]:
    sold = beside(_SALES, ["Revenue", 32 * 4, 22 * 10 * 0.9, 30 * 2, 22 * 5 * 0.8, 25 * 8 * 0.5])
    return {
        "BoomerangSales.xlsx": workbook({"Sheet1": _SALES, "Retail Price": _PRICES}),
        "8_BoomerangSales_gt1.xlsx": workbook(
            {"Sheet1": sold, "Sheet2": [], "Retail Price": _PRICES}, then=with_pivot(sold, "Product", "Revenue", "sum")
        ),
    }


def _revenue() -> Moves:
    yield from enter("F1", "\n".join(["Revenue", *(_LOOK_UP.format(row=row) for row in range(2, 7))]))
    yield from _lay_out("A1:F6", 2, 5)


SOLUTIONS = (
    Solution("1954cced-e748-45c4-9c26-9855b97fbc5e", "gui", _invoices_files, _invoices),
    Solution("51719eea-10bc-4246-a428-ac7c433dd4b3", "gui", _revenue_files, _revenue),
)
