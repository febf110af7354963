"""The tools ``save_findings`` and ``submit``: what an agent keeps, and what it gives in the end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, NotRequired

import msgspec
from pydantic import Field
from typing_extensions import TypedDict

from agentgym.errors import ToolError
from agentgym.tools.context import FINDINGS, ToolContext
from agentgym.tools.decorator import tool

__all__ = ["REPORT", "Finding", "Report", "save_findings", "submit"]

REPORT = "report"
"""Where in ``state`` the report is that was submitted."""
_MOST_FINDINGS = 200


class Finding(TypedDict):
    """Something that was found out."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="what it is, in a few words")]
    value: Annotated[str, Field(max_length=2_000)] | int | float | bool
    source: NotRequired[Annotated[str, Field(max_length=2_000, description="the address of the page that says so")]]


class Report(msgspec.Struct, frozen=True):
    """A report as it was submitted, with the digest and length, in bytes, of its UTF-8."""

    text: str
    sha256: str
    length: int

    @classmethod
    def of(cls, text: str) -> Report:
        encoded = text.encode("utf-8", "surrogatepass")
        return cls(text, hashlib.sha256(encoded).hexdigest(), len(encoded))

    def evidence(self) -> Mapping[str, bytes]:
        """The report, as ``report.json``."""
        return {"report.json": msgspec.json.encode(self)}


@tool
def save_findings(findings: Annotated[list[Finding], Field(min_length=1, max_length=50)], context: ToolContext) -> str:
    """Keeps what was found out, with its source. A finding whose name was saved before takes its place.

    Args:
        findings: each with a name, a value, and the address of the page that says so.
    """
    kept = {one["name"]: one for one in context.state.get(FINDINGS, [])}
    kept.update({one["name"]: one for one in findings})
    if len(kept) > _MOST_FINDINGS:
        raise ToolError(f"that would be {len(kept)} findings; {_MOST_FINDINGS} are the most")
    context.state[FINDINGS] = list(kept.values())
    return f"Saved {len(findings)}; there are {len(kept)} findings: {', '.join(kept)}."


@tool
def submit(
    answer: str | int | float | bool | list[Any] | dict[str, Any],
    context: ToolContext,
    report: Annotated[str, Field(max_length=50_000)] | None = None,
) -> str:
    """Gives the answer and ends the task.

    Args:
        answer: as short as the task asks for it; text, a number, or JSON.
        report: a longer text, where the task asks for one.
    """
    if report is not None:
        context.state[REPORT] = Report.of(report)
    context.submit(answer if isinstance(answer, str) else msgspec.json.encode(answer).decode())
    return "Submitted."
