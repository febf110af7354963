from __future__ import annotations

import io
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.shared import Cm, Pt, RGBColor
from PIL import Image

from agentgym.evaluators import metrics

_TEXTS = ("First line", "", "second line", "last")
_NAME = "Times New Roman"


def written(path: Path, *texts: str, change: Callable[[Any], object] = lambda _: None) -> str:
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    change(document)
    document.save(str(path))
    return str(path)


def score(metric: str, folder: Path, change: Callable[[Any], object], *, wanted: Any = None, **options: Any) -> float:
    """Of a document of some texts that is changed, against one that is not, or is changed as ``wanted``."""
    found = written(folder / "found.docx", *_TEXTS, change=change)
    other = written(folder / "wanted.docx", *_TEXTS, change=wanted or (lambda _: None))
    return metrics[metric](found, other, **options)


def runs(document: Any) -> list[Any]:
    return [run for paragraph in document.paragraphs for run in paragraph.runs]


def nothing(_: Any) -> None:
    pass


def reworded(document: Any) -> None:
    document.paragraphs[0].runs[0].text = "Other line"


def test_words_of_odt_files_are_compared(tmp_path: Path) -> None:
    opendocument, text = import_module("odf.opendocument"), import_module("odf.text")

    def odt(name: str, words: str) -> str:
        document = opendocument.OpenDocumentText()
        paragraph = text.P(text=words)
        paragraph.addElement(text.Span(text=" and more"))
        document.text.addElement(paragraph)
        document.save(str(tmp_path / name))
        return str(tmp_path / name)

    one, same, other = odt("one.odt", "words"), odt("same.odt", "words"), odt("other.odt", "others")
    assert metrics["compare_docx_files"](one, same) == 1
    assert metrics["compare_docx_files"](one, other) == 0
    assert metrics["compare_docx_files"](one, other, fuzzy_match=True) == pytest.approx(24 / 29)
    assert metrics["compare_docx_files"](one, written(tmp_path / "one.docx", "words and more")) == 0


def test_new_lines_are_ignored(tmp_path: Path) -> None:
    one, other = written(tmp_path / "a.docx", "a", "", "b"), written(tmp_path / "b.docx", "a", "b", "")
    assert metrics["compare_docx_files_and_ignore_new_lines"](one, other, ignore_blanks=False) == 1
    blank = written(tmp_path / "c.docx", "a", " ", "b")
    assert metrics["compare_docx_files_and_ignore_new_lines"](one, blank, ignore_blanks=False) == 0
    assert metrics["compare_docx_files_and_ignore_new_lines"](one, blank) == 1


def table(*words: str) -> Callable[[Any], None]:
    def added(document: Any) -> None:
        cells = document.add_table(1, len(words)).rows[0].cells
        for cell, word in zip(cells, words, strict=True):
            cell.text = word

    return added


def test_tables_are_compared_cell_by_cell(tmp_path: Path) -> None:
    assert score("compare_docx_tables", tmp_path, table(" a", "b"), wanted=table("a", "b")) == 1
    assert score("compare_docx_tables", tmp_path, table("a", "c"), wanted=table("a", "b")) == 0
    assert score("compare_docx_tables", tmp_path, table("a"), wanted=table("a", "")) == 0
    assert score("compare_docx_tables", tmp_path, nothing, wanted=table("a")) == 0


def picture(width: int, height: int, colour: str = "red") -> Callable[[Any], None]:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "PNG")
    return lambda document: document.add_picture(io.BytesIO(stream.getvalue()))


def test_pictures_are_compared_by_their_pixels(tmp_path: Path) -> None:
    assert score("compare_docx_images", tmp_path, picture(2, 3), wanted=picture(2, 3)) == 1
    assert score("compare_docx_images", tmp_path, picture(2, 3), wanted=picture(2, 3, "blue")) == 0
    assert score("compare_docx_images", tmp_path, nothing, wanted=picture(2, 3)) == 0
    assert score("compare_docx_images", tmp_path, picture(3, 2), wanted=picture(2, 3)) == 1
    assert score("compare_docx_images", tmp_path, picture(3, 2), wanted=picture(2, 3), strict=True) == 0


def test_references_are_scored_above_their_base(tmp_path: Path) -> None:
    metric = metrics["compare_references"]
    wanted = written(tmp_path / "wanted.docx", "text", "References", "abcdefghij", "", "klmnopqrst")
    same = written(tmp_path / "same.docx", "other", "References", "abcdefghij", "klmnopqrst")
    near = written(tmp_path / "near.docx", "References", "abcdefghij", "klmnoXXXXX")
    far = written(tmp_path / "far.docx", "References", "XXXXXXXXXX", "YYYYYYYYYY")
    none, empty = written(tmp_path / "none.docx", "text"), written(tmp_path / "empty.docx", "References")
    assert metric(same, wanted, reference_base_result=0.6, content_only=True) == 1
    assert metric(near, wanted) == pytest.approx(0.5)
    assert [metric(path, wanted) for path in (far, none, empty)] == [0, 0, 0]
    assert metric(none, none) == 1
    assert metric(none, none, strict=True) == 0


def test_each_train_has_one_record(tmp_path: Path) -> None:
    lines = ("08:01,T1,4,1", "08:02,T1,5,1", "08:03,T2,4,1")
    before, wanted = written(tmp_path / "before.docx", *lines), written(tmp_path / "wanted.docx", lines[0], lines[2])
    metric = metrics["compare_unique_train_records"]
    assert metric(written(tmp_path / "a.docx", lines[2], lines[1]), [wanted, before]) == 1
    assert metric(before, [wanted, before]) == 0
    assert metric(written(tmp_path / "b.docx", lines[0]), [wanted, before]) == 0
    assert metric(written(tmp_path / "c.docx", lines[0], "09:00,T2,4,1"), [wanted, before]) == 0
    assert metric(wanted, wanted) == 0


def spaced(by: float) -> Callable[[Any], None]:
    return lambda document: setattr(document.paragraphs[2].paragraph_format, "line_spacing", by)


def test_line_spacing_is_that_of_each_paragraph(tmp_path: Path) -> None:
    assert score("compare_line_spacing", tmp_path, spaced(2.0), wanted=spaced(2.0)) == 1
    assert score("compare_line_spacing", tmp_path, spaced(1.5), wanted=spaced(2.0)) == 0
    assert score("compare_line_spacing", tmp_path, reworded) == 0


def test_all_text_is_in_the_font(tmp_path: Path) -> None:
    def named(document: Any) -> None:
        for run in runs(document):
            run.font.name = _NAME

    metric = metrics["compare_font_names"]
    plain, right, empty = (
        written(tmp_path / "plain.docx", "a"),
        written(tmp_path / "right.docx", "a", change=named),
        written(tmp_path / "empty.docx"),
    )
    assert [metric(path, {"font_name": _NAME}) for path in (plain, right, empty)] == [0, 1, 1]
    assert [metric(path, {"font_name": _NAME}, strict=True) for path in (plain, right, empty)] == [0, 1, 0]


def test_all_subscripts_count_if_strict(tmp_path: Path) -> None:
    def lowered(*places: int) -> Callable[[Any], None]:
        def change(document: Any) -> None:
            for place in places:
                runs(document)[place].font.subscript = True

        return change

    def metric(*places: int, **options: Any) -> float:
        return score("compare_subscript_contains", tmp_path, lowered(*places), wanted=lowered(0, 1), **options)

    assert [metric(), metric(0), metric(0, 1), metric(2)] == [0, 1, 1, 0]
    assert [metric(0, strict=True), metric(0, 1, strict=True)] == [0, 1]


def test_page_breaks_are_counted(tmp_path: Path) -> None:
    def broken(document: Any) -> None:
        for kind in (WD_BREAK.PAGE, WD_BREAK.PAGE, WD_BREAK.LINE):
            runs(document)[0].add_break(kind)

    path, plain = written(tmp_path / "a.docx", "a", change=broken), written(tmp_path / "b.docx", "a")
    metric = metrics["contains_page_break"]
    assert [metric(path, {"page_break_count": count}) for count in (1, 2, 3)] == [0, 1, 0]
    assert [metric(path, {}), metric(plain, {}), metric(plain, {"page_break_count": 0})] == [1, 0, 0]


def test_the_first_line_is_centered(tmp_path: Path) -> None:
    def centered(document: Any) -> None:
        document.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER

    metric = metrics["is_first_line_centered"]
    assert metric(written(tmp_path / "a.docx", "a", change=centered)) == 1
    assert metric(written(tmp_path / "b.docx", "a")) == 0
    assert metric(written(tmp_path / "c.docx")) == 0


def test_the_number_of_the_page_is_a_field_if_strict(tmp_path: Path) -> None:
    def footer(document: Any) -> Any:
        return document.sections[0].footer.paragraphs[0]

    def field(document: Any) -> None:
        code = OxmlElement("w:instrText")
        code.text = " PAGE "
        footer(document).add_run()._r.append(code)
        footer(document).add_run("1")

    typed = written(tmp_path / "a.docx", "a", change=lambda document: footer(document).add_run("Page 1"))
    right, plain = written(tmp_path / "b.docx", "a", change=field), written(tmp_path / "c.docx", "a")
    metric = metrics["has_page_numbers_in_footers"]
    assert [metric(path) for path in (typed, right, plain)] == [1, 1, 0]
    assert [metric(path, strict=True) for path in (typed, right, plain)] == [0, 1, 0]


def test_tab_stops_are_scored_by_their_distance(tmp_path: Path) -> None:
    def stop(at: float, kind: Any = WD_TAB_ALIGNMENT.RIGHT) -> Callable[[Any], None]:
        return lambda document: document.paragraphs[0].paragraph_format.tab_stops.add_tab_stop(Cm(at), kind)

    def metric(change: Callable[[Any], Any], **options: Any) -> float:
        return score("check_tabstops", tmp_path, change, wanted=stop(10), **options)

    width = Cm(21.59 - 2 * 3.175)
    assert metric(stop(10)) == 1
    assert metric(stop(8)) == pytest.approx(1 - Cm(2) / width / 3, abs=1e-4)
    assert metric(stop(300)) == 0
    assert metric(stop(10, WD_TAB_ALIGNMENT.LEFT)) == 0
    assert metric(nothing) == 0
    assert metric(stop(10), word_number_split_by_tabstop=2) == 0


def words(*coloured: tuple[str, tuple[int, int, int]]) -> Callable[[Any], None]:
    def added(document: Any) -> None:
        cells = document.add_table(1, len(coloured)).rows[0].cells
        for cell, (word, colour) in zip(cells, coloured, strict=True):
            cell.paragraphs[0].add_run(word).font.color.rgb = RGBColor(*colour)

    return added


@pytest.mark.episodes
def test_words_are_coloured_by_their_first_letter(tmp_path: Path) -> None:
    red, blue, nearly = (255, 0, 0), (0, 0, 255), (254, 0, 0)
    wanted = words(("apple", red), ("bread", blue))

    def metric(change: Callable[[Any], Any], **options: Any) -> float:
        return score("evaluate_colored_words_in_tables", tmp_path, change, wanted=wanted, **options)

    assert metric(words(("apple", nearly), ("bread", blue))) == 1
    assert metric(words(("apple", nearly), ("bread", blue)), threshold=0) == 0
    assert metric(words(("apple", blue), ("bread", blue))) == 0
    assert metric(table("apple", "bread")) == 0
    assert [metric(words(("egg", red))), metric(words(("egg", red)), strict=True)] == [1, 0]
    assert [metric(nothing), metric(nothing, strict=True), metric(wanted, strict=True)] == [1, 0, 1]


def test_the_last_paragraph_is_struck_through(tmp_path: Path) -> None:
    def struck(document: Any) -> None:
        document.paragraphs[-1].runs[0].font.strike = True

    def with_another(document: Any) -> None:
        document.add_paragraph()

    metric = "evaluate_strike_through_last_paragraph"
    assert [score(metric, tmp_path, struck), score(metric, tmp_path, nothing)] == [1, 0]
    assert [score(metric, tmp_path, with_another), score(metric, tmp_path, with_another, strict=True)] == [1, 0]


def test_italics_are_of_14_points(tmp_path: Path) -> None:
    def slanted(points: int) -> Callable[[Any], None]:
        def change(document: Any) -> None:
            runs(document)[0].italic = True
            runs(document)[0].font.size = Pt(points)

        return change

    metric = "check_italic_font_size_14"
    assert [score(metric, tmp_path, slanted(points), wanted=slanted(12)) for points in (12, 14)] == [0, 1]
    assert score(metric, tmp_path, nothing, wanted=slanted(12)) == 1
    assert score(metric, tmp_path, nothing, wanted=slanted(12), strict=True) == 0


def test_nothing_is_highlighted_in_yellow(tmp_path: Path) -> None:
    opendocument, style, text = (import_module(f"odf.{name}") for name in ("opendocument", "style", "text"))

    def odt(colour: str) -> str:
        document = opendocument.OpenDocumentText()
        marked = style.Style(name="T1", family="text")
        marked.addElement(style.TextProperties(backgroundcolor=colour))
        document.automaticstyles.addElement(marked)
        paragraph = text.P()
        paragraph.addElement(text.Span(stylename="T1", text="word"))
        document.text.addElement(paragraph)
        document.save(str(tmp_path / f"{colour[1:]}.odt"))
        return str(tmp_path / f"{colour[1:]}.odt")

    plain, yellow = odt("#ffffff"), odt("#ffff00")
    assert metrics["check_highlighted_words"](plain, yellow) == 1
    assert metrics["check_highlighted_words"](yellow, plain) == 0


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("compare_docx_tables", "file"),
        ("compare_docx_images", "file"),
        ("compare_references", "file"),
        ("compare_line_spacing", "file"),
        ("check_tabstops", "file"),
        ("compare_font_names", {"font_name": _NAME}),
        ("find_default_font", {"font_name": _NAME}),
        ("contains_page_break", {}),
        ("is_first_line_centered", None),
        ("has_page_numbers_in_footers", None),
    ],
)
@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut"])
def test_what_is_no_document_scores_zero(metric: str, expected: Any, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "found.docx"
    if content is not None:
        path.write_bytes(content)
    wanted = written(tmp_path / "wanted.docx", "a") if expected == "file" else expected
    assert metrics[metric](str(path), *([] if wanted is None else [wanted])) == 0
