"""Reads one application: what it keeps ready of itself, what is missing there, and more of what is on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.backends.x11.accessibility.accessible import Accessible, Reference, ask, get
from agentgym.backends.x11.accessibility.bus import Asking, value_of
from agentgym.backends.x11.accessibility.cache import read_cache
from agentgym.backends.x11.accessibility.details import look_closer
from agentgym.backends.x11.accessibility.family import Family
from agentgym.backends.x11.accessibility.learning import learn
from agentgym.backends.x11.accessibility.markup import DEEPEST, WIDEST, Element
from agentgym.backends.x11.accessibility.placing import placed
from agentgym.backends.x11.accessibility.tables import Box, KnownCells, parts_of, visible_cells

__all__ = ["NO_REPLY", "read_application", "read_parts"]

_MOST_PARTS = 20_000
NO_REPLY = "org.freedesktop.DBus.Error.NoReply"
"""What the bus says for someone who left without an answer."""

_GONE = frozenset((NO_REPLY, "org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.ServiceUnknown"))


def read_application(root: Reference, screen: tuple[int, int], known: KnownCells) -> Asking[Element | None]:
    """The application with all that it has, or None if it has gone.

    One that does not answer is an element without name and children.

    Args:
        root: the application itself.
        screen: (width, height) in pixels; cells of tables that lie outside are left out.
        known: see `agentgym.backends.x11.accessibility.tables.visible_cells`.
    """
    parts = yield from read_parts(root)
    if parts is None:
        return None
    if root.path not in parts:
        return Element("application")
    family = Family(root.path, parts)
    yield from _complete(family, root.bus_name, (0, 0, *screen), known)
    seen = [part for part in family.settle() if part.seen]
    details = yield from look_closer(root.bus_name, seen)
    return placed(family.element(details))


def read_parts(root: Reference) -> Asking[dict[str, Accessible] | None]:
    """What an application keeps ready of itself, by path; none if it does not answer; None if it has gone."""
    (reply,) = yield [ask(Reference(root.bus_name, "/org/a11y/atspi/cache"), "Cache", "GetItems")]
    if reply is None:
        return {}
    if reply.error in _GONE:
        return None
    parts = read_cache(reply, root.bus_name)
    if root.path not in parts:
        parts |= {part.path: part for part in (yield from learn(root.bus_name, [root.path]))}
    return parts


def _complete(family: Family, bus_name: str, screen: Box, known: KnownCells) -> Asking[None]:
    """Asks for the children that are not known, and for theirs."""
    uncertain = family.uncertain()
    for _ in range(DEEPEST):
        cells: list[Accessible] = []
        children = yield from _children(uncertain, bus_name, screen, known, cells)
        family.learn(cells)
        wanted = [path for _, paths in children for path in paths]
        learned = yield from learn(bus_name, family.strangers(wanted)[:_MOST_PARTS])
        family.learn(learned)
        for part, paths in children:
            family.adopt(part, paths)
        uncertain = [part for part in (*cells, *learned) if part.opens and part.child_count]
        if not uncertain or len(family) > _MOST_PARTS:
            return


def _children(
    parents: Sequence[Accessible], bus_name: str, screen: Box, known: KnownCells, cells: list[Accessible]
) -> Asking[list[tuple[Accessible, list[str]]]]:
    """The paths of the children of each, in order; those with too many are left out.

    Args:
        cells: takes up what is known of some of them by then.
    """
    tables = [part for part in parents if part.manages_descendants and "Table" in part.interfaces]
    others = yield from _with_few_children([part for part in parents if part not in tables], bus_name)
    answers = yield [ask(Reference(bus_name, part.path), "Accessible", "GetChildren") for part in others]
    children = [
        (part, parts_of(Reference(bus_name, part.path), value_of(answer) or ()))
        for part, answer in zip(others, answers, strict=True)
    ]
    for part in tables:
        table = Reference(bus_name, part.path)
        (extents,) = yield [ask(table, "Component", "GetExtents", "u", 0)]
        box = _clipped(value_of(extents) or (0, 0, 0, 0), screen)
        paths, of_sheet = yield from visible_cells(table, box, known)
        children.append((part, paths))
        cells += of_sheet
    return children


def _with_few_children(parts: Sequence[Accessible], bus_name: str) -> Asking[list[Accessible]]:
    """Those of the parts that can be asked for all their children at once."""
    managing = [part for part in parts if part.manages_descendants]
    answers = yield [get(Reference(bus_name, part.path), "Accessible", "ChildCount") for part in managing]
    counts = {part.path: value_of(answer) for part, answer in zip(managing, answers, strict=True)}
    return [part for part in parts if (counts.get(part.path, part.child_count) or 0) <= WIDEST]


def _clipped(box: Box, screen: Box) -> Box:
    left, top = max(0, box[0]), max(0, box[1])
    return left, top, min(box[0] + box[2], screen[2]) - left, min(box[1] + box[3], screen[3]) - top
