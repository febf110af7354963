"""The space of tool calls written as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from agentgym.actions.limits import MAX_WRITTEN
from agentgym.spaces.instances import instance_of
from agentgym.spaces.text import UnicodeText

__all__ = ["ToolCallText"]


class ToolCallText(UnicodeText):
    """Calls of tools as JSON text. Any text is in it; what cannot be read is a step in which nothing happens.

    What is offered makes no difference to what the space is: any other of its kind is equal.

    Args:
        tools: definitions as OpenAI's API is told of them, of which samples are valid calls; without any, a sample
            says ``DONE``.
    """

    def __init__(
        self, tools: Sequence[Mapping[str, Any]] = (), *, seed: int | np.random.Generator | None = None
    ) -> None:
        self.offer(tools)
        super().__init__(MAX_WRITTEN, seed=seed)

    def offer(self, tools: Sequence[Mapping[str, Any]]) -> None:
        """Has samples be calls of these tools from now on."""
        self.tools = tuple(msgspec.json.decode(msgspec.json.encode(tools)))

    @property
    def arguments(self) -> dict[str, Any]:
        return {"tools": list(self.tools)}

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A call of one of the tools, whose arguments fit its schema."""
        if not self.tools:
            return "DONE"
        chosen = self.tools[int(self.np_random.integers(len(self.tools)))]["function"]
        arguments = instance_of(chosen["parameters"], self.np_random)
        return msgspec.json.encode({"name": chosen["name"], "arguments": arguments}).decode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToolCallText)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"ToolCallText({', '.join(tool['function']['name'] for tool in self.tools)})"
