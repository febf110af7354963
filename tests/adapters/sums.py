"""A sum to do with tools, as a task."""

from __future__ import annotations

from typing import Any

from agentgym.tools import ToolContext, tool

SUM: dict[str, Any] = {
    "id": "sum",
    "instruction": "What is 2 + 3?",
    "tools": ["tests.adapters.sums:add", "tests.adapters.sums:answer"],
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "answer"},
        "expected": {"type": "rule", "rules": {"expected": "5"}},
    },
}


@tool
def add(a: int, b: int = 1) -> int:
    """Adds two numbers.

    Args:
        a: the first.
        b: the second.
    """
    return a + b


@tool
def answer(text: str, context: ToolContext) -> str:
    """Ends the task.

    Args:
        text: the answer.
    """
    context.submit(text)
    return "Thanks."
