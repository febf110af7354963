"""Spaces of tool calls written as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from agentgym.actions.desktop_call import DESKTOP_ACTION, TAKES, definition
from agentgym.actions.limits import MAX_WRITTEN
from agentgym.spaces.instances import instance_of
from agentgym.spaces.text import UnicodeText

__all__ = ["DesktopCallText", "ToolCallText"]


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


class DesktopCallText(ToolCallText):
    """Calls of the tool `desktop_action` as JSON text. Any text is in it.

    Args:
        screen: (width, height) in pixels, where samples click.
        code: whether shell commands are offered; no sample is one.
    """

    def __init__(
        self,
        screen: tuple[int, int] = (1280, 720),
        *,
        code: bool = False,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        self.screen, self.code = (int(screen[0]), int(screen[1])), code
        super().__init__([definition(self.screen, code=code)], seed=seed)

    @property
    def arguments(self) -> dict[str, Any]:
        return {"screen": list(self.screen), "code": self.code}

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A click, a key, some letters or whatever else; neither ``DONE`` nor ``FAIL``."""
        kind = _SAMPLED[int(self.np_random.integers(len(_SAMPLED)))]
        letters = "".join(self.np_random.choice(list("abcdefgh "), size=4))
        values = {
            "coordinate": [int(self.np_random.integers(limit)) for limit in self.screen],
            "clicks": int(self.np_random.integers(1, 4)),
            "text": f"{letters}.",
            "key": "tab",
            "keys": ["ctrl", "a"],
        }
        arguments = {"action_type": kind, **{name: values[name] for name in (*TAKES[kind][0], *TAKES[kind][1])}}
        return msgspec.json.encode({"name": DESKTOP_ACTION, "arguments": arguments}).decode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DesktopCallText) and other.arguments == self.arguments

    def __hash__(self) -> int:
        return hash((type(self), self.screen, self.code))

    def __repr__(self) -> str:
        return f"DesktopCallText({self.screen})"


_SAMPLED = ("CLICK", "DOUBLE_CLICK", "RIGHT_CLICK", "MOVE_TO", "SCROLL", "TYPING", "PRESS", "HOTKEY", "WAIT")
