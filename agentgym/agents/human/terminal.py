"""The agent that asks the person at the terminal: for tools, where there is no screen to look at."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from agentgym.actions import Action, parse_action
from agentgym.agents.base import Emit
from agentgym.errors import ActionError
from agentgym.hooks.asking import Ask, ask
from agentgym.tasks import Task

__all__ = ["TerminalAgent"]

_TOOLS = (
    "Write a tool's name and its arguments as JSON: {example}. DONE or FAIL ends the episode, help lists the tools."
)
_SCREEN = """Write an action: {"action_type": "click", "coordinate": [40, 60]}, pyautogui.press('enter'), DONE, FAIL."""


class TerminalAgent:
    """Shows the observation as text and reads an action.

    Args:
        ask: how a line is asked for.
        patience_s: how long the person may take for it; None for any time.
    """

    def __init__(self, *, ask: Ask = ask, patience_s: float | None = None) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._tools: tuple[Mapping[str, Any], ...] = ()
        self._is_new = False

    def reset(self, task: Task, emit: Emit) -> None:
        self._is_new = True

    def read_info(self, info: Mapping[str, Any]) -> None:
        """Takes in which tools there are."""
        self._tools = tuple(info.get("tools", self._tools))

    def act(self, observation: Any) -> Action:
        """What the person writes; what cannot be read is asked for again.

        Raises:
            TimeoutError: if the person took longer than allowed.
            EOFError: if standard input ended.
        """
        if self._is_new:
            self._is_new = False
            _say(self._help(observation))
        _say(_text(observation))
        while True:
            line = self._ask("> ", self._patience_s).strip()
            if line in ("?", "help", ""):
                _say("\n".join(map(_described, self._tools)) or "There are no tools.")
                continue
            try:
                return self._read(line)
            except ActionError as error:
                _say(str(error))

    def finish(self, result: Any) -> None:
        """Says how the episode ended."""
        score = getattr(result, "score", None)
        _say("The episode is over: " + ("no score." if score is None else f"score {score:g}."))

    def close(self) -> None:
        """There is nothing to end."""

    def _help(self, observation: Any) -> str:
        """How to write what can be done here: by a screen, by tools, or by both."""
        parts = observation.values() if isinstance(observation, Mapping) else (observation,)
        has_screen = not self._tools or any(isinstance(part, np.ndarray) and part.ndim == 3 for part in parts)
        lines = [_TOOLS.format(example=_example(self._tools[0]))] if self._tools else []
        return "\n".join([*lines, _SCREEN] if has_screen else lines) + "\n"

    def _read(self, line: str) -> Action:
        name, _, arguments = line.partition(" ")
        if any(one["function"]["name"] == name for one in self._tools):
            return parse_action(f'{{"name": "{name}", "arguments": {arguments.strip() or "{}"}}}')
        return parse_action(line)


def _example(tool: Mapping[str, Any]) -> str:
    told = tool["function"]
    arguments = dict.fromkeys(told.get("parameters", {}).get("properties", {}), "…")
    return f"{told['name']} {json.dumps(arguments, ensure_ascii=False)}"


def _described(tool: Mapping[str, Any]) -> str:
    told = tool["function"]
    parameters = ", ".join(told.get("parameters", {}).get("properties", {}))
    return f"{told['name']}({parameters}): {told.get('description', '').partition(chr(10))[0]}"


def _text(observation: Any) -> str:
    if isinstance(observation, str):
        return observation
    parts = observation.values() if isinstance(observation, Mapping) else ()
    return "\n\n".join(part for part in parts if isinstance(part, str)) or "(there is nothing to read)"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
