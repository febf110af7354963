"""The step that starts a service."""

from __future__ import annotations

from importlib.abc import InspectLoader
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Protocol, runtime_checkable

import msgspec

from agentgym.backends.base import Backend

__all__ = ["service"]


@runtime_checkable
class Serves(Protocol):
    """A machine that runs services on its own loopback."""

    def serve(self, name: str, source: str, *, port: int, database: str, data: Any = None) -> None:
        """Starts a program, and returns when it answers."""


@runtime_checkable
class ServesModules(Protocol):
    """A machine that calls the functions of services that are installed."""

    def serve_module(self, name: str, module: str, *, port: int, database: str, data: Any = None) -> None:
        """Makes one ready."""


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
        source: an installed module, ``package.module``, or the path of a Python file of this machine; it has
            ``main(port, database, data)`` and runs by itself, without the package that it is in.
        port: that it listens on.
        database: the path of its SQLite database in the machine.
        data: what ``main`` fills a database with that is not there yet.
    """
    if isinstance(backend, ServesModules):
        backend.serve_module(name, source, port=port, database=database, data=data)
    elif isinstance(backend, Serves):
        backend.serve(name, _program(source), port=port, database=database, data=data)
    else:
        raise ValueError(f"this machine, {type(backend).__name__}, runs no services; use backend='sandbox'")


def _program(source: str) -> str:
    """The text of a program."""
    if source.endswith(".py"):
        return Path(source).read_text(encoding="utf-8")
    try:
        found = find_spec(source)
    except (ImportError, ValueError) as error:
        raise ValueError(f"there is no module {source!r} with a service: {error}") from error
    text = found.loader.get_source(source) if found and isinstance(found.loader, InspectLoader) else None
    if text is None:
        raise ValueError(f"there is no module {source!r} with a service, of which the source can be read")
    return text
