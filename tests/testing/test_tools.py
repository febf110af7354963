"""The check of tools finds what is wrong with them; our own pass it."""

from __future__ import annotations

from typing import Any

import pytest

from agentgym.errors import ToolError, UsageError
from agentgym.testing import check_tool
from agentgym.tools import Tool, resolve_tools, tool, tools


@pytest.mark.parametrize("name", list(tools))
def test_our_own_pass(name: str) -> None:
    for one in resolve_tools([name]).values():
        check_tool(one)


def refuse(arguments: dict[str, Any]) -> dict[str, Any]:
    raise ToolError("no")


@tool
def silent(a: int) -> int:
    return a


@tool
def sparse(a: int) -> int:
    """Says what it is for, and nothing of a."""
    return a


def plain(a: int) -> int:
    """Says what it is for, and nothing of a."""
    return a


OBJECT: dict[str, Any] = {"type": "object"}


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (silent, "silent says nothing of what it is for"),
        (plain, "plain does not say what 'a' is"),
        (f"{__name__}:plain", "plain does not say what 'a' is"),
        (sparse, "sparse does not say what 'a' is"),
        (Tool("f", "F.", {"type": "object", "properties": 3}, lambda *_: None), "parameters of f are no JSON Schema"),
        (Tool("f", "F.", OBJECT, lambda *_: None, check=refuse), "f refuses what its schema allows: no"),
    ],
)
def test_what_is_wrong_is_told(made: Any, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_tool(made)


def test_what_is_no_tool_is_told_so() -> None:
    with pytest.raises(UsageError, match="a tool is a Tool, a function or a name, not 3"):
        check_tool(3)  # type: ignore[arg-type]  # which is the point
