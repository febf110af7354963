"""Tools: typed functions that an agent calls by name, with what they are given and what comes of a call."""

from agentgym.errors import ToolError
from agentgym.tools.calling import call_tool
from agentgym.tools.clock import EpisodeClock
from agentgym.tools.context import ToolContext
from agentgym.tools.decorator import tool
from agentgym.tools.reading import read_calls
from agentgym.tools.registry import resolve_tools, tool_sources, tools
from agentgym.tools.results import ToolResult
from agentgym.tools.tool import Tool
from agentgym.tools.torn import TornCall
from agentgym.tools.workspace import Ran, Reply, Workspace

__all__ = [
    "EpisodeClock",
    "Ran",
    "Reply",
    "Tool",
    "ToolContext",
    "ToolError",
    "ToolResult",
    "TornCall",
    "Workspace",
    "call_tool",
    "read_calls",
    "resolve_tools",
    "tool",
    "tool_sources",
    "tools",
]
