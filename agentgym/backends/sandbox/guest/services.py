"""Servers that a task starts on the loopback, each with a database that is all it remembers."""

from __future__ import annotations

import importlib
import os
import socket
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from .channel import Channel
from .forked import Forked
from .processes import alive

_PATIENCE_S = 10.0
_LOOK_EVERY_S = 0.001
_MOST_SAID = 1 << 16
_MODULES = ("hashlib", "http.server", "sqlite3")

Fork = Callable[[Callable[[Channel], None], int], Forked]


class Service(NamedTuple):
    """A server, what it was started with, and a descriptor of what it says."""

    process: Forked
    wanted: dict[str, Any]
    source: str
    log: int


class Services:
    """The services of an episode.

    Args:
        fork: makes a process with a life, and a descriptor that it writes to.
        tick: is called now and then while one is waited for.
    """

    def __init__(self, fork: Fork, tick: Callable[[], None]) -> None:
        self._fork = fork
        self._tick = tick
        self._running: dict[str, Service] = {}

    def start(self, source: str, wanted: dict[str, Any]) -> None:
        """Starts one and returns when it accepts connections.

        Raises:
            OSError: if it does not come up; says why.
        """
        # Here, once, and not in each process that is forked: half of the time that a service took to answer.
        for name in _MODULES:
            importlib.import_module(name)
        program = _compiled(source, wanted["name"])
        # Without a name: what lies in a folder could be replaced by something that is never read to its end.
        log = os.memfd_create("log", os.MFD_CLOEXEC)

        def live(_: Channel) -> None:
            names: dict[str, Any] = {"__name__": wanted["name"]}
            exec(program, names)  # noqa: S102 - the task's own program
            names["main"](**{key: value for key, value in wanted.items() if key != "name"})

        process = self._fork(live, log)
        self._running[wanted["name"]] = Service(process, wanted, source, log)
        self._await_port(wanted["name"], wanted["port"])

    def start_all(self, services: Iterable[tuple[str, dict[str, Any]]]) -> None:
        for source, wanted in services:
            self.start(source, wanted)

    def known(self) -> list[tuple[str, dict[str, Any]]]:
        """What `start_all` starts them by."""
        return [(service.source, service.wanted) for service in self._running.values()]

    def pids(self) -> set[int]:
        return {service.process.pid for service in self._running.values()}

    def clear(self) -> None:
        """Ends them, and forgets them."""
        for service in self._running.values():
            service.process.close()
            os.close(service.log)
        self._running.clear()

    def _await_port(self, name: str, port: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
                return
            except OSError as error:
                service = self._running[name]
                if not alive(service.process.pid) or time.monotonic() > deadline:
                    raise OSError(f"the service {name!r} does not listen on port {port}: {_said(service)}") from error
            self._tick()
            time.sleep(_LOOK_EVERY_S)


def _said(service: Service) -> str:
    size = os.fstat(service.log).st_size
    text = os.pread(service.log, _MOST_SAID, max(0, size - _MOST_SAID)).decode("utf-8", "replace").strip()
    return text.splitlines()[-1] if text else "it said nothing"


@lru_cache(maxsize=8)
def _compiled(source: str, name: str) -> CodeType | str:
    """A program as it is run; as it was written if it is none, of which running it tells."""
    try:
        return compile(source, f"<service {name}>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return source
