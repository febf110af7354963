"""One call of a tool, of which nothing but a broken machine leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentgym.actions import ToolCall
from agentgym.actions.quoting import cut, short
from agentgym.errors import BackendError, MissingDependencyError, ToolError
from agentgym.registry import suggestion
from agentgym.tools.context import ToolContext
from agentgym.tools.patience import TimeIsUp, within
from agentgym.tools.results import ToolResult, encodable, without_addresses, written
from agentgym.tools.tool import Tool
from agentgym.tools.torn import TornCall
from agentgym.tools.workspace import Reply

__all__ = ["MAX_RESULT", "call_tool"]

MAX_RESULT = 20_000
"""Characters of a result that an agent is shown."""

_CALL_TAKES_S = 1.0
_LONGEST_ERROR = 2000


def call_tool(
    tools: Mapping[str, Tool], call: ToolCall, context: ToolContext, *, call_id: str, max_result: int = MAX_RESULT
) -> ToolResult:
    """Calls the tool that is named, and tells what came of it.

    A name that nobody has, arguments that cannot be read or do not fit, what the tool raises, a time that is up and a
    result of more than ``max_result`` characters are results that are not ok. Each call takes a second of the episode's
    clock.

    Raises:
        BackendError: if the machine broke, or something that the tool needs is not installed.
    """
    context.clock.advance(_CALL_TAKES_S)
    ok, content, value = _outcome(tools, call, context, max_result)
    content = encodable(content)
    if len(content) > max_result:
        ok, content = (
            False,
            f"the result has {len(content)} characters; at most {max_result} are shown:\n" + (content[:max_result]),
        )
    context.calls.append({"name": call.name, "arguments": call.arguments, "ok": ok})
    return ToolResult(call_id, call.name, ok, content, value)


def _outcome(tools: Mapping[str, Tool], call: ToolCall, context: ToolContext, max_result: int) -> tuple[bool, str, Any]:
    tool = tools.get(call.name)
    if tool is None or not tool.is_offered(context):
        known = [name for name, one in tools.items() if one.is_offered(context)]
        return False, f"no tool named {short(call.name)}; {suggestion(call.name, known)}", None
    if isinstance(call, TornCall):
        return False, call.fault, None
    try:
        if tool.timeout_s is None:
            value = _whole(tool.call(call.arguments, context), max_result)
        else:
            value = within(tool.timeout_s, lambda: _whole(tool.call(call.arguments, context), max_result))
        return (value.ok, value.output, value.value) if isinstance(value, Reply) else (True, written(value), value)
    except (BackendError, KeyboardInterrupt):
        raise
    except MissingDependencyError as error:
        raise BackendError(f"the tool {call.name!r} cannot run here: {error}") from error
    except TimeIsUp:
        return False, f"{call.name} was given up after {tool.timeout_s:g} s", None
    except ToolError as error:
        return False, str(error), None
    except BaseException as error:  # noqa: BLE001 - foreign code, whose crash is the result of the call
        return False, cut(without_addresses(_crash(error)), _LONGEST_ERROR), None


def _whole(value: Any, max_result: int) -> Any:
    """The value; of an iterator the items, which may have no end, up to the first that are too many to be shown."""
    if not isinstance(value, Iterator):
        return value
    items, length = [], 0
    for item in value:
        items.append(item)
        length += len(written(item)) + 1
        if length > max_result:
            break
    return items


def _crash(error: BaseException) -> str:
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - even its message is foreign code
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
