"""A machine of nothing but services, which are called in this process: for learning from millions of their requests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from agentgym.backends.base import BackendOptions
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import ToolError, UsageError
from agentgym.tools import Reply

__all__ = ["InlineBackend", "make_inline"]

_HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True)
class _Service:
    """A module of functions, and the database that they are called with."""

    module: ModuleType
    database: str
    db: sqlite3.Connection

    def copy(self) -> _Service:
        fresh = sqlite3.connect(":memory:", check_same_thread=False)
        fresh.deserialize(self.db.serialize())
        return _Service(self.module, self.database, fresh)


class InlineBackend(MemoryBackend):
    """Services without a server and without a sandbox, and files in a dict; there is no shell and no interpreter.

    A service is an installed module with ``prepare(db, data)`` and ``answer(db, method, target, body)``, as the suite
    `service` has; what an agent sends it is data, so that nothing of the agent's runs here. Requests, answers and
    the database at the end are those of the same service in the sandbox.
    """

    def __init__(self, *, screen: tuple[int, int] = (64, 48)) -> None:
        super().__init__(screen=screen)
        self._services: dict[int, _Service] = {}

    def reset(self, *, seed: int) -> None:
        self._end_services()
        super().reset(seed=seed)

    def serve_module(self, name: str, module: str, *, port: int, database: str, data: Any = None) -> None:
        """Has a service answer on a port, from a new database.

        Args:
            module: ``"package.module"``.
            data: what the module's ``prepare`` fills the database with.

        Raises:
            UsageError: if it is no such module.
        """
        functions = _module(name, module)
        db = sqlite3.connect(":memory:", check_same_thread=False)
        functions.prepare(db, data)
        self._services[port] = _Service(functions, self._expanded(database), db)

    def do(self, function: str, arguments: Mapping[str, Any], *, timeout_s: float, max_output: int) -> Reply:
        """Has a service answer; ``http`` is the one function that there is.

        Raises:
            ToolError: for any other.
        """
        if function != "http":
            raise ToolError(f"this machine has services only: there is no {function!r}; use backend='sandbox'")
        parts = urlsplit(arguments["url"])
        service = self._services.get(parts.port or 80)
        if service is None:
            return Reply(False, f"nothing answers on port {parts.port}")
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        status, said = service.module.answer(
            service.db, arguments["method"], target, (arguments.get("body") or "").encode()
        )
        value = {"status": status, "headers": _HEADERS, "body": json.dumps(said, ensure_ascii=False)}
        output = json.dumps(value, ensure_ascii=False)
        if len(output) > max_output:
            return Reply(False, f"the answer has {len(output)} characters; at most {max_output} are taken")
        return Reply(True, output, value)

    def bash(self, command: str, *, timeout_s: float, max_output: int) -> Reply:
        """There is none.

        Raises:
            ToolError: always.
        """
        return self.do("bash", {}, timeout_s=timeout_s, max_output=max_output)

    def python(self, code: str, *, timeout_s: float, max_output: int) -> Reply:
        """There is none.

        Raises:
            ToolError: always.
        """
        return self.do("python", {}, timeout_s=timeout_s, max_output=max_output)

    def read(self, path: str) -> bytes:
        for service in self._services.values():
            if service.database == self._expanded(path):
                return service.db.serialize()
        return super().read(path)

    def snapshot(self) -> object:
        return super().snapshot(), {port: service.copy() for port, service in self._services.items()}

    def restore(self, token: object) -> None:
        if not isinstance(token, tuple):
            raise UsageError(f"not a snapshot of this kind of machine: {token!r}")
        files, services = token
        super().restore(files)
        self._end_services()
        # Copies again: a snapshot can be restored more than once.
        self._services = {port: service.copy() for port, service in services.items()}

    def close(self) -> None:
        self._end_services()
        super().close()

    def _end_services(self) -> None:
        for service in self._services.values():
            service.db.close()
        self._services = {}


def make_inline(options: BackendOptions) -> InlineBackend:
    """The inline backend as environments make it."""
    return InlineBackend(screen=options.screen)


def _module(name: str, source: str) -> ModuleType:
    try:
        module = import_module(source)
    except (ImportError, ValueError) as error:
        raise UsageError(f"the service {name!r} is no installed module {source!r}: {error}") from error
    if not all(callable(getattr(module, function, None)) for function in ("prepare", "answer")):
        raise UsageError(f"the service {name!r} has no prepare and answer to be called inline; use backend='sandbox'")
    return module
