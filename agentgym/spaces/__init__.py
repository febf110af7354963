"""Spaces of text and of actions, beside Gymnasium's own; and actions as whole numbers, and back."""

from agentgym.spaces.calls import DesktopCallText, ToolCallText
from agentgym.spaces.forms import ActionForm, ActionFormName, action_form, observation_space
from agentgym.spaces.grid import ActionGrid
from agentgym.spaces.text import Computer13, PyAutoGUIText, UnicodeText

__all__ = [
    "ActionForm",
    "ActionFormName",
    "ActionGrid",
    "Computer13",
    "DesktopCallText",
    "PyAutoGUIText",
    "ToolCallText",
    "UnicodeText",
    "action_form",
    "observation_space",
]
