"""Everything an agent can do: one closed union of frozen actions, and the ways to write them down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from agentgym.actions._forms import read_dict
from agentgym.actions._legal import legal
from agentgym.actions._plain import plain
from agentgym.actions._text import WORDS, read_calls, to_pyautogui
from agentgym.actions._types import (
    Action,
    Batch,
    Button,
    Click,
    Done,
    DoubleClick,
    DragTo,
    Fail,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    Python,
    RightClick,
    Scroll,
    ToolCall,
    TypeText,
    Wait,
)
from agentgym.actions.keys import KEYS
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError

__all__ = [
    "KEYS",
    "Action",
    "Batch",
    "Button",
    "Click",
    "Done",
    "DoubleClick",
    "DragTo",
    "Fail",
    "Hotkey",
    "KeyDown",
    "KeyUp",
    "MouseDown",
    "MouseUp",
    "MoveTo",
    "Press",
    "Python",
    "RawAction",
    "RightClick",
    "Scroll",
    "ToolCall",
    "TypeText",
    "Wait",
    "parse_action",
    "to_pyautogui",
]

RawAction: TypeAlias = Action | Mapping[str, Any] | str


def parse_action(raw: RawAction, *, code: bool = False) -> Action:
    """The action that something written means. Nothing of it is executed.

    Read are our own actions; text with calls of the pyautogui API (several make a `Batch`) or one of the words
    ``WAIT``, ``DONE``, ``FAIL``; OSWorld's ``computer_13`` dicts; the structured form
    ``{"action_type": "click", "coordinate": [x, y]}``; a tool call ``{"name": …, "arguments": {…}}``; our JSON form
    ``{"kind": "Click", …}``; and any such dict as JSON text. Numbers may be numpy's.

    Whatever was read is within the limits of one action, and its `to_pyautogui` reads back as the same.

    Args:
        code: whether Python that is more than literal calls of the API is an action, too: a `Python`, which an
            environment made with ``allow_code=True`` runs inside its machine.

    Raises:
        ActionError: says what was given and what would be right.
    """
    try:
        return legal(_read(raw, code=code))
    except ActionError:
        raise
    except (ValueError, OverflowError, RecursionError) as error:
        # What nobody thought of writing: an agent's text must not end the episode.
        raise ActionError(f"the action cannot be read: {cut(str(error))}") from error


def _read(raw: object, *, code: bool) -> Action:
    if isinstance(raw, Action | Mapping):
        return read_dict(plain(raw), code=code)
    if not isinstance(raw, str):
        raise ActionError(f"an action is text, a dict or an Action, not {type(raw).__name__}")
    text = raw.strip()
    if text.upper() in WORDS:
        return WORDS[text.upper()]
    return read_dict(plain(_json(text)), code=code) if text.startswith("{") else read_calls(text, code=code)


def _json(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ActionError(f"not a JSON object: {short(text)} ({cut(str(error))})") from error
