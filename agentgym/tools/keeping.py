"""The state of an episode's tools, copied, so that it can be gone back to."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from agentgym.errors import UsageError
from agentgym.tools.context import ToolContext

__all__ = ["KeptContext", "keep_context"]

_COPIED = ("_state", "rng", "clock")


class KeptContext:
    """A copy of what a context held; `put_into` gives copies of the copy.

    What it holds together stays together: a service in ``state`` that draws from the context's ``rng`` draws from that
    of the context which it is put into.
    """

    def __init__(self, context: ToolContext, apart: Iterable[object]) -> None:
        self._context = context
        self._apart = tuple(apart)
        self._copied = self._copy({name: getattr(context, name) for name in _COPIED}, context)
        self._calls = tuple(context.calls)
        self._answer, self._over = context.answer, context.over

    def put_into(self, context: ToolContext) -> None:
        for name, value in self._copy(self._copied, context).items():
            setattr(context, name, value)
        # Nobody changes a call that was made.
        context.calls = list(self._calls)
        context.answer, context.over = self._answer, self._over

    def _copy(self, fields: dict[str, Any], context: ToolContext) -> dict[str, Any]:
        memo: dict[int, Any] = {id(one): one for one in (*self._apart, self._context.task)}
        memo[id(self._context)] = context
        return copy.deepcopy(fields, memo)


def keep_context(context: ToolContext, *, apart: Iterable[object] = ()) -> KeptContext:
    """A copy of what the context holds now.

    Args:
        apart: what is not copied though it may be referred to: the machine.

    Raises:
        UsageError: names what in ``state`` cannot be copied.
    """
    try:
        return KeptContext(context, apart)
    except Exception as error:  # a boundary to what tools keep
        raise UsageError(f"{_uncopied(context)} cannot be copied: {type(error).__name__}: {error}") from error


def _uncopied(context: ToolContext) -> str:
    for name, one in context.state.items():
        try:
            copy.deepcopy(one)
        except Exception:  # noqa: BLE001 - a boundary to what tools keep; the caller tells it
            return f"state[{name!r}]"
    return "the state"
