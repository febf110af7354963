"""What an application keeps ready about its parts: the reply of ``org.a11y.atspi.Cache.GetItems``.

That reply is nine tenths of all that is read, so the form of it that all but Qt 5 give is decoded by hand here, in a
fifth of the time that `agentgym.backends.x11.accessibility.wire.decode` takes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from agentgym.backends.x11.accessibility.accessible import Accessible, bits, short_names
from agentgym.backends.x11.accessibility.wire import Reply, WireError, unpacked_strings

__all__ = ["read_cache"]

_ITEMS = "a((so)(so)(so)iiassusau)"
_ITEMS_OF_QT5 = "a((so)(so)(so)a(so)assusau)"

_length = struct.Struct("=I").unpack_from
_numbers = struct.Struct("=ii").unpack_from
_states = struct.Struct("=III").unpack_from


def read_cache(reply: Reply, bus_name: str) -> dict[str, Accessible]:
    """The parts of an application by path; none if it keeps none.

    Raises:
        WireError: if the reply is malformed.
    """
    if reply.error or reply.signature not in (_ITEMS, _ITEMS_OF_QT5):
        return {}
    if reply.signature == _ITEMS_OF_QT5:
        return _read_old_items(reply.values()[0], bus_name)
    try:
        return _read_items(reply.body, bus_name.encode())
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise WireError(f"a cache that cannot be read: {error}") from error


def _read_items(body: bytes, bus_name: bytes) -> dict[str, Accessible]:
    items = {}
    at = 8
    end = at + _length(body, 0)[0]
    while at < end:
        at += -at % 8
        _, path, at = _read_reference(body, at)
        _, _, at = _read_reference(body, at)
        owner, parent, at = _read_reference(body, at)
        place, child_count = _numbers(body, at)
        size = _length(body, at + 8)[0]
        interfaces = short_names(unpacked_strings(body[at + 12 : at + 12 + size]))
        at += 12 + size
        name, at = _read_string(body, at + -at % 4)
        role = _length(body, at)[0]
        # The description, of which OSWorld's tree has nothing.
        at += 8 + _length(body, at + 4)[0] + 1
        at += -at % 4
        words, low, high = _states(body, at)
        at += 4 + words
        above = parent.decode() if owner == bus_name else None
        part = Accessible(path.decode(), above, place, child_count, interfaces, name, role, low | high << 32)
        items[part.path] = part
    return items


def _read_reference(body: bytes, at: int) -> tuple[bytes, bytes, int]:
    """The two strings of a reference that begins at or after a place, and the place where it ends, made even."""
    at += -at % 8
    middle = at + 4 + _length(body, at)[0]
    name = body[at + 4 : middle]
    middle += 4 - middle % 4
    end = middle + 4 + _length(body, middle)[0]
    path = body[middle + 4 : end]
    return name, path, end + 4 - end % 4


def _read_string(body: bytes, at: int) -> tuple[str, int]:
    end = at + 4 + _length(body, at)[0]
    return body[at + 4 : end].decode(), end + 4 - end % 4


def _read_old_items(rows: Iterable[Any], bus_name: str) -> dict[str, Accessible]:
    """The form from before at-spi2-core 2.15, which lists children instead of counting them."""
    rows = list(rows)
    places: Mapping[str, int] = {child[1]: place for row in rows for place, child in enumerate(row[3])}
    items = {}
    for (_, path), _, (owner, parent), children, interfaces, name, role, _, words in rows:
        above = parent if owner == bus_name else None
        supported = short_names(tuple(interfaces))
        items[path] = Accessible(path, above, places.get(path, -1), len(children), supported, name, role, bits(words))
    return items
