"""Puts the parts of an application where they are, where it says another place.

LibreOffice (7.4, with GTK 3) forgets the menu bar, which is GTK's: it says of all that it draws itself that it is
higher up by that much. What is GTK's around it and inside of it knows its place.
"""

from __future__ import annotations

from agentgym.backends.x11.accessibility.markup import Element

__all__ = ["placed"]

_Shift = tuple[int, int]


def placed(element: Element) -> Element:
    """The same parts; those of a root pane that says another place than the panel which it fills, in that panel."""
    children = [_in_panel(child, element) if child.role == "root pane" else placed(child) for child in element.children]
    return element._replace(children=children)


def _in_panel(pane: Element, panel: Element) -> Element:
    if pane.extents is None or panel.extents is None or pane.extents[2:] != panel.extents[2:]:
        return placed(pane)
    shift = panel.extents[0] - pane.extents[0], panel.extents[1] - pane.extents[1]
    return placed(pane) if shift == (0, 0) else _moved(pane, shift)


def _moved(element: Element, shift: _Shift) -> Element:
    if element.attributes.get("toolkit") == "gtk":
        return placed(element)
    if element.role == "menu bar" and element.extents is not None and not element.extents[3]:
        # It stands for GTK's, and lies below it with no height.
        return element
    children = [_moved(child, shift) for child in element.children]
    if element.extents is None:
        return element._replace(children=children)
    x, y, width, height = element.extents
    return element._replace(children=children, extents=(x + shift[0], y + shift[1], width, height))
