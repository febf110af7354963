"""The table of tools, and the tools that an environment is told of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, get_args, get_type_hints

from agentgym.actions.quoting import short
from agentgym.errors import MissingDependencyError, TaskError, UsageError
from agentgym.registry import Registry, resolve, suggestion
from agentgym.tools.decorator import tool
from agentgym.tools.tool import Tool

__all__ = ["ToolSource", "full_names", "named_tools", "resolve_tools", "tool_sources", "tools"]

ToolMaker: TypeAlias = Callable[[], Tool | Sequence[Tool]]
ToolSource: TypeAlias = Tool | Callable[..., Any] | str

tools: Registry[Tool | ToolMaker] = Registry("tool")
"""By name: a tool, or what makes one or several."""
tools.register_lazily("bash", "agentgym.tools.sandboxed:bash")
tools.register_lazily("edit", "agentgym.tools.sandboxed:edit")
tools.register_lazily("grep", "agentgym.tools.sandboxed:grep")
tools.register_lazily("list", "agentgym.tools.sandboxed:list_files")
tools.register_lazily("python", "agentgym.tools.sandboxed:python")
tools.register_lazily("read", "agentgym.tools.sandboxed:read")
tools.register_lazily("sql", "agentgym.tools.sandboxed:sql")
tools.register_lazily("write", "agentgym.tools.sandboxed:write")
tools.register_lazily("desktop_action", "agentgym.tools.desktop:desktop_action")
tools.register_lazily("calculator", "agentgym.tools.calculator:calculator")
tools.register_lazily("open_page", "agentgym.tools.search:open_page")
tools.register_lazily("save_findings", "agentgym.tools.notes:save_findings")
tools.register_lazily("submit", "agentgym.tools.notes:submit")
tools.register_lazily("web_search", "agentgym.tools.search:web_search")

tools.register_lazily("ask_user", "agentgym.tools.ask_user:ask_user")
tools.register_lazily("http_request", "agentgym.tools.http_request:http_request")
tools.register_lazily("shop", "agentgym.suites.service.calls:shop_tools")

tool_sources: Registry[Callable[[str], Sequence[Tool]]] = Registry("tool source", plugins=False)
"""By what stands before the first colon of a name, such as ``mcp``: gives the tools that the whole name means."""

tool_sources.register_lazily("bfcl", "agentgym.suites.bfcl.tools:episode_tools")
tool_sources.register_lazily("mcp", "agentgym.tools.mcp:not_alone")
tool_sources.register_lazily("tau2", "agentgym.suites.tau2.tools:domain_tools")


def resolve_tools(sources: Iterable[ToolSource]) -> Mapping[str, Tool]:
    """The tools by their names, in their order.

    Args:
        sources: a `Tool`; a function, of which one is made; or text: a registered name, ``"shop:refund"`` for one of
            the tools that a registered name gives, ``"module:name"`` of a tool, of a list of tools, of a function, or
            of one annotated to return tools, which is called; or what a source of tools understands, ``"mcp:…"``.

    Raises:
        UsageError: if there is nothing of a name, or two tools have the same.
    """
    if isinstance(sources, str | Tool) or not isinstance(sources, Iterable):
        raise UsageError(f"tools is {short(sources)}; it must be a list, such as ['bash', my_tool]")
    found: dict[str, Tool] = {}
    for source in sources:
        for one in _resolved(source):
            if found.setdefault(one.name, one) is not one:
                raise UsageError(f"two tools are named {one.name!r}; give one another name: tool.renamed('…')")
    return found


def named_tools(names: Sequence[str], *, besides: Callable[[str], bool] = lambda _: False) -> Mapping[str, Tool]:
    """The tools that a task names, by their own names, in their order.

    Args:
        names: as they stand in the task.
        besides: which of the names are left to others.

    Raises:
        TaskError: if there is nothing of a name, or two tools have the same; it gives the JSON path.
    """
    found: dict[str, Tool] = {}
    for place, name in enumerate(names):
        if besides(name):
            continue
        try:
            several = resolve_tools([name])
        except UsageError as error:
            raise TaskError(f"{error} - at $.tools[{place}]") from error
        for one in several.values():
            if found.setdefault(one.name, one) is not one:
                raise TaskError(f"another tool is named {one.name!r}, too - at $.tools[{place}]")
    return found


def full_names(own: str) -> list[str]:
    """By which names a tool is found that registered names give together with others: ``["shop:refund"]``."""
    found = []
    for name in tools:
        # What is not installed has no tools to look through.
        with suppress(MissingDependencyError):
            found += [f"{name}:{own}"] if own in _within(name) else []
    return found


def _within(name: str) -> Mapping[str, Tool]:
    """The tools of a registered name, by their own; none where it is a tool itself."""
    known = tools[name]
    return {} if isinstance(known, Tool) else {one.name: one for one in _all(known(), name)}


def _resolved(source: ToolSource) -> Sequence[Tool]:
    if not isinstance(source, str):
        return _made(source)
    if source in tools:
        known = tools[source]
        return [known] if isinstance(known, Tool) else list(_within(source).values())
    registered, _, own = source.partition(":")
    if own and registered in tools:
        return _one_within(registered, own)
    if source.partition(":")[0] in tool_sources:
        return _all(tool_sources[source.partition(":")[0]](source), source)
    if ":" in source:
        return _imported(source)
    # Says what there is.
    tools[source]
    return []


def _one_within(registered: str, own: str) -> Sequence[Tool]:
    several = _within(registered)
    if own in several:
        return [several[own]]
    try:
        # A module may be named as something that is registered.
        return _imported(f"{registered}:{own}")
    except UsageError as error:
        if not several:
            raise
        raise UsageError(
            f"no tool named {own!r} is among those of {registered!r}; {suggestion(own, several)}"
        ) from error


def _imported(place: str) -> Sequence[Tool]:
    return _made(resolve(place, "tool", fits=lambda thing: callable(thing) or isinstance(thing, list | tuple)))


def _made(thing: Any) -> Sequence[Tool]:
    if isinstance(thing, Tool):
        return [thing]
    if isinstance(thing, list | tuple):
        return _all(thing, thing)
    if not callable(thing):
        raise UsageError(f"a tool is a Tool, a function or a name, not {short(thing)}")
    return _all(thing(), thing) if _makes_tools(thing) else [tool(thing)]


def _makes_tools(function: Callable[..., Any]) -> bool:
    """Whether a function says that it returns tools."""
    try:
        returned = get_type_hints(function).get("return")
    except (NameError, TypeError):
        return False
    return returned is Tool or Tool in get_args(returned)


def _all(given: Any, source: object) -> Sequence[Tool]:
    several = [given] if isinstance(given, Tool) else given
    if not isinstance(several, Sequence) or not all(isinstance(one, Tool) for one in several):
        raise UsageError(f"{short(source)} gave {short(given)}; it must give a Tool or a list of them")
    return several
