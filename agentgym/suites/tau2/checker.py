"""Judges a conversation as tau2 does without a model: the database it left, and what was said.

Semantics of tau2-bench's evaluators of the database and of communicated information: the score is their product. The
assertions in words that some tasks have beside them need a model and are not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from agentgym.suites.tau2.package import Domain
from agentgym.suites.tau2.scenario import changes_after, scenario

__all__ = ["tau2_outcome"]


class ScenarioRules(TypedDict):
    domain: Domain
    task: str


def tau2_outcome(result: Mapping[str, Any], rules: ScenarioRules) -> float:
    """1 if a conversation left the database that tau2's ground truth leaves, and told the user what it had to.

    Args:
        result: ``{"changes": {table: {key: record}}, "said": [text, …]}``.
        rules: ``{"domain": "retail" or "airline", "task": number}``.
    """
    wanted = scenario(rules["domain"], rules["task"])
    if result["changes"] != changes_after(wanted.domain, wanted.actions):
        return 0.0
    return float(all(_was_told(part, result["said"]) for part in wanted.told))


def _was_told(part: str, said: Iterable[str]) -> bool:
    # Commas are taken out of what was said, so that 1,628 is 1628.
    return any(part.lower() in message.lower().replace(",", "") for message in said)
