"""What the families of this suite are made of: countries to look into, checks, and what every instruction says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from agentgym.suites.toolmaking import getter, rule
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, Task
from agentgym.tools.world import World, make_world

__all__ = ["draw_until", "findings_are", "make_task", "report_has", "were_opened"]

T = TypeVar("T")

_TOOLS = ("web_search", "open_page", "calculator", "save_findings", "submit")
_RULES = (
    "Find it with web_search and open_page. Some pages are out of date: where pages disagree, the one that was revised "
    "last is right. Different towns and different people may have the same name."
)
_WORLDS = 2**31


def draw_until(rng: np.random.Generator, attempt: Callable[[World, np.random.Generator], T | None]) -> tuple[World, T]:
    """What an attempt makes of a country in which it can make it; countries are drawn until it does."""
    while True:
        world = make_world(int(rng.integers(_WORLDS)))
        made = attempt(world, rng)
        if made is not None:
            return world, made


def make_task(
    name: str,
    instruction: str,
    *,
    world: World,
    checks: Sequence[Check],
    drawn: Mapping[str, Any],
    max_steps: int = 30,
) -> Task:
    """A task of this suite.

    Args:
        instruction: what is asked; the rules of the corpus are added.
        world: what is to be looked into.
        checks: what must hold in the end, all of it.
        drawn: what the scripts of the family need to know, kept as ``Task.seed_params``.
    """
    return Task(
        id=f"research/{name}",
        instruction=f"{instruction}\n\n{_RULES}",
        evaluator=EvaluatorSpec(tuple(checks)),
        tools=_TOOLS,
        max_steps=max_steps,
        seed_params=dict(drawn),
        metadata={"corpus": f"world:{world.seed}"},
    )


def findings_are(facts: Sequence[Mapping[str, Any]]) -> Check:
    """Whether findings were saved: each ``{"name", "value", "sources"}``, of which sources one must be given."""
    return Check("findings_state", getter("findings"), rule([dict(fact) for fact in facts]))


def report_has(facts: Sequence[Mapping[str, Any]], *, most_words: int, none_of: Sequence[str]) -> Check:
    """Whether the report states facts, each ``{"value", "sources"}`` in a line that names one of the sources."""
    rules = {"expected": [dict(fact) for fact in facts], "most_words": most_words, "none_of": list(none_of)}
    return Check(
        "report_states", getter("evidence", name="report.json"), GetterSpec("rule", {"type": "rule", "rules": rules})
    )


def were_opened(addresses: Sequence[str]) -> Check:
    """Whether pages were opened, and not only guessed to say what they do."""
    return Check("includes_all", getter("evidence", name="pages.json"), rule(list(addresses)))
