"""Tasks of Calc on looks: zoom, formats, what is hidden; and on what is exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Font

from agentgym.actions import Click, Hotkey, TypeText
from tests.osworld.makers.books import Row, beside, csv_of, workbook
from tests.osworld.makers.pages import pdf
from tests.osworld.moves import answer, choose, confirm, enter, fill_in, go_to
from tests.osworld.solution import Moves, Seen, Solution, Written

__all__ = ["SOLUTIONS"]

_CELLS: Sequence[Row] = [("Cell", "Content"), ("big", 1), ("bigger", 2)]


def _zoom_files() -> Mapping[str, bytes]:
    def zoomed(percent: int) -> bytes:
        def zoom(book: Workbook) -> None:
            book.worksheets[0].sheet_view.zoomScale = percent

        return workbook(_CELLS, then=zoom)

    return {
        "Zoom_Out_Oversized_Cells.xlsx": zoomed(360),
        "Zoom_Out_Oversized_Cells_gold.xlsx": zoomed(100),
    }


def _zoom() -> Moves:
    yield from choose("Zoom", opens="Zoom & View Layout")
    # The cursor stands in the field of the percentage.
    yield Hotkey(("ctrl", "a"))
    yield from answer("Zoom & View Layout", "100\n")


_EXPORTED: Sequence[Row] = [("Item", "Number", "Price"), ("Lamp", 3, 12.5), ("Desk", 1, 149.9), ("Chair", 4, 35)]


def _export_files() -> Mapping[str, bytes]:
    return {
        "Export_Calc_to_CSV.xlsx": workbook(_EXPORTED),
        "Export_Calc_to_CSV.csv": csv_of(_EXPORTED),
    }


def _export() -> Moves:
    yield Hotkey(("ctrl", "shift", "s"))
    yield Seen("Save")
    yield Hotkey(("ctrl", "a"))
    yield TypeText("/home/user/Export_Calc_to_CSV.csv\n")
    yield from confirm("Export Text File")
    yield Written("/home/user/Export_Calc_to_CSV.csv", "Chair,4,35")


_BUDGET: Sequence[Row] = [
    ("Date", "Budget", "Variance"),
    (datetime(2023, 1, 1), 1200, 35),
    (datetime(2023, 2, 1), 1250, "N/A"),
    (datetime(2023, 3, 1), 1180, -20),
    (datetime(2023, 4, 1), "N/A", "N/A"),
    (datetime(2023, 5, 1), 1300, 12),
]


def _hidden_files() -> Mapping[str, bytes]:
    def hide(book: Workbook) -> None:
        for row in range(1, 7):
            # What is compared is what files say of rows, and LibreOffice says something of each.
            book.worksheets[0].row_dimensions[row].height = 15
            book.worksheets[0].row_dimensions[row].hidden = row in (3, 5)

    return {
        "Date_Budget_Variance_HideNA.xlsx": workbook(_BUDGET),
        "Date_Budget_Variance_HideNA_gold.xlsx": workbook(_BUDGET, then=hide),
    }


def _hidden() -> Moves:
    for cell in ("A3", "A5"):
        yield from go_to(cell)
        yield from choose("Hide Rows")


def _decimals_files() -> Mapping[str, bytes]:
    name = "Keep_Two_decimal_points"
    spent: list[Row] = [("day", "spent"), ("Mon", 12.3456), ("Tue", 7), ("Wed", 130.5), ("Thu", 0.126)]
    shown: list[Row] = [("day", "spent"), ("Mon", "12.35"), ("Tue", "7.00"), ("Wed", "130.50"), ("Thu", "0.13")]

    def keep(book: Workbook) -> None:
        for (cell,) in book.worksheets[0]["B2:B5"]:
            cell.number_format = "0.00"

    return {
        f"{name}.xlsx": workbook(spent),
        f"{name}_gold.xlsx": workbook(spent, then=keep),
        f"{name}_gold-Sheet1.csv": csv_of(shown),
    }


def _decimals() -> Moves:
    yield from go_to("B2:B5")
    yield Hotkey(("ctrl", "shift", "1"))


def _commas_files() -> Mapping[str, bytes]:
    name = "Set_Decimal_Separator_Dot"
    sizes: list[Row] = [("Width", "Height"), (1.5, 20.25), (0.375, 4.1)]
    shown: list[Row] = [("Width", "Height"), ('"1,5"', '"20,25"'), ('"0,375"', '"4,1"')]

    def separate(book: Workbook) -> None:
        for row in book.worksheets[0]["A2:B3"]:
            for cell in row:
                cell.number_format = "[$-419]General"

    return {
        f"{name}.xlsx": workbook(sizes),
        f"{name}_gold_ru.xlsx": workbook(sizes, then=separate),
        f"{name}_gold_ru.csv": csv_of(shown),
    }


def _commas() -> Moves:
    yield from go_to("A2:B3")
    yield Hotkey(("ctrl", "1"))
    yield Seen("Format Cells")
    # The field of the format's code; 419 is Russian, whose numbers have commas, in the code, too.
    yield Hotkey(("alt", "f"))
    yield from answer("Format Cells", "[$-419]0,0##\n")


_WIDE: Sequence[Row] = [
    ("Project", "Owner", "Status", "Budget"),
    ("Bridge", "Ada", "open", 1200),
    ("Tunnel", "Ben", "done", 3400),
    ("Tower", "Cleo", "late", 560),
]


def _fitted_files() -> Mapping[str, bytes]:
    def widen(book: Workbook) -> None:
        for column in "ABCD":
            book.worksheets[0].column_dimensions[column].width = 60

    return {
        "Resize_Cells_Fit_Page.xlsx": workbook(_WIDE, then=widen),
        "Resize_Cells_Fit_Page_gt.pdf": pdf([str(cell) for row in _WIDE for cell in row]),
    }


def _fitted() -> Moves:
    yield from go_to("A1:D4")
    yield from choose("Optimal Column Width")
    yield from confirm("Optimal Column Width")
    yield from go_to("A1")
    yield from choose("Export as PDF")
    yield from confirm("PDF Options")
    yield Seen("Export")
    yield Hotkey(("ctrl", "a"))
    yield TypeText("/home/user/Resize_Cells_Fit_Page.pdf\n")
    yield Written("/home/user/Resize_Cells_Fit_Page.pdf", "%%EOF")


_RATES: Sequence[Row] = [
    ("Loan", "Annual Rate (%)", "Periods per Year"),
    ("car", 6, 12),
    ("house", 4.5, 2),
    ("boat", 6, 4),
    ("field", 5, 4),
]


def _rates_files() -> Mapping[str, bytes]:
    def highlight(book: Workbook) -> None:
        for row in book.worksheets[0]:
            for cell in row:
                cell.font = Font(color="FF00FF00" if cell.coordinate == "D3" else "FF000000")

    rates = ("Period Rate (%)", 0.5, 2.25, 1.5, 1.25)
    return {
        "PeriodRate.xlsx": workbook(_RATES),
        "1_PeriodRate_gt1.xlsx": workbook(beside(_RATES, rates), then=highlight),
    }


def _rates() -> Moves:
    yield from enter("D1", "Period Rate (%)")
    yield from fill_in("D2:D5", "=B2/C2")
    yield from go_to("D3")
    # The arrow beside the font's colour in the tool bar, and what it opens, to its end: Custom Color.
    yield Click(483, 103)
    yield Click(535, 426)
    yield Seen("Pick a Color")
    yield from answer("Pick a Color", "0\t255\t0\n")


SOLUTIONS = (
    Solution("1334ca3e-f9e3-4db8-9ca7-b4c653be7d17", "gui", _zoom_files, _zoom),
    Solution("21ab7b40-77c2-4ae6-8321-e00d3a086c73", "gui", _rates_files, _rates),
    Solution("3aaa4e37-dc91-482e-99af-132a612d40f3", "gui", _export_files, _export),
    Solution("6054afcb-5bab-4702-90a0-b259b5d3217c", "gui", _hidden_files, _hidden),
    Solution("6e99a1ad-07d2-4b66-a1ce-ece6d99c20a5", "gui", _decimals_files, _decimals),
    Solution("aa3a8974-2e85-438b-b29e-a64df44deb4b", "gui", _fitted_files, _fitted),
    Solution("a01fbce3-2793-461f-ab86-43680ccbae25", "gui", _commas_files, _commas),
)
