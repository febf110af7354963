"""Which tools a name, a function or a list means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agentgym.errors import UnknownNameError, UsageError
from agentgym.tools import Tool, resolve_tools, tool, tool_sources, tools


@tool
def first() -> str:
    """First."""
    return "1"


def second() -> str:
    """Second."""
    return "2"


def both() -> list[Tool]:
    return [first, tool(second)]


def strange() -> Tool:
    return 3  # type: ignore[return-value]  # which is the point


PAIR = [first, tool(second)]
HERE = __name__


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_known", {**tools._known, "first": first, "several": lambda: [first, tool(second)]})
    monkeypatch.setattr(tool_sources, "_known", {**tool_sources._known, "echo": _echo})


def _echo(name: str) -> Sequence[Tool]:
    return [Tool(name.partition(":")[2], "", {"type": "object"}, lambda *_: name)]


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        ([first, second], ["first", "second"]),
        ([both], ["first", "second"]),
        ([PAIR], ["first", "second"]),
        ([f"{HERE}:first", f"{HERE}:second"], ["first", "second"]),
        ([f"{HERE}:both"], ["first", "second"]),
        ([f"{HERE}:PAIR"], ["first", "second"]),
        (["first"], ["first"]),
        (["several"], ["first", "second"]),
        (["echo:a"], ["a"]),
        ([first, first], ["first"]),
        ([], []),
    ],
)
@pytest.mark.usefixtures("registered")
def test_what_sources_mean(sources: Any, names: list[str]) -> None:
    found = resolve_tools(sources)
    assert list(found) == names
    assert all(one.name == name for name, one in found.items())


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        ("first", r"tools is 'first'; it must be a list"),
        (first, "it must be a list"),
        ([3], "a tool is a Tool, a function or a name, not 3"),
        (["frist"], "no tool named 'frist'; did you mean 'first'"),
        ([f"{HERE}:frist"], "did you mean 'first'"),
        ([f"{HERE}:strange"], "it must give a Tool or a list of them"),
        ([first, first.renamed("second"), second], "two tools are named 'second'"),
    ],
)
@pytest.mark.usefixtures("registered")
def test_what_means_nothing_is_refused(sources: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        resolve_tools(sources)


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="no tool named"):
        resolve_tools(["qqqqqqqqqqqqqqq"])


def test_one_of_several_tools_is_named_after_a_colon() -> None:
    assert list(resolve_tools(["shop:refund"])) == ["refund"]
    with pytest.raises(UsageError, match="no tool named 'refnd' is among those of 'shop'; did you mean 'refund'"):
        resolve_tools(["shop:refnd"])
