"""Cases of the metrics on presentations and on Impress's settings, of files that python-pptx makes."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_UNDERLINE, PP_ALIGN
from pptx.util import Emu, Pt

from tests.evaluators.osworld.case import Case, Folder, damaged

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_WORDS = ("Product Comparison", "Main idea", "Sub topics", "Elaborate on what you want to discuss.", "", "1", "Grüße")
_RED, _BLACK, _BLUE, _WHITE, _NEARLY_BLUE = map(
    RGBColor.from_string, ("FF0000", "000000", "0000FF", "FFFFFF", "0A14C8")
)
_SWITCHES = (
    *(f"examine_{name}" for name in ("number_of_slides", "shape", "text", "indent", "note", "bullets", "alignment")),
    *(f"examine_{name}" for name in ("font_name", "font_size", "font_bold", "font_italic", "font_underline")),
    *(f"examine_{name}" for name in ("color_rgb", "strike_through", "background_color")),
)
_EXTRAS = (
    *(f"examine_{name}" for name in ("title_bottom_position", "table_bottom_position", "right_position")),
    *(f"examine_{name}" for name in ("top_position", "shape_for_shift_size", "image_size", "modify_height")),
)
_REAL: tuple[dict[str, Any], ...] = (
    {},
    {"examine_shape": False},
    {"examine_shape": False, "examine_bullets": False},
    {"examine_shape": False, "examine_modify_height": True, "_note": "needs examine_shape off"},
    {"examine_shape": False, "examine_image_size": True, "approximately_tolerance": 0.01},
    {"examine_shape": False, "examine_right_position": True},
    {"examine_shape": False, "examine_title_bottom_position": True},
    {"examine_shape": False, "examine_table_bottom_position": True},
    {"examine_shape": False, "examine_top_position": True},
    {"examine_run_count": False, "examine_shape": False, "examine_background_color": False},
    {"examine_shape": False, "examine_shape_lenient_height": True},
    {name: False for name in _SWITCHES if "font" in name or name.endswith(("alignment", "color_rgb", "bullets"))},
)


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    makers = [_compared] * 8 + [_fill, _orientation, _stretched, _transition, _numbers, _saving, _console, _panel]
    while True:
        yield rng.choice(makers)(rng, files)


def _compared(rng: random.Random, files: Folder) -> Case:
    deck = _deck(rng)
    wanted = _saved(deck)
    changes = rng.choices(_CHANGES, k=rng.choice((0, 1, 1, 1, 2)))
    for change in changes:
        change(rng, deck)
    found = _saved(deck) if changes else wanted
    paths, options = _paths(rng, files, found, wanted), _options(rng)
    known = "None is python-pptx's own presentation" if paths[0] is None else ""
    return Case("compare_pptx_files", paths, options, known)


def _options(rng: random.Random) -> dict[str, Any]:
    if rng.random() < 0.6:
        return rng.choice(_REAL)
    options: dict[str, Any] = dict.fromkeys(rng.sample(_SWITCHES, rng.randint(0, 8)), False)
    options |= dict.fromkeys(rng.sample(_EXTRAS, rng.choice((0, 0, 1, 2))), True)
    return options | rng.choice(({}, {}, {"approximately_tolerance": 0.2}, {"enable_debug": False}))


def _paths(rng: random.Random, files: Folder, found: bytes, wanted: bytes, suffix: str = ".pptx") -> list[Any]:
    fate = rng.random()
    if fate < 0.03:
        return [files.missing(suffix), files.write(wanted, suffix)]
    if fate < 0.05:
        return [None, files.write(wanted, suffix)]
    if fate < 0.12:
        return [files.write(damaged(rng, found), suffix), files.write(wanted, suffix)]
    if fate < 0.14:
        return [files.write(found, suffix), files.write(damaged(rng, wanted), suffix)]
    return [files.write(found, suffix), files.write(wanted, suffix)]


def _path(rng: random.Random, files: Folder, content: bytes, suffix: str) -> Any:
    return _paths(rng, files, content, b"", suffix)[0]


# Making presentations.


def _deck(rng: random.Random) -> Any:
    deck = Presentation()
    for _ in range(rng.randint(1, 3)):
        slide = deck.slides.add_slide(deck.slide_layouts[rng.choice((1, 5, 6))])
        for placeholder in slide.placeholders:
            _write(rng, placeholder.text_frame)
        for adder in rng.choices((_add_box, _add_box, _add_table, _add_picture, _add_group, _add_line), k=3):
            adder(rng, slide)
        if rng.random() < 0.3:
            slide.notes_slide.notes_text_frame.text = rng.choice(_WORDS)
    return deck


def _saved(deck: Any) -> bytes:
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


def _box(rng: random.Random) -> tuple[Emu, Emu, Emu, Emu]:
    return Emu(rng.choice((0, 914400, 5000000))), Emu(rng.choice((0, 1000000, 4000000))), Emu(2000000), Emu(1000000)


def _add_box(rng: random.Random, slide: Any) -> None:
    if rng.random() < 0.7:
        _write(rng, slide.shapes.add_textbox(*_box(rng)).text_frame)
        return
    _write(rng, slide.shapes.add_shape(rng.choice((MSO_SHAPE.OVAL, MSO_SHAPE.RECTANGLE)), *_box(rng)).text_frame)


def _add_table(rng: random.Random, slide: Any) -> None:
    table = slide.shapes.add_table(2, 2, *_box(rng)).table
    for row in range(2):
        for column in range(2):
            _write(rng, table.cell(row, column).text_frame)


def _add_picture(rng: random.Random, slide: Any) -> None:
    slide.shapes.add_picture(io.BytesIO(_picture(rng)), *_box(rng))


def _picture(rng: random.Random) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), rng.choice(("red", "green"))).save(stream, "PNG")
    return stream.getvalue()


def _add_group(rng: random.Random, slide: Any) -> None:
    group = slide.shapes.add_group_shape()
    for _ in range(2):
        _write(rng, group.shapes.add_textbox(*_box(rng)).text_frame)


def _add_line(rng: random.Random, slide: Any) -> None:
    left, top, width, height = _box(rng)
    slide.shapes.add_connector(1, left, top, Emu(left + width), Emu(top + height))


def _write(rng: random.Random, frame: Any) -> None:
    for index in range(rng.choice((1, 1, 2))):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        for _ in range(rng.choice((0, 1, 1, 2))):
            run = paragraph.add_run()
            run.text = rng.choice(_WORDS)
            if rng.random() < 0.4:
                _style(rng, run.font)
        if rng.random() < 0.4:
            paragraph.level = rng.randint(0, 2)
        if rng.random() < 0.3:
            _bullet(rng, paragraph)


def _style(rng: random.Random, font: Any) -> None:
    kind = rng.randrange(8)
    if kind == 0:
        font.bold = rng.choice((True, False, None))
    elif kind == 1:
        font.italic = rng.choice((True, False, None))
    elif kind == 2:
        font.underline = rng.choice((True, False, None, MSO_UNDERLINE.DOUBLE_LINE))
    elif kind == 3:
        font.size = rng.choice((Pt(12), Pt(18), None))
    elif kind == 4:
        font.name = rng.choice(("Arial", "Liberation Sans", None))
    elif kind == 5:
        font.color.rgb = rng.choice((_RED, _BLACK))
    elif kind == 6:
        font.color.theme_color = rng.choice((MSO_THEME_COLOR.ACCENT_1, MSO_THEME_COLOR.ACCENT_2))
    else:
        font._element.set("strike", rng.choice(("sngStrike", "noStrike", "dblStrike")))


def _bullet(rng: random.Random, paragraph: Any) -> None:
    properties = paragraph._p.get_or_add_pPr()
    for child in list(properties):
        properties.remove(child)
    name, attributes = rng.choice(
        (("buChar", {"char": "•"}), ("buChar", {"char": "-"}), ("buNone", {}), ("buAutoNum", {"type": "arabicPeriod"}))
    )
    etree.SubElement(properties, f"{{{_A}}}{name}", attributes)


# Changing them, as an agent would, or a writer that writes the same otherwise.


def _slide(rng: random.Random, deck: Any) -> Any:
    return rng.choice(list(deck.slides))


def _paragraph(rng: random.Random, deck: Any) -> Any:
    shapes: list[Any] = list(_slide(rng, deck).shapes)
    frames: list[Any] = []
    while shapes:
        shape = shapes.pop()
        shapes.extend(getattr(shape, "shapes", ()))
        if getattr(shape, "has_table", False):
            frames.extend(cell.text_frame for row in shape.table.rows for cell in row.cells)
        elif shape.has_text_frame:
            frames.append(shape.text_frame)
    paragraphs = [paragraph for frame in frames for paragraph in frame.paragraphs]
    return rng.choice(paragraphs) if paragraphs else None


def _in_paragraph(change: Callable[[random.Random, Any], object]) -> Callable[[random.Random, Any], None]:
    def changed(rng: random.Random, deck: Any) -> None:
        paragraph = _paragraph(rng, deck)
        if paragraph is not None:
            change(rng, paragraph)

    return changed


def _restyled(rng: random.Random, paragraph: Any) -> None:
    for run in paragraph.runs:
        _style(rng, run.font)


def _reworded(rng: random.Random, paragraph: Any) -> None:
    for run in paragraph.runs:
        run.text = rng.choice((*_WORDS, f" {run.text}", f"{run.text} "))


def _aligned(rng: random.Random, paragraph: Any) -> None:
    paragraph.alignment = rng.choice((PP_ALIGN.LEFT, PP_ALIGN.CENTER, PP_ALIGN.RIGHT, None))


def _indented(rng: random.Random, paragraph: Any) -> None:
    paragraph.level = rng.randint(0, 2)


def _unstyled(_: random.Random, paragraph: Any) -> None:
    if paragraph._p.pPr is not None:
        paragraph._p.remove(paragraph._p.pPr)


def _split(_: random.Random, paragraph: Any) -> None:
    if paragraph.runs and len(paragraph.runs[-1].text) > 1:
        text = paragraph.runs[-1].text
        paragraph.runs[-1].text = text[:1]
        paragraph.add_run().text = text[1:]


def _emptied(_: random.Random, paragraph: Any) -> None:
    paragraph.add_run().text = ""


def _broken(_: random.Random, paragraph: Any) -> None:
    paragraph.add_line_break()


def _moved(rng: random.Random, deck: Any) -> None:
    shapes = list(_slide(rng, deck).shapes)
    if shapes:
        shape = rng.choice(shapes)
        side = rng.choice(("left", "top", "width", "height"))
        setattr(shape, side, Emu((getattr(shape, side) or 0) + rng.choice((100, 4000, 500000, 4000000, -900000))))


def _scaled(rng: random.Random, deck: Any) -> None:
    shapes = list(_slide(rng, deck).shapes)
    if shapes:
        shape = rng.choice(shapes)
        shape.height = Emu(round((shape.height or 100) * rng.choice((1.004, 1.006, 1.5))))


def _added(rng: random.Random, deck: Any) -> None:
    _add_box(rng, _slide(rng, deck))


def _swapped(rng: random.Random, deck: Any) -> None:
    """One shape for another of another kind."""
    slide = _slide(rng, deck)
    shapes = list(slide.shapes)
    if shapes:
        element = rng.choice(shapes)._element
        rng.choice((_add_box, _add_table, _add_picture, _add_group))(rng, slide)
        other = list(slide.shapes)[-1]._element
        element.getparent().replace(element, other)


def _removed(rng: random.Random, deck: Any) -> None:
    shapes = list(_slide(rng, deck).shapes)
    if shapes:
        element = rng.choice(shapes)._element
        element.getparent().remove(element)


def _more_slides(rng: random.Random, deck: Any) -> None:
    _add_box(rng, deck.slides.add_slide(deck.slide_layouts[6]))


def _noted(rng: random.Random, deck: Any) -> None:
    slide = _slide(rng, deck)
    slide.notes_slide.notes_text_frame.text = rng.choice((*_WORDS, " "))


def _painted(rng: random.Random, deck: Any) -> None:
    owner = rng.choice((_slide(rng, deck), _slide(rng, deck), deck.slide_master))
    fill = owner.background.fill
    kind = rng.randrange(4)
    if kind < 2:
        fill.solid()
        fill.fore_color.rgb = rng.choice((_BLUE, _WHITE, _NEARLY_BLUE))
    elif kind == 2:
        fill.gradient()
    else:
        fill.background()


_CHANGES: tuple[Callable[[random.Random, Any], None], ...] = (
    *(_in_paragraph(change) for change in (_restyled, _restyled, _restyled, _reworded, _aligned, _indented)),
    *(_in_paragraph(change) for change in (_unstyled, _split, _emptied, _broken, _bullet)),
    *(_moved, _scaled, _added, _swapped, _removed, _more_slides, _noted, _painted),
)


# The other metrics.


def _fill(rng: random.Random, files: Folder) -> Case:
    deck = Presentation()
    for _ in range(rng.randint(0, 3)):
        deck.slides.add_slide(deck.slide_layouts[6])
    if deck.slides:
        for _ in range(rng.randint(1, 6)):
            _painted(rng, deck)
    rules: dict[str, Any] = {"rgb": [0, 0, 255]}
    rules |= rng.choice(({}, {"original_rgb": [255, 255, 255]}, {"original_rgb": None}))
    if deck.slides and rng.random() < 0.2:
        fill = _slide(rng, deck).background.fill
        fill.solid()
        fill.fore_color.theme_color = MSO_THEME_COLOR.ACCENT_1
    return Case("evaluate_presentation_fill_to_rgb_distance", [_path(rng, files, _saved(deck), ".pptx"), rules])


def _orientation(rng: random.Random, files: Folder) -> Case:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Emu(rng.choice((1000000, 2000000))), Emu(rng.choice((1000000, 1500000)))
    return Case("check_slide_orientation_Portrait", [_path(rng, files, _saved(deck), ".pptx")])


def _stretched(rng: random.Random, files: Folder) -> Case:
    deck = _deck(rng)
    if rng.random() < 0.8:
        _add_picture(rng, deck.slides[0])
    before = _saved(deck)
    if rng.random() < 0.3:
        _add_picture(rng, deck.slides[0])
    for shape in deck.slides[0].shapes:
        if shape.shape_type == 13 and rng.random() < 0.9:
            shape.left, shape.top = (Emu(rng.choice((0, 0, 0, 400000, 500000))) for _ in range(2))
            shape.width = Emu(deck.slide_width - rng.choice((0, 0, 400000, 500000)))
            shape.height = Emu(deck.slide_height - rng.choice((0, 0, 400000, 500000)))
    return Case("check_image_stretch_and_center", _paths(rng, files, _saved(deck), before))


def _rewritten(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, change(old.read(item)) if item == name else old.read(item))
    return stream.getvalue()


def _transition(rng: random.Random, files: Folder) -> Case:
    kinds = (b"<p:dissolve/>", b"<p:fade/>", b"", b"<p:extLst><p:dissolve/></p:extLst>")
    element = rng.choice((b"<p:transition>%s</p:transition>", b"<p:timing>%s</p:timing>", b"%s")) % rng.choice(kinds)
    content = _rewritten(
        _saved(_deck(rng)), "ppt/slides/slide1.xml", lambda xml: xml.replace(b"</p:sld>", element + b"</p:sld>")
    )
    rules = {"slide_idx": rng.choice((0, 0, 0, 1, 9)), "transition_type": rng.choice(("dissolve", "dissolve", "fade"))}
    return Case("check_transition", [_path(rng, files, content, ".pptx"), rules])


def _numbers(rng: random.Random, files: Folder) -> Case:
    def coloured(xml: bytes) -> bytes:
        colours = rng.choices(
            (b"FF0000", b"00FF00", b"0000FF", b"000000", b"A0B0C0", b"0a0a0a"), k=rng.choice((0, 1, 3, 3, 3, 3))
        )
        fills = b"".join(b'<a:solidFill><a:srgbClr val="%s"/></a:solidFill>' % colour for colour in colours)
        return re.sub(rb"</p:sldMaster>", b"<p:extLst>%s</p:extLst></p:sldMaster>" % fills, xml)

    content = _rewritten(_saved(Presentation()), "ppt/slideMasters/slideMaster1.xml", coloured)
    colour = rng.choice(("red", "blue", "green", "black"))
    return Case("check_page_number_colors", [_path(rng, files, content, ".pptx"), {"color": colour}])


def _settings(rng: random.Random, place: str, name: str, values: tuple[str, ...]) -> bytes:
    said = rng.choice(((place, name), (place, name), (place, name), ("/org.other", name), (place, "Other")))
    items = "".join(
        f'<item oor:path="{where}"><prop oor:name="{what}" oor:op="fuse">{rng.choice(values)}</prop></item>\n'
        for where, what in rng.sample([said, ("/org.other", "Other")], rng.choice((1, 2, 2, 2)))
    )
    return f'<?xml version="1.0"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'.encode()


def _saving(rng: random.Random, files: Folder) -> Case:
    values = ("<value>3</value>", "<value>3</value>", "<value>10</value>", "<value/>", "<value>often</value>", "")
    content = _settings(rng, "/org.openoffice.Office.Common/Save/Document", "AutoSaveTimeIntervall", values)
    return Case("check_auto_saving_time", [_path(rng, files, content, ".xcu"), {"minutes": 3}])


def _console(rng: random.Random, files: Folder) -> Case:
    values = ("<value>false</value>", "<value>False</value>", "<value>true</value>", "<value/>", "")
    content = _settings(rng, "/org.openoffice.Office.Impress/Misc/Start", "EnablePresenterScreen", values)
    return Case("check_presenter_console_disable", [_path(rng, files, content, ".xcu")])


def _panel(rng: random.Random, _: Folder) -> Case:
    name = rng.choice(("Slides View", "Slides View", "Slide View", "PRESENTATION"))
    role = rng.choice(("document-frame", "document-frame", "panel"))
    tree = f'<desktop-frame><application name="soffice"><{role} name="{name}"/></application></desktop-frame>'
    return Case("check_left_panel", [rng.choice((tree, tree, tree, tree[:-5], "", f'<?xml version="1.0"?>{tree}'))])
