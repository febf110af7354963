"""What the widgets of an application say of themselves, as the XML of x11's accessibility tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAccessibleTextInterface, QAccessibleValueInterface
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from agentgym.backends.x11.accessibility.markup import DEEPEST, WIDEST, Element, to_xml

__all__ = ["tree"]

_Role = QAccessible.Role
# AT-SPI's words for Qt's roles, as Qt's own bridge to AT-SPI says them.
_ROLES: Mapping[QAccessible.Role, str] = {
    _Role.Button: "push button",
    _Role.ButtonMenu: "push button",
    _Role.ButtonDropDown: "push button",
    _Role.CheckBox: "check box",
    _Role.RadioButton: "radio button",
    _Role.ComboBox: "combo box",
    _Role.EditableText: "text",
    _Role.StaticText: "label",
    _Role.List: "list",
    _Role.ListItem: "list item",
    _Role.Tree: "tree",
    _Role.TreeItem: "tree item",
    _Role.Table: "table",
    _Role.Cell: "table cell",
    _Role.Row: "table row",
    _Role.ColumnHeader: "table column header",
    _Role.RowHeader: "table row header",
    _Role.PageTab: "page tab",
    _Role.PageTabList: "page tab list",
    _Role.MenuBar: "menu bar",
    _Role.MenuItem: "menu item",
    _Role.PopupMenu: "popup menu",
    _Role.Slider: "slider",
    _Role.SpinBox: "spin button",
    _Role.ProgressBar: "progress bar",
    _Role.ScrollBar: "scroll bar",
    _Role.Grouping: "panel",
    _Role.Client: "filler",
    _Role.Pane: "panel",
    _Role.LayeredPane: "layered pane",
    _Role.Link: "link",
    _Role.Dialog: "dialog",
    _Role.AlertMessage: "alert",
    _Role.Window: "frame",
    _Role.Graphic: "image",
    _Role.Document: "document frame",
    _Role.WebDocument: "document web",
    _Role.Paragraph: "paragraph",
    _Role.Heading: "heading",
    _Role.Splitter: "split pane",
    _Role.Separator: "separator",
    _Role.StatusBar: "status bar",
    _Role.TitleBar: "title bar",
    _Role.ToolBar: "tool bar",
    _Role.ToolTip: "tool tip",
    _Role.Dial: "dial",
    _Role.Canvas: "canvas",
    _Role.Form: "form",
    _Role.Terminal: "terminal",
    _Role.Chart: "chart",
}
_FLAGS = {
    "checked": "checked",
    "expanded": "expanded",
    "focusable": "focusable",
    "focused": "focused",
    "checkable": "checkable",
    "selectable": "selectable",
    "selected": "selected",
    "editable": "editable",
    "multiLine": "multi_line",
    "modal": "modal",
    "pressed": "pressed",
    "checkStateMixed": "indeterminate",
    "readOnly": "read_only",
    "defaultButton": "is_default",
    "hasPopup": "has_popup",
    "active": "active",
}


def tree(windows: Sequence[QWidget], origin: QPoint, active: QWidget | None) -> str:
    """The tree of an application's windows, the lowest first.

    Args:
        windows: of one environment.
        origin: of its screen among Qt's.
        active: the window that has the keyboard.
    """
    frames = []
    for window in windows:
        # Menus and lists that pop up are told of where they belong, as far as they belong somewhere.
        # (PySide6 6.12.0 declares a widget deleted that `QAccessibleInterface.object` gave, so nobody asks for that.)
        if not _is_told_elsewhere(window):
            interface = QAccessible.queryAccessibleInterface(window)
            frames.append(_framed(_element(interface, origin, 2), window, is_active=window is active))
    return to_xml([Element("application", "agentgym-app", children=frames)] if frames else [])


def _is_told_elsewhere(window: QWidget) -> bool:
    """Whether a pop-up is told of as a part of what it belongs to."""
    if isinstance(window, QMenu):
        return any(isinstance(owner, QMenuBar | QMenu) for owner in window.menuAction().associatedObjects())
    return window.metaObject().className() == "QComboBoxPrivateContainer"


def _framed(element: Element, window: QWidget, *, is_active: bool) -> Element:
    states = [state for state in element.states if state != "active"]
    role = "frame" if element.role == "filler" else element.role
    name = element.name or window.windowTitle()
    return element._replace(role=role, name=name, states=["active", *states] if is_active else states)


def _element(interface: QAccessibleInterface, origin: QPoint, depth: int, *, is_around_seen: bool = True) -> Element:
    state: Any = interface.state()
    # What is in a closed menu or list says nothing of that itself.
    place = interface.rect()
    is_seen = is_around_seen and not state.invisible and not place.isEmpty()
    element = Element(
        _role(interface),
        interface.text(QAccessible.Text.Name),
        tuple(_states(state, is_seen=is_seen)),
        children=_children(interface, origin, depth, is_seen=is_seen),
    )
    if not is_seen:
        # As x11's: what is not showing has role, name and states.
        return element
    extents = (place.x() - origin.x(), place.y() - origin.y(), place.width(), place.height())
    return element._replace(extents=extents, values=_values(interface), text=_text(interface))


def _role(interface: QAccessibleInterface) -> str:
    role = interface.role()
    state: Any = interface.state()
    if role == _Role.EditableText and state.passwordEdit:
        return "password text"
    if role == _Role.Button and state.checkable:
        return "toggle button"
    if role == _Role.MenuItem and state.checkable:
        return "check menu item"
    if role == _Role.MenuItem and interface.childCount():
        return "menu"
    return _ROLES.get(role, "unknown")


def _children(interface: QAccessibleInterface, origin: QPoint, depth: int, *, is_seen: bool) -> list[Element]:
    if depth >= DEEPEST:
        return []
    children = (interface.child(number) for number in range(min(interface.childCount(), WIDEST)))
    # Of a list that scrolls there may be entries which have no widget yet.
    found = (cast("QAccessibleInterface | None", child) for child in children)
    return [
        _element(child, origin, depth + 1, is_around_seen=is_seen)
        for child in found
        if child is not None and child.isValid()
    ]


def _values(interface: QAccessibleInterface) -> dict[str, float]:
    value: QAccessibleValueInterface | None = interface.valueInterface()
    if value is None:
        return {}
    found = {
        "value": value.currentValue(),
        "min": value.minimumValue(),
        "max": value.maximumValue(),
        "step": value.minimumStepSize(),
    }
    return {name: float(number) for name, number in found.items() if isinstance(number, int | float)}


def _text(interface: QAccessibleInterface) -> str:
    texts: QAccessibleTextInterface | None = interface.textInterface()
    if texts is not None:
        return str(texts.text(0, texts.characterCount()))
    return interface.text(QAccessible.Text.Value) if interface.role() == _Role.ComboBox else ""


def _states(state: Any, *, is_seen: bool) -> Iterator[str]:
    if not state.disabled:
        yield from ("enabled", "sensitive")
    if is_seen:
        yield from ("visible",) if state.offscreen else ("showing", "visible")
    for flag, name in _FLAGS.items():
        if getattr(state, flag):
            yield name
