"""An episode in play: the services as the agent's calls have left them, and what was called in which turn."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agentgym.actions import ToolCall
from agentgym.suites.bfcl.episodes import episode
from agentgym.suites.bfcl.services import call_service, open_services

__all__ = ["EVIDENCE", "Conversation"]

EVIDENCE = "bfcl.json"
"""The calls, turn by turn, as the checker takes them."""


class Conversation:
    """One episode at its present turn. Its copy is independent of it.

    Args:
        name: the episode's.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._services = open_services(episode(name))
        self._turns: list[list[ToolCall]] = [[]]

    @property
    def turn(self) -> int:
        """The present one, from 0."""
        return len(self._turns) - 1

    def call(self, call: ToolCall) -> str:
        """Calls a function of the services in the present turn, and gives what BFCL would show."""
        self._turns[-1].append(call)
        return call_service(self._services, call)

    def end_turn(self) -> str | None:
        """What the user says next; None if the conversation is over."""
        messages = episode(self._name).messages
        if len(self._turns) == len(messages):
            return None
        self._turns.append([])
        return messages[len(self._turns) - 1]

    def evidence(self) -> Mapping[str, bytes]:
        called = [[{"name": call.name, "arguments": call.arguments} for call in turn] for turn in self._turns]
        return {EVIDENCE: msgspec.json.encode(called)}
