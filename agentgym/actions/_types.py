"""The closed union of actions."""

from __future__ import annotations

from itertools import chain
from typing import Any, Literal, TypeAlias

import msgspec

Button: TypeAlias = Literal["left", "middle", "right"]


class _Action(msgspec.Struct, frozen=True, tag_field="kind", tag=lambda name: name, forbid_unknown_fields=True):
    pass


class MoveTo(_Action, frozen=True):
    """Moves the pointer; pixels from the top left."""

    x: int
    y: int


class Click(_Action, frozen=True):
    """Presses and releases a button ``clicks`` times, where the pointer is if no place is given."""

    x: int | None = None
    y: int | None = None
    button: Button = "left"
    clicks: int = 1


class MouseDown(_Action, frozen=True):
    button: Button = "left"


class MouseUp(_Action, frozen=True):
    button: Button = "left"


class RightClick(_Action, frozen=True):
    x: int | None = None
    y: int | None = None


class DoubleClick(_Action, frozen=True):
    x: int | None = None
    y: int | None = None


class DragTo(_Action, frozen=True):
    """Moves with a button held, from where the pointer is."""

    x: int
    y: int
    button: Button = "left"


class Scroll(_Action, frozen=True):
    """Turns the wheel: ``dy`` > 0 up, ``dx`` > 0 to the right, in clicks, as pyautogui counts."""

    dx: int = 0
    dy: int = 0
    x: int | None = None
    y: int | None = None


class TypeText(_Action, frozen=True):
    """Types text, any Unicode; newlines press Enter, tabs press Tab."""

    text: str


class Press(_Action, frozen=True):
    """Presses and releases a key of pyautogui's names."""

    key: str
    presses: int = 1


class KeyDown(_Action, frozen=True):
    key: str


class KeyUp(_Action, frozen=True):
    key: str


class Hotkey(_Action, frozen=True):
    """Holds the keys in order and releases them in reverse."""

    keys: tuple[str, ...]


class Wait(_Action, frozen=True):
    """Does nothing for a while; until the screen has settled if no time is given."""

    seconds: float | None = None


class Done(_Action, frozen=True):
    """Says that the task is finished."""


class Fail(_Action, frozen=True):
    """Says that the task cannot be done."""


class Python(_Action, frozen=True):
    """Runs Python code inside the sandbox, if the environment was made with ``allow_code=True``."""

    code: str


class ToolCall(_Action, frozen=True):
    """Calls a tool by name."""

    name: str
    arguments: dict[str, Any] = {}
    id: str | None = None


class Batch(_Action, frozen=True):
    """Several actions in one step. Batches within are opened up: it is always one sequence."""

    actions: tuple[Action, ...]

    def __post_init__(self) -> None:
        if any(isinstance(part, Batch) for part in self.actions):
            opened = (part.actions if isinstance(part, Batch) else (part,) for part in self.actions)
            msgspec.structs.force_setattr(self, "actions", tuple(chain.from_iterable(opened)))


Action: TypeAlias = (
    MoveTo
    | Click
    | MouseDown
    | MouseUp
    | RightClick
    | DoubleClick
    | DragTo
    | Scroll
    | TypeText
    | Press
    | KeyDown
    | KeyUp
    | Hotkey
    | Wait
    | Done
    | Fail
    | Python
    | ToolCall
    | Batch
)
