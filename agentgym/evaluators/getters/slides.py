"""Getters of what a slide shows or plays, out of the presentation or from beside it."""

from __future__ import annotations

import io
import posixpath
import zipfile
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import msgspec
from lxml import etree

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.files import read_file
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import Fetched, getters
from agentgym.evaluators.metrics.damaged import unless_damaged

__all__: list[str] = []

_SLIDES = "ppt/slides"
_BACKGROUND = "{http://schemas.openxmlformats.org/presentationml/2006/main}bgPr"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/main}blip"
_EMBEDDED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_FILE = "file://"

_MOST_BYTES = 256 << 20
"""What a part of a presentation may hold; what is small packed may be huge."""


class Slide(msgspec.Struct):
    """A slide.

    Args:
        ppt_file_path: where the presentation is.
        slide_index: the slide's number, from 0, in the names of the presentation's parts.
        dest: the name under which the metric sees the file, if it lies beside the presentation; it has its own in it.
    """

    ppt_file_path: str
    slide_index: int
    dest: str


@getters.register("audio_in_slide")
def audio_in_slide(backend: Backend, config: dict[str, Any]) -> Fetched | None:
    """The first sound of a slide, from within the presentation or the file that it names; None if there is none.

    Raises:
        FileNotFoundError: if there is no such presentation, or not the file that it names.
    """
    package = _package(backend, config)
    related = _related(package, config)
    target = next((target for _, kind, target in related if "audio" in kind), None)
    return None if target is None else _media(backend, package, target, config["dest"])


@getters.register("background_image_in_slide")
def background_image_in_slide(backend: Backend, config: dict[str, Any]) -> Fetched | None:
    """The picture that is a slide's background, as `audio_in_slide` gives a sound; None if there is none.

    Raises:
        FileNotFoundError: if there is no such presentation, or not the file that it names.
    """
    package = _package(backend, config)
    slide = _part(package, f"{_SLIDES}/slide{_number(config)}.xml")
    if slide is None:
        return None
    pictures = (picture.get(_EMBEDDED) for ground in slide.iter(_BACKGROUND) for picture in ground.iter(_PICTURE))
    wanted = next((name for name in pictures if name is not None), None)
    related = _related(package, config)
    target = next((target for name, kind, target in related if "image" in kind and name == wanted), None)
    return None if target is None else _media(backend, package, target, config["dest"])


def _package(backend: Backend, config: dict[str, Any]) -> zipfile.ZipFile:
    content = read_file(backend, config["ppt_file_path"])
    package = unless_damaged(lambda: zipfile.ZipFile(io.BytesIO(content)))
    if package is None:
        raise FileNotFoundError(f"what lies at {config['ppt_file_path']!r} is no presentation")
    return package


def _number(config: dict[str, Any]) -> int:
    return int(config["slide_index"]) + 1


def _related(package: zipfile.ZipFile, config: dict[str, Any]) -> list[tuple[str | None, str, str]]:
    """What a slide refers to: name, kind and where it is."""
    part = _part(package, f"{_SLIDES}/_rels/slide{_number(config)}.xml.rels")
    found = [] if part is None else part.iter(_RELATIONSHIP)
    return [(one.get("Id"), one.get("Type", ""), one.get("Target", "")) for one in found]


def _part(package: zipfile.ZipFile, name: str) -> etree._Element | None:
    if name not in package.namelist():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return unless_damaged(lambda: etree.fromstring(_read(package, name), parser))


def _media(backend: Backend, package: zipfile.ZipFile, target: str, dest: str) -> Fetched:
    if target.startswith(_FILE):
        return Fetched(dest, read_file(backend, unquote(target.removeprefix(_FILE))))
    # Mostly `../media/image1.png`; some programs write `/ppt/media/image1.png`.
    name = posixpath.normpath(posixpath.join("/", _SLIDES, target.replace("\\", "/"))).lstrip("/")
    content = unless_damaged(lambda: _read(package, name))
    if content is None:
        raise FileNotFoundError(f"the slide names {target!r}, which is not in the presentation")
    return Fetched(PurePosixPath(name).name, content)


def _read(package: zipfile.ZipFile, name: str) -> bytes:
    if package.getinfo(name).file_size > _MOST_BYTES:
        raise ValueError(f"{name} holds more than {_MOST_BYTES >> 20} MB")
    return package.read(name)


getter_forms.register("audio_in_slide", Slide)
getter_forms.register("background_image_in_slide", Slide)
