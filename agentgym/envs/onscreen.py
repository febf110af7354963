"""What is on a desktop's screen, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from agentgym.actions.quoting import cut
from agentgym.backends.base import Backend, Window

__all__ = ["OnScreen", "on_screen"]

_STATE = "{https://accessibility.ubuntu.example.org/ns/state}"
_COMPONENT = "{https://accessibility.ubuntu.example.org/ns/component}"
_MOST_WINDOWS = 20


@dataclass(frozen=True)
class OnScreen:
    """The same in a line, and in several."""

    summary: str
    text: str


def on_screen(machine: Backend, observation: Any) -> OnScreen:
    """The windows that there are, and what has the focus, as far as the accessibility tree was observed."""
    width, height = machine.screen
    windows = machine.windows()
    active = next((one.title for one in windows if one.active), None)
    said = f"{width}x{height} pixels, {len(windows)} window{'' if len(windows) == 1 else 's'}"
    summary = said if active is None else f"{said}, active {cut(active)!r}"
    lines = [f"The screen has {said}{', the lowest first:' if windows else '.'}"]
    lines += [_line(one) for one in windows[-_MOST_WINDOWS:]]
    if (focused := _focused(observation)) is not None:
        lines.append(f"The focus is on {focused}.")
    return OnScreen(summary, "\n".join(lines))


def _line(window: Window) -> str:
    where = f"{window.width}x{window.height} at ({window.x}, {window.y})"
    return f"- {cut(window.title)!r} of {cut(window.app_class)!r}, {where}{', active' if window.active else ''}"


def _focused(observation: Any) -> str | None:
    """What the accessibility tree says of the innermost element that has the focus."""
    tree = observation.get("accessibility_tree") if isinstance(observation, dict) else None
    if not tree:
        return None
    try:
        root = etree.fromstring(tree.encode())
    except etree.XMLSyntaxError:
        # Not of the form that machines with a desktop show.
        return None
    found = [one for one in root.iter(etree.Element) if one.get(f"{_STATE}focused") == "true"]
    if not found:
        return None
    role, name = str(found[-1].tag), found[-1].get("name") or ""
    where = found[-1].get(f"{_COMPONENT}screencoord")
    return f"{role} {cut(name)!r}{f' at {where}' if where else ''}"
