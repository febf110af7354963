"""How the scripts of this suite look things up: with the tools, and by reading what they answer."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeAlias

from agentgym.actions import RawAction, ToolCall

__all__ = [
    "Calls",
    "calculated",
    "called",
    "cell",
    "figure",
    "led_to",
    "looked_up",
    "opened",
    "saved",
    "submitted",
    "words_of",
]

Calls: TypeAlias = Generator[RawAction, Any, None]
"""A script of calls."""
Asking: TypeAlias = Generator[RawAction, Any, str]
"""A call, and what came of it."""

_RESULT = re.compile(r"^\[[^\]\n]+\] \w+(?: failed)?\n", re.MULTILINE)


def called(name: str, arguments: Mapping[str, Any]) -> Asking:
    """Calls a tool; its result."""
    observation = yield ToolCall(name, dict(arguments))
    text = observation if isinstance(observation, str) else str(observation["tool_result"])
    # What stands before it is the instruction.
    return _RESULT.split(text, maxsplit=1)[-1]


def opened(address: str) -> Asking:
    """A page."""
    return (yield from called("open_page", {"address": address, "limit": 20_000}))


def looked_up(title: str, *, at: str) -> Asking:
    """The page with a title, at the address that begins so, by way of a search.

    Raises:
        LookupError: if the search does not find it.
    """
    found = yield from called("web_search", {"query": f'"{title}"', "limit": 20})
    listed = re.search(rf"^\d+\. {re.escape(title)}\n {{3}}({re.escape(at)}\S+)", found, re.MULTILINE)
    if listed is None:
        raise LookupError(f"no page {title!r} at {at} was found")
    return (yield from opened(listed[1]))


def led_to(page: str, before: str) -> str:
    """Where the first link leads whose words come after some others."""
    number = re.search(rf"{re.escape(before)}[^\[\]]*? \[(\d+)\]", page)
    assert number is not None, f"no link after {before!r}"
    address = re.search(rf"^\[{number[1]}\] (\S+)$", page, re.MULTILINE)
    assert address is not None
    return address[1]


def words_of(page: str, before: str) -> str:
    """The words of the first link that comes after others, which are a pattern."""
    found = re.search(rf"{before} (.+?) \[\d+\]", page)
    assert found is not None, f"no link after {before!r}"
    return found[1]


def cell(page: str, row: str, column: int = 1) -> str:
    """What stands in a row of a table, by the beginning of its first cell; a column is counted from 0."""
    found = re.search(rf"^\| {re.escape(row)}.*$", page, re.MULTILINE)
    assert found is not None, f"no row {row!r}"
    return found[0].strip("| ").split(" | ")[column]


def figure(text: str) -> str:
    """A number without its thousands separators."""
    return text.replace(",", "")


def calculated(expression: str) -> Asking:
    """What an expression comes to, as the calculator says it."""
    result = yield from called("calculator", {"expression": expression})
    return result.split()[0]


def saved(findings: Sequence[tuple[str, Any, str]]) -> Calls:
    """Saves findings, each a name, a value and a source."""
    listed = [{"name": name, "value": value, "source": source} for name, value, source in findings]
    yield ToolCall("save_findings", {"findings": listed})


def submitted(answer: Any, report: str | None = None) -> Calls:
    yield ToolCall("submit", {"answer": answer} if report is None else {"answer": answer, "report": report})
