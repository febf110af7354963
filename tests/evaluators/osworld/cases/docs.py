"""Cases of the metrics on word processors' documents and on Writer's settings, of files that python-docx makes."""

from __future__ import annotations

import copy
import io
import random
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.shared import Cm, Pt, RGBColor
from PIL import Image

from tests.evaluators.osworld.case import Case, Folder, damaged

_odf: Any = import_module("odf.opendocument")
_odf_style: Any = import_module("odf.style")
_odf_text: Any = import_module("odf.text")
_WORDS = (
    "Novels",
    "an idea",
    "x2",
    "H2O",
    "",
    " ",
    "Essay\tpage",
    "two  blanks",
    "GRÜSSE",
    "References",
    "one two three",
)
_RECORDS = tuple(
    f"08:{minute:02},{train},{station},1" for minute, train, station in ((1, "T1", 4), (2, "T1", 5), (3, "T2", 4))
)
_COLOURS = tuple(RGBColor(*colour) for colour in ((255, 0, 0), (0, 0, 255), (250, 0, 0), (128, 0, 0), (0, 0, 0)))

_Change = Callable[[random.Random, Any], object]


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    makers = [_words] * 4 + [_odt_words] * 2 + [_of_two] * 8 + [_of_one] * 3
    makers += [_tables, _pictures, _references, _references, _trains, _stops, _stops, _coloured, _coloured]
    makers += [_highlighted, _default_font]
    while True:
        yield rng.choice(makers)(rng, files)


def _words(rng: random.Random, files: Folder) -> Case:
    metric = rng.choice(("compare_docx_files",) * 3 + ("compare_docx_files_and_ignore_new_lines",))
    return Case(metric, _pair(rng, files, _document(rng), _REWORDED), _word_options(rng, metric))


def _word_options(rng: random.Random, metric: str) -> dict[str, Any]:
    if metric != "compare_docx_files":
        return rng.choice(({}, {"ignore_blanks": False}))
    names = ("ignore_case", "ignore_order", "content_only", "fuzzy_match", "delete_empty_lines")
    options: dict[str, Any] = dict.fromkeys(rng.sample(names, rng.choice((0, 0, 1, 1, 2))), True)
    return options | rng.choice(({}, {"ignore_blanks": False}, {"ignore_blanks": True}))


def _of_two(rng: random.Random, files: Folder) -> Case:
    metric, changes = rng.choice(
        (
            ("compare_line_spacing", (_spaced, _reworded)),
            ("compare_subscript_contains", (_lowered, _lowered, _reworded)),
            ("evaluate_strike_through_last_paragraph", (_struck, _struck, _reworded)),
            ("check_italic_font_size_14", (_slanted, _reworded)),
        )
    )
    return Case(metric, _pair(rng, files, _document(rng, changes), changes))


def _of_one(rng: random.Random, files: Folder) -> Case:
    metric, changes, rules = rng.choice(
        (
            ("compare_font_names", (_all_named, _named), [{"font_name": "Times New Roman"}]),
            (
                "contains_page_break",
                (_paged, _paged),
                [rng.choice(({}, {"page_break_count": 1}, {"page_break_count": None}))],
            ),
            ("is_first_line_centered", (_aligned, _aligned), []),
            ("has_page_numbers_in_footers", (_footed, _footed, _more_sections), []),
        )
    )
    document = _document(rng)
    for change in rng.sample(changes, rng.randint(0, len(changes))):
        change(rng, document)
    return Case(metric, [_paths(rng, files, _saved(document), b"")[0], *rules])


# Making documents.


def _document(rng: random.Random, changes: tuple[_Change, ...] = ()) -> Any:
    document = docx.Document()
    for _ in range(rng.choice((0, 1, 2, 4))):
        _write(rng, document.add_paragraph())
    for change in rng.choices(changes, k=rng.randint(0, 2)) if changes else ():
        change(rng, document)
    return document


def _write(rng: random.Random, paragraph: Any) -> None:
    for _ in range(rng.choice((0, 1, 1, 2))):
        paragraph.add_run(rng.choice(_WORDS))


def _saved(document: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _pair(rng: random.Random, files: Folder, document: Any, changes: tuple[_Change, ...]) -> list[Any]:
    wanted = _saved(document)
    for change in rng.choices(changes, k=rng.choice((0, 0, 1, 1, 2))):
        change(rng, document)
    return _paths(rng, files, _saved(document), wanted)


def _paths(rng: random.Random, files: Folder, found: bytes, wanted: bytes, suffix: str = ".docx") -> list[Any]:
    fate = rng.random()
    if fate < 0.03:
        return [files.missing(suffix), files.write(wanted, suffix)]
    if fate < 0.05:
        return [None, files.write(wanted, suffix)]
    if fate < 0.10:
        return [files.write(damaged(rng, found), suffix), files.write(wanted, suffix)]
    if fate < 0.12:
        return [files.write(found, suffix), files.write(damaged(rng, wanted), suffix)]
    if fate < 0.14:
        return [files.write(found, rng.choice((".odt", ".doc", ""))), files.write(wanted, suffix)]
    return [files.write(found, suffix), files.write(wanted, suffix)]


# Changing them.


def _in_a_run(change: Callable[[random.Random, Any], object]) -> _Change:
    def changed(rng: random.Random, document: Any) -> None:
        runs = [run for paragraph in document.paragraphs for run in paragraph.runs]
        if runs:
            change(rng, rng.choice(runs))

    return changed


def _in_a_paragraph(change: Callable[[random.Random, Any], object]) -> _Change:
    def changed(rng: random.Random, document: Any) -> None:
        if document.paragraphs:
            change(rng, rng.choice(document.paragraphs))

    return changed


def _other_words(rng: random.Random, run: Any) -> None:
    run.text = rng.choice((f" {run.text}", run.text.upper(), f"{run.text}.", *_WORDS))


def _other_name(rng: random.Random, run: Any) -> None:
    run.font.name = rng.choice(("Times New Roman", "Arial", None))


def _subscript(rng: random.Random, run: Any) -> None:
    run.font.subscript = rng.choice((True, True, False, None))


def _break(rng: random.Random, run: Any) -> None:
    run.add_break(rng.choice((WD_BREAK.PAGE, WD_BREAK.PAGE, WD_BREAK.LINE, WD_BREAK.COLUMN)))


def _italic(rng: random.Random, run: Any) -> None:
    run.italic = rng.choice((True, True, None, False))
    run.font.size = rng.choice((Pt(14), Pt(14), Pt(12), None))


def _spacing(rng: random.Random, paragraph: Any) -> None:
    paragraph.paragraph_format.line_spacing = rng.choice((1.0, 2.0, 1.5, Pt(12), None))


_reworded, _named, _lowered, _paged, _slanted = map(_in_a_run, (_other_words, _other_name, _subscript, _break, _italic))
_spaced = _in_a_paragraph(_spacing)


def _all_named(_: random.Random, document: Any) -> None:
    for paragraph in document.paragraphs:
        for run in paragraph.runs:
            run.font.name = "Times New Roman"


def _struck(rng: random.Random, document: Any) -> None:
    runs = document.paragraphs[-1].runs if document.paragraphs else []
    for run in rng.choice((runs, runs[1:])):
        run.font.strike = rng.choice((True, True, True, False))


def _aligned(rng: random.Random, document: Any) -> None:
    for paragraph in document.paragraphs[:1]:
        paragraph.alignment = rng.choice((WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, None))


def _footed(rng: random.Random, document: Any) -> None:
    document.sections[0].footer.paragraphs[0].text = rng.choice(("Page 1", "1", "no page", "²", ""))


def _more_sections(rng: random.Random, document: Any) -> None:
    section = document.add_section()
    if rng.random() < 0.5:
        section.footer.is_linked_to_previous = False
        section.footer.paragraphs[0].text = rng.choice(("2", "none"))


def _shuffled(rng: random.Random, document: Any) -> None:
    if len(document.paragraphs) > 1:
        one, other = rng.sample(document.paragraphs, 2)
        one._p.addnext(other._p)


def _more_paragraphs(rng: random.Random, document: Any) -> None:
    document.add_paragraph(rng.choice(("", "", " ", "more")))


def _fewer_paragraphs(rng: random.Random, document: Any) -> None:
    if document.paragraphs:
        element = rng.choice(document.paragraphs)._p
        element.getparent().remove(element)


_REWORDED: tuple[_Change, ...] = (_reworded, _reworded, _shuffled, _more_paragraphs, _fewer_paragraphs)


# Metrics with documents of their own.


def _tables(rng: random.Random, files: Folder) -> Case:
    document = _document(rng)
    for _ in range(rng.choice((0, 1, 1, 2))):
        _add_table(rng, document)
    return Case("compare_docx_tables", _pair(rng, files, document, (_reworded, _add_table, _recelled, _merged)))


def _add_table(rng: random.Random, document: Any) -> None:
    table = document.add_table(rng.randint(1, 3), rng.randint(1, 2))
    for row in table.rows:
        for cell in row.cells:
            cell.text = rng.choice(("apple", "bread", "", " x "))


def _recelled(rng: random.Random, document: Any) -> None:
    for table in document.tables[:1]:
        cell = rng.choice([cell for row in table.rows for cell in row.cells])
        cell.text = rng.choice((f"{cell.text} ", "other"))


def _merged(rng: random.Random, document: Any) -> None:
    for table in document.tables[:1]:
        last = table.cell(rng.randrange(len(table.rows)), len(table.columns) - 1)
        table.cell(0, 0).merge(last)


def _pictures(rng: random.Random, files: Folder) -> Case:
    document = _document(rng)
    for _ in range(rng.randint(0, 2)):
        _add_picture(rng, document)
    return Case("compare_docx_images", _pair(rng, files, document, (_add_picture, _reworded)))


def _add_picture(rng: random.Random, document: Any) -> None:
    stream = io.BytesIO()
    Image.new("RGB", rng.choice(((8, 4), (4, 8), (8, 8))), rng.choice(("red", "green"))).save(
        stream, rng.choice(("PNG", "BMP"))
    )
    document.add_picture(io.BytesIO(stream.getvalue()))


def _references(rng: random.Random, files: Folder) -> Case:
    document = docx.Document()
    for text in (*rng.sample(_WORDS, 2), rng.choice(("References", "References", "References ", "Literature"))):
        document.add_paragraph(text)
    for number in range(rng.randint(0, 4)):
        document.add_paragraph(
            rng.choice((f"[{number}] A. Author, A title, 20{number}0.", "B. Other, Another, 1999.", ""))
        )
    paths = _pair(rng, files, document, (_reworded, _reworded, _more_paragraphs, _shuffled))
    options = rng.choice(
        ({}, {"reference_base_result": 0.6, "content_only": True}, {"reference_indicator": "Literature"})
    )
    return Case("compare_references", paths, options)


def _trains(rng: random.Random, files: Folder) -> Case:
    def recorded(lines: tuple[str, ...]) -> bytes:
        document = docx.Document()
        for line in lines:
            document.add_paragraph(line)
        return _saved(document)

    right = (_RECORDS[0], _RECORDS[2])
    found = rng.choice(
        (right, right, right[::-1], _RECORDS, _RECORDS[:2], right[:1], (*right, "09:00,T3,1,1"), (*right, ""))
    )
    found_path, wanted_path = _paths(rng, files, recorded(found), recorded(right))
    before = files.write(recorded(_RECORDS), ".docx")
    return Case(
        "compare_unique_train_records",
        [found_path, rng.choice(([wanted_path, before],) * 4 + ([wanted_path], wanted_path))],
    )


def _stops(rng: random.Random, files: Folder) -> Case:
    document = docx.Document()
    for _ in range(rng.choice((0, 1, 2, 2))):
        paragraph = document.add_paragraph(rng.choice(("one two three\trest of it", "one two\tthree", "")))
        for _ in range(rng.choice((0, 1, 2))):
            _add_stop(rng, paragraph)
    options = rng.choice(
        ({}, {}, {"word_number_split_by_tabstop": 3, "index": 0}, {"word_number_split_by_tabstop": 1, "index": 1})
    )
    paths = _pair(rng, files, document, (_in_a_paragraph(_move_stop), _in_a_paragraph(_add_stop)))
    return Case("check_tabstops", paths, options, "no score is below 0")


def _add_stop(rng: random.Random, paragraph: Any) -> None:
    kind = rng.choice((WD_TAB_ALIGNMENT.LEFT, WD_TAB_ALIGNMENT.LEFT, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_ALIGNMENT.CLEAR))
    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(rng.choice((0, 2, 5))), kind)


def _move_stop(rng: random.Random, paragraph: Any) -> None:
    for stop in paragraph.paragraph_format.tab_stops:
        stop.position = Cm(rng.choice((0, 2.1, 7, 30)))
        return


def _coloured(rng: random.Random, files: Folder) -> Case:
    document = _document(rng)
    for _ in range(rng.choice((0, 1, 1))):
        for cell in document.add_table(2, 2)._cells:
            word = rng.choice(("apple", "Egg", "bread", "x", "1", " "))
            run = cell.paragraphs[0].add_run(word)
            run.font.color.rgb = RGBColor(*((255, 0, 0) if word[0].lower() in "aeiou" else (0, 0, 255)))
    paths = _pair(rng, files, document, (_recoloured, _reworded))
    return Case("evaluate_colored_words_in_tables", paths, rng.choice(({}, {}, {"threshold": 10})))


def _recoloured(rng: random.Random, document: Any) -> None:
    for table in document.tables:
        run = rng.choice(table._cells).paragraphs[0].runs[0]
        run.font.color.rgb = rng.choice((*_COLOURS, None))


def _odt(rng: random.Random, texts: list[list[str]]) -> bytes:
    document = _odf.OpenDocumentText()
    for name, colour in (("Yellow", "#ffff00"), ("Green", "#00ff00"), ("Plain", None)):
        style = _odf_style.Style(name=name, family="text")
        if colour is not None:
            style.addElement(_odf_style.TextProperties(backgroundcolor=colour))
        document.automaticstyles.addElement(style)
    for parts in texts:
        paragraph = _odf_text.P()
        for part in parts:
            kind = rng.randrange(6)
            if kind == 0:
                paragraph.addElement(_odf_text.Tab())
            if kind < 3:
                paragraph.addElement(
                    _odf_text.Span(stylename=rng.choice(("Plain", "Plain", "Green", "Yellow")), text=part)
                )
            else:
                paragraph.addText(part)
        document.text.addElement(paragraph)
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()


def _odt_pair(rng: random.Random, files: Folder) -> list[Any]:
    texts = [[rng.choice(_WORDS) for _ in range(rng.randint(0, 2))] for _ in range(rng.randint(0, 3))]
    other = copy.deepcopy(texts)
    if other and rng.random() < 0.5:
        rng.choice((lambda: other[0].append(rng.choice(_WORDS)), lambda: other.append([]), other.reverse))()
    return _paths(rng, files, _odt(rng, other), _odt(rng, texts), ".odt")


def _odt_words(rng: random.Random, files: Folder) -> Case:
    return Case("compare_docx_files", _odt_pair(rng, files), _word_options(rng, "compare_docx_files"))


def _highlighted(rng: random.Random, files: Folder) -> Case:
    return Case("check_highlighted_words", _odt_pair(rng, files))


def _default_font(rng: random.Random, files: Folder) -> Case:
    place = rng.choice(("Writer", "Writer", "Writer", "Calc"))
    name, font = (
        rng.choice(("Standard", "Standard", "Heading")),
        rng.choice(("Times New Roman", "Times New Roman", "Arial", "")),
    )
    content = (
        '<?xml version="1.0"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        f'<item oor:path="/org.openoffice.Office.{place}/DefaultFont"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{font}</value></prop></item></oor:items>"
    )
    path = _paths(rng, files, content.encode(), b"", ".xcu")[0]
    return Case("find_default_font", [path, {"font_name": "Times New Roman"}])
