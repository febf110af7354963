"""Actions as the text that reads back as them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentgym.actions import Action, ToolCall, parse_action, to_pyautogui
from agentgym.errors import ActionError
from agentgym.events.plain import plain_text

__all__ = ["action_text"]


def action_text(action: Any) -> str:
    """An action as text that `parse_action` reads: pyautogui calls where it is an action of a desktop, else JSON."""
    if isinstance(action, str):
        return action
    if isinstance(action, ToolCall):
        return plain_text(
            {"name": action.name, "arguments": action.arguments} | ({"id": action.id} if action.id else {})
        )
    if isinstance(action, Action) or (isinstance(action, Mapping) and "name" not in action):
        try:
            return to_pyautogui(parse_action(action))
        except ActionError:
            pass  # not of this union: the action of some other environment
    return plain_text(action)
