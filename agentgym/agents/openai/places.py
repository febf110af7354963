"""Where the agent acts: what can be done there, and how the model is to write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import gymnasium as gym

from agentgym.actions.desktop_call import DESKTOP_ACTION
from agentgym.agents.computer_tools import definition
from agentgym.agents.openai.options import Api, Writing
from agentgym.display.pictures import picture_in
from agentgym.errors import UsageError
from agentgym.spaces import Computer13, DesktopCallText, PyAutoGUIText, ToolCallText, UnicodeText
from agentgym.tools.replies import act_tool, manual

__all__ = ["BY_THE_SCREEN", "COMPUTER", "Kind", "Place", "kind_of", "written_in"]

Kind: TypeAlias = Literal["calls", "screen", "words", "values"]
"""What an action is: calls of tools; mouse and keyboard; any text; a value of another space."""

COMPUTER = "computer"
BY_THE_SCREEN: Sequence[Writing] = ("pyautogui", "computer_13")
"""How a model writes what is done by the screen alone, without tools."""

_LITERAL = "code of pyautogui's with literal arguments"
_ANY = "Python code that calls pyautogui, run anew each time"
_PYAUTOGUI = (
    ", such as pyautogui.click(40, 60), pyautogui.write('text'), pyautogui.press('enter') or "
    "pyautogui.hotkey('ctrl', 's'), several in lines of their own; or one of the words WAIT, to look again later, "
    "DONE, when the task is finished, and FAIL, if it cannot be done"
)
_TAGS = (
    "; in place of coordinates it may say tag_1, tag_2 and so on, for the middle of the box of that number on the "
    "screen: pyautogui.click(tag_3)"
)
_DICTS = (
    "one JSON object that has an action_type and its parameters, such as "
    '{"action_type": "CLICK", "parameters": {"x": 40, "y": 60}}. The types are MOVE_TO (x, y); CLICK, with what '
    "applies of x, y, button (left, right or middle) and num_clicks; MOUSE_DOWN and MOUSE_UP (button); RIGHT_CLICK, "
    "DOUBLE_CLICK and DRAG_TO (x, y); SCROLL (dx, dy; a positive dy is up); TYPING (text); PRESS, KEY_DOWN and KEY_UP "
    "(key); HOTKEY (keys, a list); and without parameters WAIT, to look again later, DONE, when the task is finished, "
    "and FAIL, if it cannot be done"
)
_WORDS = "When the task is finished, answer with the word DONE alone; if it cannot be done, with FAIL alone."


def kind_of(space: gym.Space[Any] | None, observation: Any) -> Kind:
    """What an action is in an environment of this action space; of none, by what is seen first."""
    match space:
        case PyAutoGUIText() | Computer13() | DesktopCallText():
            return "screen"
        case ToolCallText():
            return "calls"
        case UnicodeText():
            return "words"
        case gym.Space():
            return "values"
    return "screen" if picture_in(observation) is not None else "words"


def written_in(
    space: gym.Space[Any] | None, kind: Kind, asked: Writing, *, offered: Sequence[Mapping[str, Any]]
) -> Writing:
    """How the model writes its actions, if it is not told.

    Args:
        space: of the environment's actions, if it is known.
        offered: definitions of the environment's tools.

    Raises:
        UsageError: if it cannot be told so here.
    """
    if asked in (*BY_THE_SCREEN, "computer", DESKTOP_ACTION) and kind != "screen":
        raise UsageError(f"actions={asked!r} is for environments with a screen; give 'auto', 'tools' or 'text'")
    has_desktop_action = any(one["function"]["name"] == DESKTOP_ACTION for one in offered)
    if asked == DESKTOP_ACTION and not has_desktop_action:
        raise UsageError(
            "actions='desktop_action' is for a desktop that offers it: make it with action='desktop_action'"
        )
    if asked != "auto":
        return asked
    if kind == "screen" and has_desktop_action:
        return DESKTOP_ACTION
    if isinstance(space, Computer13) and not offered:
        return "computer_13"
    return "tools" if kind == "screen" or offered else "text"


@dataclass(frozen=True)
class Place:
    """What can be done in an episode, and how.

    Attributes:
        writing: never ``"auto"``.
        offered: definitions of the environment's tools, as OpenAI's API takes them.
        screen: (width, height), where there is one.
        display: that of the pictures which the model is shown, where a wrapper makes them smaller.
        tags: the places that ``tag_1``, ``tag_2`` and so on stand for; None where actions cannot say so.
    """

    kind: Kind
    writing: Writing
    api: Api = "chat"
    offered: tuple[Mapping[str, Any], ...] = ()
    screen: tuple[int, int] | None = None
    display: tuple[int, int] | None = None
    space: gym.Space[Any] | None = None
    preview: bool = False
    tags: Sequence[tuple[int, int]] | None = None

    @property
    def code(self) -> bool:
        """Whether an action may be any Python."""
        return isinstance(self.space, PyAutoGUIText) and self.space.code

    @property
    def names(self) -> frozenset[str]:
        """Of the environment's own tools."""
        return frozenset(str(one["function"]["name"]) for one in self.offered)

    @property
    def calls_natively(self) -> bool:
        return self.writing in ("tools", "computer", DESKTOP_ACTION)

    @property
    def ends_by_saying_so(self) -> bool:
        """Whether a reply without a call says that the task is finished, as OpenAI's models for computers do."""
        return self.writing == "computer" and self.api == "responses"

    def definitions(self) -> Sequence[Mapping[str, Any]]:
        """The tools that a request names."""
        if not self.calls_natively:
            return ()
        if self.kind == "calls" or self.writing == DESKTOP_ACTION:
            return self.offered
        if self.writing == "computer":
            return (*self.offered, self._computer())
        return (*self.offered, act_tool(self._how()))

    def manual(self) -> str:
        """What the model is told of how it acts."""
        tools = f"{manual(self.offered)}\n\n" if self.offered and self.writing == "text" else ""
        if self.kind == "words":
            return "Your answer is the action, word for word: write nothing else."
        if self.kind == "calls":
            native = "Act by calling the tools, several at once where none needs the result of another. "
            return (native if self.calls_natively else tools) + _WORDS
        seen = self._seen()
        if self.calls_natively:
            return f"{seen}Act by calling the tools. {_WORDS}"
        return f"{tools}{seen}An action is {self._how()}. Write it into a block of code at the end of your answer."

    @property
    def hint(self) -> str:
        """What a model is told that wrote no action."""
        if self.kind == "calls" or self.writing in ("computer", DESKTOP_ACTION):
            return "Call a tool, or answer with the word DONE or FAIL alone."
        return f"An action is {self._how()}."

    def _seen(self) -> str:
        size = self.display if self.writing == "computer" else self.screen
        return "" if size is None else f"You see a screen of {size[0]}x{size[1]} pixels; (0, 0) is its top left. "

    def _how(self) -> str:
        if self.writing == "computer_13":
            return _DICTS
        if self.kind == "screen":
            return (_ANY if self.code else _LITERAL) + _PYAUTOGUI + ("" if self.tags is None else _TAGS)
        return "the action, word for word" if self.kind == "words" else f"a value of {self.space}, as JSON"

    def _computer(self) -> Mapping[str, Any]:
        kind = "chat" if self.api == "chat" else "computer_use_preview" if self.preview else "computer"
        return definition(kind, self.display or self.screen or (0, 0))
