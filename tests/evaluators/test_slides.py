from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.text import MSO_UNDERLINE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.util import Emu, Inches, Pt

from agentgym.errors import TaskError
from agentgym.evaluators import check_spec, metrics
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec

_NUMBERED = (
    '<a:pPr xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:buAutoNum type="arabicPeriod"/></a:pPr>'
)


def rgb(value: str) -> Any:
    make: Any = RGBColor.from_string
    return make(value)


def deck(path: Path, change: Callable[[Any], object] = lambda _: None) -> str:
    """A slide with a text, a table and a group of one text, changed."""
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[6])
    box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(3), Inches(1))
    box.text_frame.text = "Main idea"
    slide.shapes.add_table(1, 1, Inches(1), Inches(3), Inches(2), Inches(1)).table.cell(0, 0).text = "12"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(5), Inches(5), Inches(2), Inches(1)).text_frame.text = "within"
    change(presentation)
    presentation.save(str(path))
    return str(path)


def shape(presentation: Any, place: int = 0) -> Any:
    return presentation.slides[0].shapes[place]


def paragraph(presentation: Any) -> Any:
    return shape(presentation).text_frame.paragraphs[0]


def font(presentation: Any) -> Any:
    return paragraph(presentation).runs[0].font


def cell(presentation: Any) -> Any:
    return shape(presentation, 1).table.cell(0, 0)


def inner(presentation: Any) -> Any:
    return shape(presentation, 2).shapes[0].text_frame


def number(presentation: Any) -> None:
    paragraph(presentation)._p.insert(0, parse_xml(_NUMBERED))


def gradient(presentation: Any) -> None:
    presentation.slides[0].background.fill.gradient()


def blue(presentation: Any) -> None:
    fill = presentation.slides[0].background.fill
    fill.solid()
    fill.fore_color.rgb = rgb("0000FF")


def in_pieces(presentation: Any) -> None:
    paragraph(presentation).runs[0].text = "Main "
    paragraph(presentation).add_run().text = "idea"


def compare(folder: Path, change: Callable[[Any], object], **options: Any) -> float:
    found, wanted = deck(folder / "found.pptx", change), deck(folder / "wanted.pptx")
    return metrics["compare_pptx_files"](found, wanted, **options)


def put(target: str, value: Any) -> Callable[[Any], None]:
    """What sets an attribute of what a function of this module finds."""
    finder, name = target.split(".")
    return lambda presentation: setattr(globals()[finder](presentation), name, value)


SEEN = {
    "examine_text": put("paragraph.text", "Other idea"),
    "examine_shape": put("shape.left", Inches(2)),
    "examine_alignment": put("paragraph.alignment", PP_ALIGN.CENTER),
    "examine_indent": put("paragraph.level", 1),
    "examine_font_name": put("font.name", "Arial"),
    "examine_font_size": put("font.size", Pt(30)),
    "examine_font_bold": put("font.bold", True),
    "examine_font_italic": put("font.italic", True),
    "examine_font_underline": put("font.underline", True),
    "examine_strike_through": lambda presentation: font(presentation)._element.set("strike", "sngStrike"),
    "examine_background_color": blue,
    "examine_note": lambda presentation: setattr(presentation.slides[0].notes_slide.notes_text_frame, "text", "x"),
    "examine_number_of_slides": lambda presentation: presentation.slides.add_slide(presentation.slide_layouts[6]),
}


@pytest.mark.parametrize("option", SEEN)
def test_a_change_counts_unless_it_is_not_asked_for(option: str, tmp_path: Path) -> None:
    assert compare(tmp_path, SEEN[option]) == 0
    # A level, or a text, is what bullets are compared by, too.
    rest = {"examine_bullets": False} if option in {"examine_indent", "examine_text"} else {}
    assert compare(tmp_path, SEEN[option], **{option: False}, **rest) == 1


UNSEEN = {
    "words of tables": (lambda presentation: setattr(cell(presentation), "text", "13"), {"examine_bullets": False}),
    "fonts in groups": (lambda presentation: setattr(inner(presentation).paragraphs[0].runs[0].font, "bold", True), {}),
    "words in groups": (
        lambda presentation: setattr(inner(presentation), "text", "without"),
        {"examine_alignment": False, "examine_bullets": False},
    ),
    "colours where there was none": (
        lambda presentation: setattr(font(presentation).color, "rgb", rgb("FF0000")),
        {},
    ),
    "colours of the theme": (
        lambda presentation: setattr(font(presentation).color, "theme_color", MSO_THEME_COLOR.ACCENT_1),
        {},
    ),
    "double lines": (put("font.underline", MSO_UNDERLINE.DOUBLE_LINE), {}),
    "numbers of lists": (number, {}),
    "gradients": (gradient, {}),
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_osworld_does_not_see_counts_if_strict(what: str, tmp_path: Path) -> None:
    change, options = UNSEEN[what]
    assert compare(tmp_path, change, **options) == 1
    assert compare(tmp_path, change, **options, strict=True) == 0


def test_nothing_changed_is_the_same_if_strict(tmp_path: Path) -> None:
    assert compare(tmp_path, lambda _: None, strict=True) == 1


def test_text_in_more_pieces_differs_unless_it_is_strict_and_not_asked_for(tmp_path: Path) -> None:
    assert compare(tmp_path, in_pieces) == 0
    assert compare(tmp_path, in_pieces, examine_run_count=False) == 0
    assert compare(tmp_path, in_pieces, examine_run_count=False, strict=True) == 1


@pytest.mark.parametrize(("by", "score"), [(Inches(0.004), 1), (Inches(0.1), 0)])
def test_shapes_stand_where_they_should_within_half_a_percent(by: int, score: float, tmp_path: Path) -> None:
    assert compare(tmp_path, put("shape.left", Inches(1) + by)) == score


def test_a_title_must_have_been_moved_down(tmp_path: Path) -> None:
    def titled(presentation: Any) -> None:
        shape(presentation).text_frame.text = "Product Comparison"

    def low(presentation: Any) -> None:
        titled(presentation)
        shape(presentation).top = Emu(5_000_000)

    options = {"examine_shape": False, "examine_title_bottom_position": True}
    before, after = deck(tmp_path / "before.pptx", titled), deck(tmp_path / "after.pptx", low)
    assert metrics["compare_pptx_files"](after, before, **options) == 1
    assert metrics["compare_pptx_files"](before, before, **options) == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"no presentation"])
def test_what_is_no_presentation_scores_zero(content: bytes, tmp_path: Path) -> None:
    wanted, broken = deck(tmp_path / "wanted.pptx"), tmp_path / "broken.pptx"
    broken.write_bytes(content)
    assert metrics["compare_pptx_files"](str(broken), wanted) == 0
    assert metrics["compare_pptx_files"](None, wanted) == 0
    assert metrics["check_slide_orientation_Portrait"](str(broken)) == 0
    assert metrics["check_transition"](str(broken), {"slide_idx": 0, "transition_type": "fade"}) == 0
    assert metrics["check_page_number_colors"](str(broken), {"color": "red"}) == 0
    assert metrics["check_image_stretch_and_center"](str(broken), wanted) == 0


def test_a_misspelt_option_is_told() -> None:
    getter = GetterSpec("vm_file", {"path": "/a", "dest": "a"})
    with pytest.raises(TaskError, match="did you mean 'examine_shape'"):
        check_spec(EvaluatorSpec((Check("compare_pptx_files", getter, getter, {"examine_shap": False}),)))


def test_backgrounds_are_scored_by_their_distance(tmp_path: Path) -> None:
    metric = metrics["evaluate_presentation_fill_to_rgb_distance"]
    path = deck(tmp_path / "blue.pptx", blue)
    assert metric(path, {"rgb": [0, 0, 255], "original_rgb": [255, 255, 255]}) == 1
    assert metric(path, {"rgb": [0, 0, 0]}) == pytest.approx(1 - 1 / 3**0.5)
    assert metric(path, {"rgb": [0, 0, 255], "original_rgb": [0, 0, 255]}) == 0
    assert metric(deck(tmp_path / "plain.pptx"), {"rgb": [0, 0, 255]}) == 0


def test_a_page_number_is_of_its_own_colour_if_strict(tmp_path: Path) -> None:
    def last_but_one(presentation: Any) -> None:
        for colour in ("FF0000", "0000FF"):
            box = presentation.slide_master.shapes._spTree.add_textbox(90, "x", 0, 0, 9, 9)
            box.get_or_add_txBody().p_lst[
                0
            ].add_r().get_or_add_rPr().get_or_change_to_solidFill().get_or_change_to_srgbClr().val = colour

    def its_own(presentation: Any) -> None:
        [one] = [one for one in presentation.slide_master.placeholders if one.placeholder_format.type == 13]
        one.text_frame.paragraphs[0].add_run().font.color.rgb = rgb("FF0000")

    metric = metrics["check_page_number_colors"]
    other, own = deck(tmp_path / "other.pptx", last_but_one), deck(tmp_path / "own.pptx", its_own)
    assert metric(other, {"color": "red"}) == 1
    assert metric(other, {"color": "red"}, strict=True) == 0
    assert metric(own, {"color": "red"}, strict=True) == 1
    assert metric(own, {"color": "blue"}, strict=True) == 0


def test_settings_of_impress(tmp_path: Path) -> None:
    def setting(place: str, name: str, value: str) -> str:
        path = tmp_path / "registrymodifications.xcu"
        path.write_text(
            '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
            f'<item oor:path="{place}"><prop oor:name="{name}"><value>{value}</value></prop></item></oor:items>'
        )
        return str(path)

    saving = setting("/org.openoffice.Office.Common/Save/Document", "AutoSaveTimeIntervall", "3")
    assert metrics["check_auto_saving_time"](saving, {"minutes": 3}) == 1
    assert metrics["check_auto_saving_time"](saving, {"minutes": 10}) == 0
    assert metrics["check_presenter_console_disable"](saving) == 0
    console = setting("/org.openoffice.Office.Impress/Misc/Start", "EnablePresenterScreen", "false")
    assert metrics["check_presenter_console_disable"](console) == 1
    assert metrics["check_auto_saving_time"](console, {"minutes": 3}) == 0


def test_the_panel_of_slides_is_in_the_tree() -> None:
    assert metrics["check_left_panel"]('<desktop-frame><document-frame name="Slides View"/></desktop-frame>') == 1
    assert metrics["check_left_panel"]('<desktop-frame><document-frame name="Notes View"/></desktop-frame>') == 0
