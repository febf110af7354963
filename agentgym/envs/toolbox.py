"""The tools of an environment's episodes, if it has any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from agentgym.actions import Action, Batch
from agentgym.envs.calling import Caller, Calls, told_of
from agentgym.envs.toolset import EpisodeToolSource, ToolSets
from agentgym.errors import ActionError
from agentgym.tasks import Task
from agentgym.tools import ToolContext, ToolResult, Workspace, read_calls
from agentgym.tools.keeping import KeptContext, keep_context
from agentgym.tools.mcp import McpServer

__all__ = ["Toolbox"]


class Toolbox:
    """Begins each episode with the tools that it has, and a context of their own; without any, does nothing.

    Args:
        tools: those of every task; None for what the tasks name.
        max_result: characters of a result that are shown.
        workspace: gives the machine.
        always: whether an episode without a tool has a context, too.
    """

    def __init__(
        self,
        tools: Iterable[EpisodeToolSource] | None,
        max_result: int,
        workspace: Callable[[], Workspace],
        *,
        always: bool = False,
    ) -> None:
        self.sets = ToolSets(tools)
        self._max_result, self._workspace, self._always = max_result, workspace, always
        self._servers: Sequence[McpServer] = ()
        self._before: frozenset[str] = frozenset()
        self.caller: Caller | None = None

    @property
    def over(self) -> bool:
        """Whether a tool ended the episode."""
        return self.caller is not None and self.caller.context.over

    def begin(self, task: Task, seed: int, *, kept: KeptContext | None = None) -> None:
        """Begins an episode, or goes on with what was kept of one.

        Raises:
            BackendError: if what the episode before left cannot be closed.
            TaskError: if the task names a tool that there is not.
        """
        self.close()
        tools, self._servers = self.sets.of(task), self.sets.servers(task)
        if not (tools or self._servers or self._always):
            return
        context = ToolContext(task, rng=np.random.default_rng(seed), workspace=self._workspace)
        self.caller = Caller(tools, context, max_result=self._max_result)
        if kept is not None:
            kept.put_into(context)

    @property
    def needs_packages(self) -> bool:
        """Whether a server of the episode is a program of a Python package, which the machine must show."""
        return any(server.packages for server in self._servers)

    def open(self) -> None:
        """Starts the servers of the episode, whose tools it then has, in the machine, which is set up.

        Raises:
            BackendError: if the machine broke.
            TaskError: if a server does not come up.
        """
        if self.caller is not None:
            self.caller.open(self._servers)

    def calls_of(self, step: int, *, quietly: bool = False) -> Calls | None:
        """What makes the calls of a step, which begins with this."""
        if self.caller is None:
            return None
        self._before = frozenset(self.caller.tools)
        return self.caller.calls_of(step, quietly=quietly)

    def read(self, action: Any, decode: Callable[[Any], Action]) -> Action:
        """What the action means: by ``decode``, or else as calls of tools.

        Raises:
            ActionError: what ``decode`` says, if it is neither.
        """
        try:
            return decode(action)
        except ActionError:
            if self.caller is None:
                raise
            try:
                calls = read_calls(action)
            except ActionError:
                calls = ()
            if not calls:
                raise
        return Batch(calls) if len(calls) > 1 else calls[0]

    def keep(self, *, apart: Sequence[object]) -> KeptContext | None:
        """A copy of what the tools hold.

        Raises:
            UsageError: names what cannot be copied.
        """
        return None if self.caller is None else keep_context(self.caller.context, apart=apart)

    def evidence(self) -> Mapping[str, bytes]:
        return {} if self.caller is None else self.caller.context.evidence()

    def told_at_reset(self) -> dict[str, Any]:
        """What ``info`` has of tools at a reset."""
        return {} if self.caller is None else {"tools": _definitions(self.caller), "tool_results": []}

    def told(self, results: Sequence[ToolResult]) -> dict[str, Any]:
        """What ``info`` has of tools in a step: their definitions, too, if others are offered than before."""
        if self.caller is None:
            return {}
        news = {} if self.caller.tools.keys() == self._before else {"tools": _definitions(self.caller)}
        return {**news, "tool_results": told_of(results)}

    def close(self) -> None:
        if self.caller is not None:
            caller, self.caller = self.caller, None
            caller.context.close()


def _definitions(caller: Caller) -> list[dict[str, Any]]:
    return [tool.definition() for tool in caller.tools.values()]
