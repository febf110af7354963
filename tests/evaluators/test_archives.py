"""Metrics on files that hold others, on PDF files and on pages of HTML."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from agentgym.backends.memory import MemoryBackend
from agentgym.evaluators import check_spec, evaluate, metrics
from agentgym.extras import needed
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec

pymupdf = needed("pymupdf", extra="pdf")


def _pdf(path: Path, *pages: str, colour: str = "") -> str:
    document = pymupdf.open()
    for words in pages:
        page = document.new_page()
        page.insert_text((50, 60), words)
        if colour:
            buffer = io.BytesIO()
            Image.linear_gradient("L").rotate(90 if colour == "red" else 0).save(buffer, "PNG")
            page.insert_image(pymupdf.Rect(50, 300, 150, 400), stream=buffer.getvalue())
    document.save(path)
    return str(path)


def _zip(path: Path, files: Mapping[str, str]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return str(path)


def _text(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_texts_of_pdfs_are_compared(tmp_path: Path) -> None:
    one, other = _pdf(tmp_path / "a.pdf", "hello"), _pdf(tmp_path / "b.pdf", "hallo")
    assert metrics["compare_pdfs"](one, one) == 1
    assert metrics["compare_pdfs"](one, other) == pytest.approx(0.8)
    assert metrics["compare_pdfs"]([one, one], [one, other]) == pytest.approx(0.9)
    assert metrics["compare_pdfs"]([one], [one, other]) == 0.5
    assert metrics["compare_pdfs"](_text(tmp_path / "no.pdf", "no"), one) == 0
    assert metrics["compare_pdfs"](None, one) == 0


def test_strictly_pdfs_without_text_need_as_many_pages(tmp_path: Path) -> None:
    one, two = _pdf(tmp_path / "a.pdf", ""), _pdf(tmp_path / "b.pdf", "", "")
    assert metrics["compare_pdfs"](one, two) == 1
    assert metrics["compare_pdfs"](one, two, strict=True) == 0
    assert metrics["compare_pdfs"](one, one, strict=True) == 1
    assert metrics["compare_pdfs"](None, one) == 1
    assert metrics["compare_pdfs"](None, one, strict=True) == 0


def test_images_of_pdfs_are_compared(tmp_path: Path) -> None:
    red, green = (_pdf(tmp_path / f"{colour}.pdf", "x", colour=colour) for colour in ("red", "green"))
    plain, other = _pdf(tmp_path / "a.pdf", "hello"), _pdf(tmp_path / "b.pdf", "world")
    assert metrics["compare_pdf_images"](red, red) == 1
    assert metrics["compare_pdf_images"](red, green) == 0
    assert metrics["compare_pdf_images"](plain, red) == 0
    assert metrics["compare_pdf_images"](plain, other) == 1
    assert metrics["compare_pdf_images"](plain, other, strict=True) < 1


def test_pages_are_counted(tmp_path: Path) -> None:
    path = _pdf(tmp_path / "a.pdf", "a", "b")
    assert metrics["check_pdf_pages"](path, {"relation": "eq", "ref_value": 2}) == 1
    assert metrics["check_pdf_pages"](path, {"relation": "lt", "ref_value": 2}) == 0
    assert metrics["check_pdf_pages"](_text(tmp_path / "no.pdf", "no"), {"relation": "ge", "ref_value": 0}) == 0
    with pytest.raises(ValueError, match="no relation 'add'"):
        metrics["check_pdf_pages"](path, {"relation": "add", "ref_value": 2})


def test_an_archive_scores_the_mean_of_its_files(tmp_path: Path) -> None:
    wanted = _zip(tmp_path / "b.zip", {"in/a.txt": "a", "in/b.txt": "b"})
    half = _zip(tmp_path / "a.zip", {"in/a.txt": "A", "in/b.txt": "x"})
    metric = metrics["compare_archive"]
    assert metric(half, wanted, file_path="in") == 0
    assert metric(half, wanted, file_path="in", ignore_case=True) == 0.5
    assert metric(half, wanted, file_path="out") == 0
    assert metric(_zip(tmp_path / "c.zip", {"in/a.txt": "a"}), wanted, file_path="in") == 0
    assert metric(_text(tmp_path / "no.zip", "no"), wanted) == 0
    with pytest.raises(ValueError, match="no file type 'xls'"):
        metric(half, wanted, file_type="xls")


def test_what_is_in_an_archive_is_judged_strictly_where_its_metric_can(tmp_path: Path) -> None:
    places = []
    for name, pages in (("a", [""]), ("b", ["", ""])):
        _pdf(tmp_path / f"{name}.pdf", *pages)
        places.append(str(tmp_path / f"{name}.zip"))
        with zipfile.ZipFile(places[-1], "w") as archive:
            archive.write(tmp_path / f"{name}.pdf", "page.pdf")
    one, other = ({"type": "rule", "rules": place} for place in places)
    check = Check("compare_archive", GetterSpec("rule", one), GetterSpec("rule", other), {"file_type": "pdf"})
    assert evaluate(EvaluatorSpec((check,)), MemoryBackend(), None).value == 1
    assert evaluate(EvaluatorSpec((check,), strict=True), MemoryBackend(), None).value == 0
    texts = msgspec.structs.replace(check, options={"file_type": "text"})
    assert evaluate(EvaluatorSpec((texts,), strict=True), MemoryBackend(), None).value == 0


@pytest.mark.parametrize("strict", ["true", "True", True])
def test_truth_that_is_written_as_text_is_an_option_of_archives_too(strict: str | bool) -> None:
    found = GetterSpec("vm_file", {"path": "/home/user/a.zip", "dest": "a.zip"})
    check = Check("compare_archive", result=found, expected=found, options={"strict": strict})
    check_spec(EvaluatorSpec(checks=(check,)))


def test_nothing_of_an_archive_comes_to_lie_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "in" / "a.tar"
    path.parent.mkdir()
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo(str(tmp_path / "stray")), io.BytesIO())
        archive.addfile(tarfile.TarInfo("../../../stray"), io.BytesIO())
    assert metrics["compare_archive"](str(path), str(path)) == 0
    assert not (tmp_path / "stray").exists()


def test_a_book_is_compared_but_for_what_is_drawn_by_lot(tmp_path: Path) -> None:
    parts = {"content.opf": "<a/>\n<dc:identifier>1</dc:identifier>", "a.html": "<p>one</p>", "b.html": "<p>two</p>"}
    wanted = _zip(tmp_path / "b.epub", parts)
    again = _zip(tmp_path / "a.epub", {**parts, "content.opf": parts["content.opf"].replace("1", "2"), "a.css": "x"})
    assert metrics["compare_epub"](again, wanted) == 1
    assert metrics["compare_epub"](again, wanted, strict=True) == 1
    assert metrics["compare_epub"](_zip(tmp_path / "d.epub", {**parts, "b.html": "<i>no</i>"}), wanted) < 1
    assert metrics["compare_epub"](_text(tmp_path / "no.epub", "no"), wanted) == 0


def test_strictly_a_book_has_all_parts(tmp_path: Path) -> None:
    wanted = _zip(tmp_path / "b.epub", {"a.html": "<p>one</p>", "b.html": "<p>two</p>"})
    first = _zip(tmp_path / "a.epub", {"a.html": "<p>one</p>"})
    assert metrics["compare_epub"](first, wanted) == 1
    assert metrics["compare_epub"](first, wanted, strict=True) == 0.5


def test_pages_are_compared_element_by_element(tmp_path: Path) -> None:
    wanted = _text(tmp_path / "b.html", "<td sdnum='1'>1</td><p>x</p>")
    other = _text(tmp_path / "a.html", "<td sdnum='2'>1</td><p>x</p>")
    assert metrics["compare_htmls"](wanted, wanted) == 1
    assert metrics["compare_htmls"](other, wanted) == 0
    assert metrics["compare_htmls"](other, wanted, ignore_sdnum=True) == 1
    assert metrics["compare_htmls"](None, wanted) == 0


def test_strictly_an_empty_page_is_like_no_other(tmp_path: Path) -> None:
    wanted, empty = _text(tmp_path / "b.html", "<p>x</p>"), _text(tmp_path / "a.html", "")
    assert metrics["compare_htmls"](empty, wanted) == 1
    assert metrics["compare_htmls"](empty, wanted, strict=True) == 0
    assert metrics["compare_htmls"](wanted, wanted, strict=True) == 1
