"""Tools of MCP servers. `McpServer` says which; the SDK is loaded when one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

from agentgym.errors import UsageError
from agentgym.extras import needed
from agentgym.tools.mcp.servers import McpServer, is_server, read_servers, server_named, written_server

if TYPE_CHECKING:
    from agentgym.tools.context import ToolContext
    from agentgym.tools.tool import Tool

__all__ = ["McpServer", "is_server", "opened", "read_servers", "server_named", "written_server"]


def not_alone(source: str) -> NoReturn:
    """Says what ``"mcp:NAME"`` means where there is no episode."""
    raise UsageError(f"the tools of {source!r} are those of an MCP server, which only an episode has: see docs/mcp.md")


def opened(servers: Sequence[McpServer], tools: Mapping[str, Tool], context: ToolContext) -> Mapping[str, Tool]:
    """These tools and those of the servers, which are started; see `agentgym.tools.mcp.opened.open_servers`.

    Raises:
        MissingDependencyError: if the SDK is not installed.
    """
    needed("mcp", extra="mcp")
    from agentgym.tools.mcp.opened import open_servers

    return open_servers(servers, tools, context)
