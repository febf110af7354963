"""Which tools a task's episodes have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from agentgym.actions.quoting import short
from agentgym.errors import UsageError
from agentgym.tasks import Task
from agentgym.tools import Tool, resolve_tools
from agentgym.tools.mcp import McpServer, is_server, read_servers, server_named
from agentgym.tools.registry import ToolSource, named_tools

__all__ = ["EpisodeToolSource", "ToolSets"]

EpisodeToolSource: TypeAlias = ToolSource | McpServer | Mapping[str, Any]
"""A tool, or a server that offers some while an episode lasts, or ``{"mcpServers": …}`` of several such."""


class ToolSets:
    """The tools of an environment: its own, or those that each task names. What was found once is kept.

    Args:
        own: those of every task; None for what the tasks name.

    Raises:
        UsageError: if there is nothing of a name.
    """

    def __init__(self, own: Iterable[EpisodeToolSource] | None) -> None:
        if isinstance(own, str | Tool | McpServer | Mapping):
            raise UsageError(f"tools is {short(own)}; it must be a list, such as ['bash', my_tool]")
        sources = None if own is None else _each(own)
        self._own_servers = None if sources is None else [one for one in sources if is_server(one)]
        self._own = None if sources is None else resolve_tools(_plain(sources))
        self._found: dict[tuple[str, ...], Mapping[str, Tool]] = {}

    def of(self, task: Task) -> Mapping[str, Tool]:
        """The tools of a task, by name, without those that its servers offer.

        Raises:
            TaskError: if it names one that there is not.
        """
        if self._own is not None:
            return self._own
        if task.tools not in self._found:
            self._found[task.tools] = named_tools(task.tools, besides=is_server)
        return self._found[task.tools]

    def servers(self, task: Task) -> Sequence[McpServer]:
        """The MCP servers whose tools an episode of the task has.

        Raises:
            TaskError: if it names one that it does not describe.
        """
        sources = self._own_servers if self._own_servers is not None else [one for one in task.tools if is_server(one)]
        return [one if isinstance(one, McpServer) else server_named(one, task.metadata) for one in sources]

    def definitions(self, tasks: Iterable[Task]) -> list[dict[str, Any]]:
        """The definitions of all tools that these tasks have, each once."""
        every = {name: tool for task in tasks for name, tool in self.of(task).items()}
        return [tool.definition() for tool in every.values()]


def _each(sources: Iterable[EpisodeToolSource]) -> list[ToolSource | McpServer]:
    """The sources, with servers one by one."""
    found: list[ToolSource | McpServer] = []
    for one in sources:
        found += read_servers(one).values() if isinstance(one, Mapping) else [one]
    return found


def _plain(sources: Iterable[ToolSource | McpServer]) -> list[ToolSource]:
    return [one for one in sources if not isinstance(one, McpServer) and not is_server(one)]
