"""The spaces of an environment by name: how its actions are written, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from gymnasium import spaces

from agentgym.actions import Action, parse_action
from agentgym.actions.quoting import short
from agentgym.errors import UsageError
from agentgym.registry import suggestion
from agentgym.spaces.calls import DesktopCallText
from agentgym.spaces.grid import ActionGrid
from agentgym.spaces.text import Computer13, PyAutoGUIText, UnicodeText

__all__ = ["ActionForm", "ActionFormName", "action_form", "observation_space"]

ActionFormName: TypeAlias = Literal["pyautogui", "computer_13", "desktop_action", "discrete"]

_VERBS = ("wait", "click", "double_click", "right_click", "move", "scroll_up", "scroll_down", "key")
_BINS = (32, 18)
_KEYS = (
    *"abcdefghijklmnopqrstuvwxyz0123456789",
    *("space", "enter", "tab", "esc", "backspace", "delete", "up", "down", "left", "right"),
    *("home", "end", "pageup", "pagedown"),
)


@dataclass(frozen=True)
class ActionForm:
    """How an environment's actions are written: the space that holds them, and what one of them means.

    ``decode`` takes whatever `parse_action` takes besides, and raises `ActionError`.
    """

    space: spaces.Space[Any]
    decode: Callable[[Any], Action]


def action_form(name: ActionFormName, screen: tuple[int, int], *, code: bool = False) -> ActionForm:
    """The form of that name for a screen of (width, height) pixels.

    ``"discrete"`` is [verb, column of 32, row of 18, key], an `ActionGrid`: the verbs wait, click, double click, right
    click, move, scroll up, scroll down, press; the keys a to z, 0 to 9, and fourteen that do not print.

    Args:
        code: whether text may be any Python, and ``"desktop_action"`` offers shell commands.

    Raises:
        UsageError: if there is none of that name.
    """
    match name:
        case "pyautogui":
            return ActionForm(PyAutoGUIText(screen, code=code), partial(parse_action, code=code))
        case "computer_13":
            return ActionForm(Computer13(screen), partial(parse_action, code=code))
        case "desktop_action":
            return ActionForm(DesktopCallText(screen, code=code), partial(parse_action, code=code))
        case "discrete":
            grid = ActionGrid(_VERBS, _KEYS, _BINS, screen)
            return ActionForm(grid.space, partial(grid.decode, words=()))
    raise UsageError(f"action is {short(name)}; {suggestion(str(name), get_args(ActionFormName))}")


def observation_space(kinds: Sequence[str], screen: tuple[int, int]) -> spaces.Dict:
    """The space of observations of these kinds.

    Raises:
        UsageError: if a kind is unknown or none is given.
    """
    known: dict[str, Callable[[], spaces.Space[Any]]] = {
        "screenshot": lambda: spaces.Box(0, 255, (screen[1], screen[0], 3), np.uint8),
        "accessibility_tree": UnicodeText,
        "terminal": UnicodeText,
        "instruction": UnicodeText,
        "tool_result": UnicodeText,
    }
    unknown = [kind for kind in kinds if kind not in known]
    if not kinds:
        raise UsageError(f"nothing is observed; choose from {', '.join(known)}")
    if unknown:
        raise UsageError(f"no observation named {short(unknown[0])}; {suggestion(str(unknown[0]), known)}")
    return spaces.Dict({kind: known[kind]() for kind in kinds})
