"""The step that starts a service."""

from __future__ import annotations

from typing import Annotated, Any, Protocol, runtime_checkable

import msgspec

from agentgym.backends.base import Backend

__all__ = ["service"]


@runtime_checkable
class Serves(Protocol):
    """A machine that runs services on its own loopback."""

    def serve(self, name: str, source: str, port: int, database: str, data: Any = None) -> None:
        """Starts one, and returns when it answers."""


def service(
    backend: Backend,
    name: str,
    source: str,
    port: Annotated[int, msgspec.Meta(ge=1024, le=65535)],
    database: str,
    data: Any = None,
) -> None:
    """Starts a service over HTTP on the machine's loopback, and waits until it answers.

    Args:
        name: the host that tools know it by.
        source: a module, or the path of a Python file, with ``main(port, database)``.
        port: that it listens on.
        database: the path of its SQLite database in the machine.
        data: what a new database is filled with: ``main`` finds it as JSON in the file ``DATABASE.json``.
    """
    if not isinstance(backend, Serves):
        raise ValueError(f"this machine, {type(backend).__name__}, runs no services; use backend='sandbox'")
    backend.serve(name, source, port, database, data)
