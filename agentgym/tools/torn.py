"""A call whose arguments cannot be read."""

from __future__ import annotations

from agentgym.actions import ToolCall

__all__ = ["TornCall"]


class TornCall(ToolCall, frozen=True, kw_only=True):
    """A call that is not made, but answered: whoever gave it an id waits for a result of that id.

    Args:
        fault: what is wrong with its arguments.
    """

    fault: str
