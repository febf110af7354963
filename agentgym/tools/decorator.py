"""``@tool``: a typed function with a docstring becomes something that an agent can call."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, overload

from agentgym.actions.quoting import short
from agentgym.errors import UsageError
from agentgym.tools.context import ToolContext
from agentgym.tools.coroutines import finished
from agentgym.tools.docstrings import described
from agentgym.tools.signatures import Signature, inner, signature_of
from agentgym.tools.tool import Arguments, Does, Tool

__all__ = ["tool"]


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *, name: str | None = None, description: str | None = None, timeout_s: float | None = None
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout_s: float | None = None,
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Makes a tool of a function, as ``@tool`` or ``@tool(timeout_s=2.0)``.

    Its parameters' types are the schema, its docstring (Google's style) says what it and they are for. A parameter
    annotated `ToolContext` is not the agent's: it is given the episode's context. A coroutine function is awaited.

    Args:
        name: the function's own if not given.
        description: what stands above ``Args:`` in the docstring if not given.
        timeout_s: seconds after which a call is given up; None for no limit.

    Raises:
        UsageError: if a parameter has no type, or none that JSON can be read as.
    """
    scope = sys._getframe(1).f_locals  # what annotations within a function may name
    if function is None:
        return lambda decorated: _made(decorated, name, description, timeout_s, scope)
    return _made(function, name, description, timeout_s, scope)


def _made(
    function: object,
    name: str | None,
    description: str | None,
    timeout_s: float | None,
    scope: Mapping[str, Any],
) -> Tool:
    if not callable(function) or isinstance(function, type):
        raise UsageError(f"a tool is made of a function, not of {short(function)}")
    named = inner(function)
    called = getattr(named, "__name__", None) if name is None else name
    if called is None:
        raise UsageError(f"{short(function)} has no name of its own; give one: tool(name='…')({short(function)})")
    if inspect.isasyncgenfunction(named):
        raise UsageError(f"the tool {called!r} is an asynchronous generator; return a list of what it yields")
    signature = signature_of(function, called, scope=scope)
    return Tool(
        called,
        described(named).summary if description is None else description,
        signature.parameters,
        _doing(function, signature),
        timeout_s,
        check=signature.check,
        function=function,
    )


def _doing(function: Callable[..., Any], signature: Signature) -> Does:
    context, defaults = signature.context, signature.defaults
    awaited = any(map(inspect.iscoroutinefunction, (function, type(function).__call__)))
    if context is None and not awaited and not defaults:
        return lambda arguments, _: function(**arguments)

    def does(arguments: Arguments, given: ToolContext) -> Any:
        # What one call does to a default is not for the next to see.
        filled = {**{key: copy.deepcopy(one) for key, one in defaults.items() if key not in arguments}, **arguments}
        if context is not None:
            filled[context] = given
        return finished(function(**filled)) if awaited else function(**filled)

    return does
