"""Reads an accessibility bus: the tree of all applications, and the text of a terminal."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import TypeVar

from agentgym.backends.x11.accessibility.accessible import Accessible, Reference, ask
from agentgym.backends.x11.accessibility.bus import Asking, Bus, converse, value_of
from agentgym.backends.x11.accessibility.markup import Element, to_xml
from agentgym.backends.x11.accessibility.reading import NO_REPLY, read_application, read_parts
from agentgym.backends.x11.accessibility.tables import KnownCells
from agentgym.backends.x11.accessibility.vocabulary import FOCUSED, TERMINAL
from agentgym.backends.x11.accessibility.wire import Call, Reply
from agentgym.errors import BackendError

__all__ = ["AccessibilityClient"]

T = TypeVar("T")

_REGISTRY = "org.a11y.atspi.Registry"
_DESKTOP = Reference(_REGISTRY, "/org/a11y/atspi/accessible/root")

_RARE_EVENT = "document:load-stopped"
"""GTK 3 keeps its parts ready only while someone wants events; any will do, and this one hardly ever comes."""


class AccessibilityClient:
    """A reader of an accessibility bus, used from one thread at a time. It connects when it is first asked.

    Args:
        connect: gives a fresh connected stream socket to the bus, which then belongs to the client.
        patience_s: how long an application that does not answer is waited for.
    """

    def __init__(self, connect: Callable[[], socket.socket], *, patience_s: float = 2.0) -> None:
        self._connect = connect
        self._patience_s = patience_s
        self._bus: Bus | None = None
        self._registered_with = ""
        self._names: dict[str, str] = {}
        self._cells: KnownCells = {}

    def tree(self, screen: tuple[int, int]) -> str:
        """The tree of all applications as XML, in the form that OSWorld's server gives.

        Applications are in the order of their names, then of their age. One that does not answer is there without
        children; one that ends meanwhile is not.

        Args:
            screen: (width, height) in pixels; cells of tables that lie outside are left out.

        Raises:
            BackendError: if the bus is gone.
        """
        roots = self._applications()
        elements = self._converse([read_application(root, screen, self._cells) for root in roots])
        found = [(root.bus_name, element) for root, element in zip(roots, elements, strict=True) if element]
        named = [(bus_name, self._with_known_name(bus_name, element)) for bus_name, element in found]
        named.sort(key=lambda pair: (pair[1].name, _age(pair[0])))
        self._names = {bus_name: element.name for bus_name, element in named}
        self._cells = {table: cells for table, cells in self._cells.items() if table.bus_name in self._names}
        return to_xml([element for _, element in named])

    def focused_terminal(self) -> str:
        """What the terminal with the focus shows, or else the only terminal; empty if there is none.

        Raises:
            BackendError: if the bus is gone.
        """
        found = self._converse([_terminals(root) for root in self._applications()])
        terminals = [terminal for those in found for terminal in those]
        chosen = [whom for whom, part in terminals if part.states & FOCUSED] or [whom for whom, _ in terminals]
        if len(chosen) != 1:
            return ""
        (text,) = self._converse([_text(chosen[0])])
        return text.rstrip()

    def close(self) -> None:
        """Closes the connection; the next question opens another. May be called twice."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _applications(self) -> list[Reference]:
        """The applications on the bus. Makes sure that they keep their parts ready."""
        reply = self._children_of_the_desktop()
        if reply.sender != self._registered_with:
            # A registry that was started anew has forgotten us.
            registry = Reference(_REGISTRY, "/org/a11y/atspi/registry")
            self._ask(ask(registry, "Registry", "RegisterEvent", "s", _RARE_EVENT))
            self._registered_with = reply.sender
        return [Reference(*reference) for reference in value_of(reply) or ()]

    def _children_of_the_desktop(self) -> Reply:
        question = ask(_DESKTOP, "Accessible", "GetChildren")
        reply = self._ask(question)
        if reply is not None and reply.error == NO_REPLY:
            # The registry died over it; the bus starts another for the next call.
            reply = self._ask(question)
        if reply is None or reply.error:
            reason = "it does not answer" if reply is None else reply.error
            raise BackendError(f"no registry on the accessibility bus: {reason}", kind="machine")
        return reply

    def _ask(self, call: Call) -> Reply | None:
        return self._converse([_asking(call)])[0]

    def _converse(self, askings: Sequence[Asking[T]]) -> list[T]:
        if self._bus is None:
            self._bus = Bus(self._connected(), patience_s=self._patience_s)
            self._registered_with = ""
            self._cells = {}
        try:
            return converse(self._bus, askings)
        except BackendError:
            self.close()
            raise

    def _connected(self) -> socket.socket:
        try:
            return self._connect()
        except OSError as error:
            raise BackendError(f"cannot connect to the accessibility bus: {error}", kind="machine") from error

    def _with_known_name(self, bus_name: str, element: Element) -> Element:
        return element if element.name else element._replace(name=self._names.get(bus_name, ""))


def _asking(call: Call) -> Asking[Reply | None]:
    return (yield [call])[0]


def _terminals(root: Reference) -> Asking[list[tuple[Reference, Accessible]]]:
    parts = (yield from read_parts(root)) or {}
    seen = [part for part in parts.values() if part.role == TERMINAL and part.seen]
    return [(Reference(root.bus_name, part.path), part) for part in seen]


def _text(terminal: Reference) -> Asking[str]:
    (answer,) = yield [ask(terminal, "Text", "GetText", "ii", 0, -1)]
    return value_of(answer) or ""


def _age(bus_name: str) -> tuple[int, ...]:
    """Names of connections are numbered in the order in which they were made: ``:1.12``."""
    return tuple(int(number) for number in bus_name.lstrip(":").split(".") if number.isdigit())
