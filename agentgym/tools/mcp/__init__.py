"""Tools of MCP servers. `McpServer` says which; the SDK is loaded when one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agentgym.extras import needed
from agentgym.tools.mcp.servers import McpServer, is_server, read_servers, server_named

if TYPE_CHECKING:
    from agentgym.tools.context import ToolContext
    from agentgym.tools.tool import Tool

__all__ = ["McpServer", "is_server", "opened", "read_servers", "server_named"]


def opened(servers: Sequence[McpServer], tools: Mapping[str, Tool], context: ToolContext) -> Mapping[str, Tool]:
    """These tools and those of the servers, which are started; see `agentgym.tools.mcp.opened.open_servers`.

    Raises:
        MissingDependencyError: if the SDK is not installed.
    """
    needed("mcp", extra="mcp")
    from agentgym.tools.mcp.opened import open_servers

    return open_servers(servers, tools, context)
