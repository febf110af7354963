"""A part of an application, where it is to be asked, and how."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from agentgym.backends.x11.accessibility.vocabulary import APPLICATION, MANAGES_DESCENDANTS, MENU, SEEN
from agentgym.backends.x11.accessibility.wire import Call

__all__ = ["ATSPI", "Accessible", "Reference", "ask", "bits", "get", "get_all", "short_names"]

ATSPI = "org.a11y.atspi."
_PROPERTIES = "org.freedesktop.DBus.Properties"


class Reference(NamedTuple):
    """Where a part of an application is to be asked."""

    bus_name: str
    path: str


class Accessible(NamedTuple):
    """A part of an application.

    Args:
        path: its object path.
        parent: the path of what it is in; None at the top.
        place: which child it is of its parent, or -1 if it does not say.
        child_count: how many parts it has, or -1 if it does not say.
        interfaces: without the prefix of AT-SPI.
        role: its number in AT-SPI.
        states: a bit for each.
    """

    path: str
    parent: str | None
    place: int
    child_count: int
    interfaces: frozenset[str]
    name: str
    role: int
    states: int

    @property
    def seen(self) -> bool:
        """Whether it is on the screen, as far as it knows itself."""
        return self.states & SEEN == SEEN

    @property
    def opens(self) -> bool:
        """Whether its children are of interest: those of closed menus are, of other hidden parts not."""
        return self.seen or self.role in (APPLICATION, MENU)

    @property
    def manages_descendants(self) -> bool:
        """Whether it makes an object of a child only when asked for it, as tables do."""
        return bool(self.states & MANAGES_DESCENDANTS)


def ask(whom: Reference, interface: str, member: str, signature: str = "", *arguments: str | int) -> Call:
    """A call to a part of an application; the interface is without its prefix."""
    return Call(*whom, ATSPI + interface, member, signature, arguments)


def get(whom: Reference, interface: str, name: str) -> Call:
    return Call(*whom, _PROPERTIES, "Get", "ss", (ATSPI + interface, name))


def get_all(whom: Reference, interface: str) -> Call:
    return Call(*whom, _PROPERTIES, "GetAll", "s", (ATSPI + interface,))


@lru_cache(maxsize=1024)
def short_names(interfaces: Sequence[str]) -> frozenset[str]:
    """The interfaces of AT-SPI among those given, without the prefix."""
    return frozenset(name.removeprefix(ATSPI) for name in interfaces if name.startswith(ATSPI))


def bits(words: Iterable[int]) -> int:
    """A set of states from the 32-bit words that it travels in."""
    return sum(word << 32 * place for place, word in enumerate(words))
