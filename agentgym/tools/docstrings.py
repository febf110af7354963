"""What a docstring in Google's style says of a function and of its parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

__all__ = ["Described", "described"]

_SECTION = re.compile(r"(Args|Arguments|Parameters|Returns|Return|Yields|Raises|Examples?|Notes?|Attributes|Todo):\s*$")
_PARAMETER = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")


class Described(NamedTuple):
    """The text above the sections, and what is said of each parameter."""

    summary: str
    parameters: Mapping[str, str]


def described(function: Callable[..., Any]) -> Described:
    """What the function's docstring says; nothing where it has none."""
    lines = inspect.cleandoc(function.__doc__ or "").splitlines()
    heads = [at for at, line in enumerate(lines) if _SECTION.match(line)]
    summary = "\n".join(lines[: heads[0]] if heads else lines).strip()
    parameters: dict[str, str] = {}
    for head, end in pairwise([*heads, len(lines)]):
        if lines[head].startswith(("Args", "Arguments", "Parameters")):
            parameters.update(_parameters(lines[head + 1 : end]))
    return Described(summary, parameters)


def _parameters(lines: list[str]) -> dict[str, str]:
    """By name; what stands deeper than the names goes on with the one before it."""
    found: dict[str, list[str]] = {}
    own = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    name = ""
    for line in lines:
        starts = _PARAMETER.match(line.strip()) if len(line) - len(line.lstrip()) == own else None
        if starts:
            name = starts[1]
            found[name] = [starts[2]]
        elif name and line.strip():
            found[name].append(line.strip())
    return {name: " ".join(parts).strip() for name, parts in found.items()}
