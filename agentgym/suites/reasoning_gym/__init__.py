"""reasoning-gym's generators as task families: each question a task, each answer submitted by a tool."""

from __future__ import annotations

from agentgym.families import TOOLS, Suite
from agentgym.suites.reasoning_gym.asking import GENERATORS, question_family

__all__ = ["SUITE"]

SUITE = Suite(
    "reasoning-gym",
    {name: question_family(name) for name in GENERATORS},
    "reasoning-gym's own questions, scored by its own scorers; needs the package reasoning-gym.",
    env=TOOLS,
)
