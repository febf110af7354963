"""Walks the accessibility tree as OSWorld's server does, through `gi`; prints JSON, or some for each line read.

Run by the system's Python, which has ``python3-gi`` and ``gir1.2-atspi-2.0``; knows nothing of AgentGym.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 - the version comes first

warnings.simplefilter("ignore", DeprecationWarning)
_DEEPEST = 50
_WIDEST = 1024
_TOO_MANY_CELLS = 100_000
_COLUMNS = 16384
"""Of a spreadsheet, since LibreOffice 7.4."""

_FARTHEST = 500
"""The rows and columns in which the server looks for the first cell that shows."""


def _states(node: Any) -> list[str]:
    return [state.value_name.removeprefix("ATSPI_STATE_").lower() for state in node.get_state_set().get_states()]


def _fields(node: Any, states: list[str]) -> dict[str, Any]:
    interfaces = node.get_interfaces()
    fields: dict[str, Any] = {"attributes": node.get_attributes()}
    if "visible" in states and "showing" in states and "Component" in interfaces:
        box = node.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
        fields["extents"] = [box.x, box.y, box.width, box.height]
    if "Text" in interfaces:
        text = node.get_text_iface()
        fields["text"] = Atspi.Text.get_text(text, 0, Atspi.Text.get_character_count(text))
    if "Value" in interfaces:
        value = node.get_value_iface()
        bounds = value.get_minimum_value(), value.get_maximum_value(), value.get_minimum_increment()
        fields["values"] = [value.get_current_value(), *bounds]
    if "Action" in interfaces:
        does = node.get_action_iface()
        fields["actions"] = [
            [does.get_action_name(number), does.get_action_description(number), does.get_key_binding(number)]
            for number in range(does.get_n_actions())
        ]
    return fields


def _walk(node: Any, depth: int, in_sheet: bool = False) -> dict[str, Any]:
    states = _states(node)
    found = {"role": node.get_role_name(), "name": node.get_name(), "states": states, **_fields(node, states)}
    found["children"] = []
    in_sheet = in_sheet or found["role"] == "document spreadsheet"
    if in_sheet and found["role"] == "table":
        found["children"] = [_walk(cell, depth + 1, in_sheet) for cell in _showing_cells(node)]
        return found
    count = node.get_child_count()
    if depth == _DEEPEST or count > _TOO_MANY_CELLS:
        return found
    for place in range(min(count, _WIDEST)):
        try:
            child = node.get_child_at_index(place)
            if child is not None:
                found["children"].append(_walk(child, depth + 1, in_sheet))
        except GLib.Error:
            continue
    return found


def _walk_all() -> list[dict[str, Any]]:
    desktop = Atspi.get_desktop(0)
    return [_walk(desktop.get_child_at_index(place), 1) for place in range(desktop.get_child_count())]


def _showing_cells(table: Any) -> Iterator[Any]:
    """The cells on the screen, looked for as the server does: along each row, up to the first that does not show."""
    first = None
    row = 0
    while first is not None or row < _FARTHEST:
        found = False
        for column in range(first or 0, _COLUMNS):
            cell = table.get_child_at_index(row * _COLUMNS + column)
            if cell.get_state_set().contains(Atspi.StateType.SHOWING):
                first, found = column if first is None else first, True
                yield cell
            elif first is not None or column >= _FARTHEST:
                break
        if first is not None and not found:
            return
        row += 1


def main(repetitions: int) -> None:
    Atspi.init()
    seconds = []
    applications: list[dict[str, Any]] = []
    for _ in range(repetitions):
        started = time.perf_counter()
        applications = _walk_all()
        seconds.append(time.perf_counter() - started)
    json.dump({"seconds": seconds, "applications": applications}, sys.stdout)


def serve() -> None:
    """A tree, as one line of JSON, for each line that is read."""
    Atspi.init()
    for _ in sys.stdin:
        print(json.dumps(_walk_all()), flush=True)


if sys.argv[1] == "serve":
    serve()
else:
    main(int(sys.argv[1]))
