"""The tool `desktop_action` as tasks and environments name it; a desktop does itself what a call of it means."""

from __future__ import annotations

from typing import Any, NoReturn

from agentgym.actions.desktop_call import DESKTOP_ACTION, definition
from agentgym.errors import ToolError
from agentgym.tools.context import ToolContext
from agentgym.tools.tool import Tool

__all__ = ["desktop_action"]


def _refuse(_arguments: dict[str, Any], _context: ToolContext) -> NoReturn:
    raise ToolError("there is no desktop here: desktop_action is for agentgym/Desktop-v0")


_ABOUT = definition()["function"]
desktop_action = Tool(DESKTOP_ACTION, _ABOUT["description"], _ABOUT["parameters"], _refuse)
