"""Tools whose arguments all have somewhere to come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agentgym.errors import UsageError
from agentgym.tools import Tool
from agentgym.wrappers.tool_arguments import Found, Source

__all__ = ["Form", "forms_of"]


@dataclass(frozen=True)
class Form:
    """A tool, and where each argument that it is given comes from.

    Args:
        arguments: the source's name, by argument.
        chosen: the sources of which a value is chosen.
    """

    tool: str
    arguments: Mapping[str, str]
    chosen: tuple[str, ...]


def forms_of(tools: Mapping[str, Tool], sources: Mapping[str, Source]) -> Sequence[Form]:
    """The tools whose required arguments have sources: ``"tool.argument"``, or else ``"argument"``.

    Raises:
        UsageError: if a value is to stand beside that of an argument which is not chosen for the same tool.
    """
    found = []
    for tool in tools.values():
        given = {
            argument: name
            for argument in tool.parameters["properties"]
            for name in (f"{tool.name}.{argument}", argument)[::-1]
            if name in sources
        }
        if all(argument in given for argument in tool.parameters.get("required", ())):
            found.append(Form(tool.name, given, _chosen(tool.name, given, sources)))
    return found


def _chosen(tool: str, given: Mapping[str, str], sources: Mapping[str, Source]) -> tuple[str, ...]:
    chosen = []
    for argument, name in given.items():
        source = sources[name]
        if not isinstance(source, Found) or source.of is None:
            chosen.append(name)
            continue
        beside = sources.get(given.get(source.of, ""))
        if not isinstance(beside, Found) or beside.of is not None:
            raise UsageError(
                f"{argument!r} of the tool {tool!r} is to be found beside {source.of!r}, which is no argument of it "
                "that is chosen from what was found"
            )
    return tuple(chosen)
