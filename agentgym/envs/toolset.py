"""Which tools a task's episodes have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agentgym.errors import TaskError, UsageError
from agentgym.tasks import Task
from agentgym.tools import Tool, resolve_tools
from agentgym.tools.registry import ToolSource

__all__ = ["ToolSets"]


class ToolSets:
    """The tools of an environment: its own, or those that each task names. What was found once is kept.

    Args:
        own: those of every task; None for what the tasks name.

    Raises:
        UsageError: if there is nothing of a name.
    """

    def __init__(self, own: Iterable[ToolSource] | None) -> None:
        self._own = None if own is None else resolve_tools(own)
        self._found: dict[tuple[str, ...], Mapping[str, Tool]] = {}

    def of(self, task: Task) -> Mapping[str, Tool]:
        """The tools of a task, by name.

        Raises:
            TaskError: if it names one that there is not.
        """
        if self._own is not None:
            return self._own
        if task.tools not in self._found:
            try:
                self._found[task.tools] = resolve_tools(task.tools)
            except UsageError as error:
                raise TaskError(f"{error} - at $.tools") from error
        return self._found[task.tools]

    def definitions(self, tasks: Iterable[Task]) -> list[dict[str, Any]]:
        """The definitions of all tools that these tasks have, each once."""
        every = {name: tool for task in tasks for name, tool in self.of(task).items()}
        return [tool.definition() for tool in every.values()]
