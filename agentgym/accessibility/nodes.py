"""Which parts of an accessibility tree an agent is told of: those that can be read or used, and are on the screen.

The rules are OSWorld's (``mm_agents/accessibility_tree_wrap/heuristic_retrieve.py``, ``judge_node``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

from agentgym.errors import BackendError, UsageError
from agentgym.registry import suggestion

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["Box", "Node", "Platform", "shown_nodes"]

Platform: TypeAlias = Literal["ubuntu", "windows"]
"""Whose names the tree has: those of OSWorld's server on either system."""

Box: TypeAlias = tuple[int, int, int, int]
"""(x, y, width, height) in pixels of the screen."""

_HOST = "https://accessibility.{}.example.org/ns/"
_ENDINGS = (
    *("item", "button", "heading", "label", "scrollbar", "searchbox", "textbox", "link", "tabelement"),
    *("textfield", "textarea", "menu"),
)
_ROLES = frozenset(
    {
        *("alert", "canvas", "check-box", "combo-box", "entry", "icon", "image", "paragraph", "scroll-bar", "section"),
        *("slider", "static", "table-cell", "terminal", "text", "netuiribbontab", "start", "trayclockwclass"),
        *("traydummysearchcontrol", "uiimage", "uiproperty", "uiribboncommandbar"),
    }
)
_USABLE = ("enabled", "editable", "expandable", "checkable")
_PAIR = re.compile(r"\(\s*(-?\d+),\s*(-?\d+)\s*\)")


class Node(NamedTuple):
    """A part of the tree.

    Args:
        role: in the tree's words: ``push-button``.
        text: what stands in it; of an edit field on Windows its value.
        kind: the class, where the tree has one that OSWorld reads.
        position: the upper left corner, as the tree writes it.
        size: width and height, as the tree writes them.
        box: the same as numbers.
    """

    role: str
    name: str
    text: str
    kind: str
    description: str
    position: str
    size: str
    box: Box


def shown_nodes(tree: str, platform: Platform = "ubuntu", *, images: bool = False) -> list[Node]:
    """The parts that an agent is told of, in the tree's order.

    OSWorld looks for class and description of a tree of Ubuntu's where only Windows has them, so that both are empty.

    Args:
        tree: XML in the form of OSWorld's server; empty where there is none.
        images: whether pictures without a name and text are among them.

    Raises:
        BackendError: if the tree is no XML.
        UsageError: if the platform is unknown.
    """
    if platform not in get_args(Platform):
        raise UsageError(f"no platform {platform!r}; {suggestion(str(platform), get_args(Platform))}")
    if not tree:
        return []
    names = _Names(_HOST.format(platform))
    return [node for element in _parsed(tree).iter("*") if (node := names.node(element, platform, images)) is not None]


class _Names:
    """The attributes' names in the namespaces of a platform."""

    def __init__(self, host: str) -> None:
        windows = _HOST.format("windows")
        self._state = f"{{{host}state}}"
        self._corner, self._size = f"{{{host}component}}screencoord", f"{{{host}component}}size"
        self._value = f"{{{host}value}}value"
        self._class, self._description = f"{{{windows}class}}class", f"{{{windows}attributes}}description"
        self._class_of_ubuntu = f"{{{windows}attributes}}class"

    def node(self, element: etree._Element, platform: Platform, images: bool) -> Node | None:
        """The node of an element; None if it is not shown."""
        role = str(element.tag)
        if not (role.startswith("document") or role.endswith(_ENDINGS) or role in _ROLES):
            return None
        if not self._is_usable(element, platform):
            return None
        name = element.get("name", "")
        if not (name or element.text or (images and element.get("image") == "true")):
            return None
        position, size = element.get(self._corner, ""), element.get(self._size, "")
        corner, extent = _PAIR.fullmatch(position), _PAIR.fullmatch(size)
        if corner is None or extent is None:
            return None
        x, y, width, height = (int(number) for number in (*corner.groups(), *extent.groups()))
        if x < 0 or y < 0 or width <= 0 or height <= 0:
            return None
        kind = element.get(self._class_of_ubuntu if platform == "ubuntu" else self._class, "")
        description = element.get(self._description, "")
        return Node(role, name, self._text(element), kind, description, position, size, (x, y, width, height))

    def _is_usable(self, element: etree._Element, platform: Platform) -> bool:
        seen = ("visible", "showing") if platform == "ubuntu" else ("visible",)
        if not all(self._has(element, state) for state in seen):
            return False
        return any(self._has(element, state) for state in _USABLE)

    def _has(self, element: etree._Element, state: str) -> bool:
        return element.get(self._state + state) == "true"

    def _text(self, element: etree._Element) -> str:
        if element.text:
            return str(element.text)
        is_edit = element.get(self._class, "").endswith("EditWrapper")
        return element.get(self._value, "") if is_edit else ""


def _parsed(tree: str) -> etree._Element:
    from lxml import etree

    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(tree.encode(), parser)
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise BackendError(f"the accessibility tree is no XML: {error}", kind="machine") from error
