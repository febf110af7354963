"""The accessibility tree as XML, in the form that OSWorld's server gives (``desktop_env/server/main.py``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["DEEPEST", "WIDEST", "Element", "to_xml"]

_NAMESPACE = "https://accessibility.ubuntu.example.org/ns/"
_PREFIXES = {
    "st": "state",
    "attr": "attributes",
    "cp": "component",
    "doc": "document",
    "docattr": "document/attributes",
    "txt": "text",
    "val": "value",
    "act": "action",
}
DEEPEST = 50
"""How many levels OSWorld's tree has below the desktop."""

WIDEST = 1024
"""How many children a part has at most there."""

# What has to be escaped, and what XML 1.0 does not allow in any form.
_REMARKABLE = re.compile('[&<>"\t\n\r]|[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
_NO_NAME = re.compile(r"[^\w.\-]", re.ASCII)
_VALUE_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_TEXT_ESCAPES = _VALUE_ESCAPES | {'"': '"', "\t": "\t", "\n": "\n"}


class Element(NamedTuple):
    """What an application says about one of its parts.

    Args:
        role: in AT-SPI's words, with blanks.
        states: names of the states that hold.
        extents: (x, y, width, height) in pixels of the screen; None for what is not to be seen.
        values: of ``value``, ``min``, ``max`` and ``step``, those that there are.
        actions: (name, description, key binding) of each.
    """

    role: str
    name: str = ""
    states: Sequence[str] = ()
    attributes: Mapping[str, str] = {}
    extents: tuple[int, int, int, int] | None = None
    image: bool = False
    selection: bool = False
    values: Mapping[str, float] = {}
    actions: Sequence[tuple[str, str, str]] = ()
    text: str = ""
    children: Sequence[Element] = ()


def to_xml(applications: Sequence[Element]) -> str:
    """The desktop with its applications in the order given. Parts deeper or further right than OSWorld's limits go."""
    namespaces = "".join(f' xmlns:{prefix}="{_NAMESPACE}{name}"' for prefix, name in _PREFIXES.items())
    if not applications:
        return f"<desktop-frame{namespaces}/>"
    pieces = [f"<desktop-frame{namespaces}>"]
    for application in applications:
        _write(application, 1, pieces)
    return "".join([*pieces, "</desktop-frame>"])


def _write(element: Element, depth: int, pieces: list[str]) -> None:
    tag = _tag(element.role)
    attributes = "".join([f' {name}="{_value(value)}"' for name, value in _attributes(element).items()])
    text = _text(element.text)
    children = element.children[:WIDEST] if depth < DEEPEST else ()
    if not text and not children:
        pieces.append(f"<{tag}{attributes}/>")
        return
    pieces.append(f"<{tag}{attributes}>{text}")
    for child in children:
        _write(child, depth + 1, pieces)
    pieces.append(f"</{tag}>")


def _attributes(element: Element) -> dict[str, str]:
    attributes = {"name": element.name, **_states(tuple(element.states))}
    attributes |= {f"attr:{_local_name(name)}": value for name, value in element.attributes.items() if name}
    if element.extents is not None:
        x, y, width, height = element.extents
        attributes |= {"cp:screencoord": f"({x}, {y})", "cp:size": f"({width}, {height})"}
    if element.image:
        attributes["image"] = "true"
    if element.selection:
        attributes["selection"] = "true"
    attributes |= {f"val:{name}": str(value) for name, value in element.values.items()}
    attributes.update(_actions(element.actions))
    return attributes


@lru_cache(maxsize=1024)
def _states(names: Sequence[str]) -> Mapping[str, str]:
    return {f"st:{name}": "true" for name in names}


def _actions(actions: Sequence[tuple[str, str, str]]) -> Iterable[tuple[str, str]]:
    for name, description, key_binding in actions:
        yield f"act:{_local_name(name + '_desc')}", description
        yield f"act:{_local_name(name + '_kb')}", key_binding


@lru_cache(maxsize=1024)
def _tag(role: str) -> str:
    return _local_name(role.strip() or "unknown")


@lru_cache(maxsize=1024)
def _local_name(name: str) -> str:
    """A name that XML allows, the same as what was given where possible."""
    allowed = _NO_NAME.sub("-", name)
    return allowed if allowed[:1].isalpha() or allowed.startswith("_") else f"_{allowed}"


def _value(value: str) -> str:
    return _escaped(value, _VALUE_ESCAPES)


def _text(text: str) -> str:
    # OSWorld takes out what stands in a text for objects and unknown characters.
    return _escaped(text.replace("\ufffc", "").replace("\ufffd", ""), _TEXT_ESCAPES)


def _escaped(text: str, escapes: Mapping[str, str]) -> str:
    return _REMARKABLE.sub(lambda found: escapes.get(found[0], ""), text) if _REMARKABLE.search(text) else text
