"""A conversation in play: the database as the agent's calls have left it, and what was said to the user."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agentgym.actions import ToolCall
from agentgym.errors import ToolError
from agentgym.suites.tau2.database import Database
from agentgym.suites.tau2.package import Domain, execute

__all__ = ["CHANGES", "SAID", "Desk"]

CHANGES = "tau2.json"
"""What differs in the database: ``{table: {key: record}}``."""

SAID = "tau2-said.json"
"""What was said to the customer: a list of texts."""


class Desk:
    """Where one customer is served. Its copy is independent of it."""

    def __init__(self, domain: Domain) -> None:
        self._domain: Domain = domain
        self._database = Database(domain)
        self._said: list[str] = []

    def call(self, call: ToolCall) -> str:
        """Calls a tool of the domain on the database.

        Raises:
            ToolError: says what tau2 says of a call that cannot be done.
        """
        # tau2 evaluates what it is given, and nothing interrupts a tower of powers.
        if call.name == "calculate" and "**" in call.arguments["expression"]:
            raise ToolError("Error: powers are not calculated; write a product")
        try:
            return execute(self._domain, self._database, call.name, call.arguments)
        except Exception as error:  # a boundary to foreign code, whose every exception tau2 shows to the agent
            raise ToolError(f"Error: {error}") from error

    def say(self, message: str) -> None:
        self._said.append(message)

    def evidence(self) -> Mapping[str, bytes]:
        return {
            CHANGES: msgspec.json.encode(self._database.changes()),
            SAID: msgspec.json.encode(self._said),
        }
