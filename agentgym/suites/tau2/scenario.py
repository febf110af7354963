"""tau2's tasks as data: who calls about what, and which actions a good agent takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agentgym.actions import ToolCall
from agentgym.errors import UnknownNameError
from agentgym.registry import suggestion
from agentgym.suites.tau2.database import Changes, Database
from agentgym.suites.tau2.package import Domain, execute, raw_tasks

__all__ = ["TASKS", "Scenario", "changes_after", "scenario"]

TASKS: Mapping[Domain, int] = {"retail": 114, "airline": 50}
"""How many tasks a domain has; their identifiers count from 0."""

_BRIEFING = ("known_info", "unknown_info", "task_instructions")


@dataclass(frozen=True)
class Scenario:
    """One task. What is about the user is written as tau2 tells it to whoever plays the user: "you" is the user.

    Attributes:
        call: why the user calls.
        briefing: what else the user knows and wants.
        actions: the ground truth; the database that they leave is the one that is asked for.
        told: what must be said to the user, each as a part of some message.
    """

    domain: Domain
    number: str
    call: str
    briefing: str
    actions: tuple[ToolCall, ...]
    told: tuple[str, ...]


def scenario(domain: Domain, number: str) -> Scenario:
    """The task of a domain.

    Raises:
        UnknownNameError: if there is none of that number.
        MissingDependencyError: if tau2's package is not installed.
    """
    known = raw_tasks(domain)
    if number not in known:
        raise UnknownNameError(f"no tau2 {domain} task {number!r}; {suggestion(number, known)}")
    raw = known[number]
    wanted, told = raw["evaluation_criteria"], raw["user_scenario"]["instructions"]
    return Scenario(
        domain,
        number,
        call=told["reason_for_call"].strip(),
        briefing="\n\n".join(told[part].strip() for part in _BRIEFING if told[part]),
        actions=tuple(ToolCall(action["name"], action["arguments"]) for action in wanted["actions"]),
        told=tuple(wanted["communicate_info"]),
    )


def changes_after(domain: Domain, actions: tuple[ToolCall, ...]) -> Changes:
    """What actions change in a fresh database. One that fails changes nothing, as in tau2."""
    database = Database(domain)
    for action in actions:
        try:
            execute(domain, database, action.name, action.arguments)
        except Exception:  # noqa: BLE001 - a boundary to foreign code: some calls of the ground truth are meant to fail
            continue
    return database.changes()
