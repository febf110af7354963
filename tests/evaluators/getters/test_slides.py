"""What a slide shows behind all else, and plays, is fetched from where the presentation says that it is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI

from agentgym.backends.memory import MemoryBackend
from agentgym.evaluators import Fetched, evaluate, getters
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec

_BACKGROUND = """<p:bg xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<p:bgPr><a:blipFill><a:blip r:embed="{name}"/><a:stretch/></a:blipFill><a:effectLst/></p:bgPr></p:bg>"""


def _picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "png")
    return content.getvalue()


def _deck(*, sound: str | bytes | None = None, background: bytes | None = None, besides: bytes | None = None) -> bytes:
    """A presentation of two slides; the second has what is asked for: a sound by its content or its address."""
    deck = Presentation()
    _, slide = (deck.slides.add_slide(deck.slide_layouts[6]) for _ in range(2))
    part = slide.part
    if besides is not None:
        slide.shapes.add_picture(io.BytesIO(besides), 0, 0)
    if isinstance(sound, bytes):
        media = Part(PackURI("/ppt/media/media1.wav"), "audio/x-wav", deck.part.package, sound)
        part.relate_to(media, RELATIONSHIP_TYPE.AUDIO)
    elif sound is not None:
        part.relate_to(sound, RELATIONSHIP_TYPE.AUDIO, is_external=True)
    if background is not None:
        _, name = part.get_or_add_image_part(io.BytesIO(background))
        slide.element.find(".//{*}cSld").insert(0, etree.fromstring(_BACKGROUND.format(name=name)))
    content = io.BytesIO()
    deck.save(content)
    return content.getvalue()


def _get(kind: str, deck: bytes, *, index: int = 1, files: Mapping[str, bytes] = MappingProxyType({})) -> Any:
    backend = MemoryBackend()
    backend.reset(seed=0)
    backend.write("~/deck.pptx", deck)
    for name, content in files.items():
        backend.write(f"~/Music/{name}", content)
    return getters[kind](backend, {"type": kind, "ppt_file_path": "~/deck.pptx", "slide_index": index, "dest": "it.x"})


def test_sound_within_keeps_its_name() -> None:
    deck = _deck(sound=b"RIFF")
    assert _get("audio_in_slide", deck) == Fetched("media1.wav", b"RIFF")
    assert _get("audio_in_slide", deck, index=0) is None
    assert _get("audio_in_slide", deck, index=9) is None


@pytest.mark.parametrize("address", ["file:///home/user/Music/a b", "file:///home/user/Music/a%20b"])
def test_sound_beside_goes_by_the_name_that_the_task_gives(address: str) -> None:
    deck = _deck(sound=address)
    assert _get("audio_in_slide", deck, files={"a b": b"ID3"}) == Fetched("it.x", b"ID3")
    with pytest.raises(FileNotFoundError):
        _get("audio_in_slide", deck)


@pytest.mark.parametrize("address", ["https://example.org/a.mp3", "../media/none.wav", "file://server"])
def test_sound_that_is_not_there_is_missing(address: str) -> None:
    with pytest.raises(FileNotFoundError):
        _get("audio_in_slide", _deck(sound=address))


def test_background_is_told_from_other_pictures() -> None:
    picture, other = _picture(), _picture() + b"other"
    found = _get("background_image_in_slide", _deck(background=picture, besides=other))
    assert found.content == picture
    assert found.name.endswith(".png")
    assert _get("background_image_in_slide", _deck(besides=other)) is None
    assert _get("background_image_in_slide", _deck(background=picture), index=0) is None
    assert _get("background_image_in_slide", _deck(background=picture), index=9) is None


def test_sound_of_an_absolute_name_within_is_found() -> None:
    with zipfile.ZipFile(io.BytesIO(_deck(sound=b"RIFF"))) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    name = "ppt/slides/_rels/slide2.xml.rels"
    parts[name] = parts[name].replace(b"../media/", b"/ppt/media/")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    assert _get("audio_in_slide", content.getvalue()) == Fetched("media1.wav", b"RIFF")


@pytest.mark.parametrize("kind", ["audio_in_slide", "background_image_in_slide"])
def test_what_is_no_presentation_is_missing(kind: str) -> None:
    for content in (b"", b"PK\3\4 no more", _deck()[:2000]):
        with pytest.raises(FileNotFoundError, match="is no presentation"):
            _get(kind, content)


def test_check_of_a_slide_without_a_sound_scores_zero() -> None:
    backend = MemoryBackend()
    backend.reset(seed=0)
    backend.write("~/deck.pptx", _deck())
    config = {"ppt_file_path": "~/deck.pptx", "slide_index": 0, "dest": "it.wav"}
    result = GetterSpec("audio_in_slide", {"type": "audio_in_slide", **config})
    spec = EvaluatorSpec((Check("compare_audios", result, GetterSpec("vm_file", {"path": "~/deck.pptx"})),))
    assert evaluate(spec, backend, None).value == 0.0
