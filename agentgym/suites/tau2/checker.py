"""Judges a conversation as tau2 does without a model: the database it left, and what was said.

Semantics of tau2-bench's evaluators of the database and of communicated information. The assertions in words that some
tasks have beside them need a model and are not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from agentgym.suites.tau2.package import Domain
from agentgym.suites.tau2.scenario import changes_after, scenario

__all__ = ["tau2_database", "tau2_told"]


class ScenarioRules(TypedDict):
    domain: Domain
    task: str


class ToldRules(TypedDict):
    told: list[str]


def tau2_database(result: Mapping[str, Any], rules: ScenarioRules) -> float:
    """1 if a conversation left the database that the ground truth of a task of tau2's leaves.

    Args:
        result: ``{table: {key: record}}`` of what differs from the beginning.
        rules: ``{"domain": "retail" or "airline", "task": number}``.
    """
    wanted = scenario(rules["domain"], rules["task"])
    return float(result == changes_after(wanted.domain, wanted.actions))


def tau2_told(result: Iterable[str], rules: ToldRules) -> float:
    """1 if each text of ``rules["told"]`` is a part of something that was said, upper and lower case and commas apart.

    Args:
        result: what was said.
        rules: ``{"told": [text, …]}``.
    """
    # Only what was said loses its commas, as in tau2: 1,628 is 1628.
    said = [message.lower().replace(",", "") for message in result]
    return float(all(any(part.lower() in message for message in said) for part in rules["told"]))
