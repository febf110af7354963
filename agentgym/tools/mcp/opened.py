"""The tools of an episode where some are those of MCP servers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import mcp_types

from agentgym.errors import TaskError, ToolError, UsageError
from agentgym.tools.context import ToolContext
from agentgym.tools.mcp.servers import McpServer
from agentgym.tools.mcp.session import McpSession
from agentgym.tools.tool import Does, Tool
from agentgym.tools.workspace import Reply

__all__ = ["open_servers"]

_LONGEST_NAME = 64


def open_servers(servers: Sequence[McpServer], tools: Mapping[str, Tool], context: ToolContext) -> Mapping[str, Tool]:
    """These tools, and after them those that the servers offer, at any time; in the context, which closes the servers.

    What two have by the same name is ``server__name`` of each server that has it. What is no name of a tool elsewhere
    is made one: ``files/read`` is ``files_read``.

    Raises:
        BackendError: if the machine broke.
        TaskError: if a server does not come up.
    """
    sessions: list[McpSession] = []
    for server in servers:
        key = f"mcp:{server.name}"
        if key in context.state:
            raise TaskError(f"two MCP servers are named {server.name!r}")
        session = McpSession(server, lambda: context.workspace)
        context.state[key] = session
        try:
            session.open()
        except ToolError as error:
            raise TaskError(str(error)) from error
        sessions.append(session)
    return _Opened(tools, sessions)


class _Opened(Mapping[str, Tool]):
    """Changes with what the servers offer."""

    def __init__(self, fixed: Mapping[str, Tool], sessions: Sequence[McpSession]) -> None:
        self._fixed, self._sessions = fixed, sessions
        self._offered: list[Sequence[mcp_types.Tool]] = []
        self._tools: Mapping[str, Tool] = {}

    def __getitem__(self, name: str) -> Tool:
        return self._present[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._present)

    def __len__(self) -> int:
        return len(self._present)

    @property
    def _present(self) -> Mapping[str, Tool]:
        offered = [session.tools for session in self._sessions]
        if any(now is not before for now, before in zip(offered, self._offered, strict=False)) or not self._offered:
            self._offered, self._tools = offered, {**self._fixed, **self._named()}
        return self._tools

    def _named(self) -> dict[str, Tool]:
        uses = Counter(iter(self._fixed))
        uses.update(_plain(tool.name) for session in self._sessions for tool in session.tools)
        named: dict[str, Tool] = {}
        for session in self._sessions:
            for offered in session.tools:
                plain = _plain(offered.name)
                name = plain if uses[plain] == 1 else f"{session.server.name}__{plain}"[:_LONGEST_NAME]
                named.setdefault(name, _tool(name, offered, session))
        return named


def _tool(name: str, offered: mcp_types.Tool, session: McpSession) -> Tool:
    description = offered.description or offered.title or ""
    try:
        return Tool(name, description, offered.input_schema, _calling(session, offered))
    except UsageError:
        # Against the protocol, its schema is that of no object. The server looks at what it is given itself.
        return Tool(name, description, {"type": "object"}, _calling(session, offered))


def _calling(session: McpSession, offered: mcp_types.Tool) -> Does:
    def call(arguments: dict[str, Any], _context: ToolContext) -> Reply:
        return session.call(offered.name, arguments)

    return call


def _plain(name: str) -> str:
    """The name with letters that names of tools have."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:_LONGEST_NAME] or "_"
