"""The tool that a model is offered so that it uses a computer, in the form of whoever serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agentgym.errors import UsageError

__all__ = ["ANTHROPIC_ACTIONS", "OPENAI_ACTIONS", "OWN_ACTIONS", "definition"]

OPENAI_ACTIONS: dict[str, tuple[str, ...]] = {
    "click": ("x", "y", "button", "keys"),
    "double_click": ("x", "y", "keys"),
    "drag": ("path", "keys"),
    "keypress": ("keys",),
    "move": ("x", "y", "keys"),
    "screenshot": (),
    "scroll": ("x", "y", "scroll_x", "scroll_y", "keys"),
    "type": ("text",),
    "wait": (),
}
"""OpenAI's actions, and what each has beside its ``type``: `openai.types.responses.ComputerAction`."""

_CLICK = ("coordinate", "text", "key")
ANTHROPIC_ACTIONS: dict[str, tuple[str, ...]] = {
    "key": ("text", "repeat"),
    "hold_key": ("text", "duration"),
    "type": ("text",),
    "cursor_position": (),
    "mouse_move": ("coordinate",),
    "left_mouse_down": (),
    "left_mouse_up": (),
    "left_click": _CLICK,
    "left_click_drag": ("coordinate", "start_coordinate", "text", "key"),
    "right_click": _CLICK,
    "middle_click": _CLICK,
    "double_click": _CLICK,
    "triple_click": _CLICK,
    "scroll": ("coordinate", "scroll_direction", "scroll_amount", "text", "key"),
    "wait": ("duration",),
    "screenshot": (),
    "zoom": ("region",),
}
"""Anthropic's, and what each has beside its ``action``: tools of October 2024 to August 2026."""

OWN_ACTIONS: dict[str, tuple[str, ...]] = {"done": (), "fail": ()}
"""How a model that is offered a function ends the task; the others end it by saying so."""

_OFFERED = (
    "left_click",
    "right_click",
    "middle_click",
    "double_click",
    "triple_click",
    "mouse_move",
    "left_click_drag",
    "left_mouse_down",
    "left_mouse_up",
    "scroll",
    "type",
    "key",
    "hold_key",
    "wait",
    "screenshot",
    "done",
    "fail",
)
_PLACE = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}


def definition(kind: str, screen: tuple[int, int]) -> dict[str, Any]:
    """The tool to offer. What the model then asks for is read by `agentgym.agents.computer_use.to_action`.

    Args:
        kind: ``"chat"`` and ``"responses"``, a function for any model, for either of OpenAI's APIs; ``"computer"`` and
            ``"computer_use_preview"``, the tools that OpenAI's models are trained for; ``"computer_20241022"``,
            ``"computer_20250124"`` and ``"computer_20251124"``, Anthropic's.
        screen: (width, height) that the model is told.

    Raises:
        UsageError: if there is no such kind.
    """
    if kind not in _KINDS:
        raise UsageError(f"no kind {kind!r} of computer tool; there are {', '.join(_KINDS)}")
    return _KINDS[kind](screen)


def _function(screen: tuple[int, int]) -> dict[str, Any]:
    width, height = screen
    told = (
        f"Uses a computer with mouse and keyboard; the screen is {width}x{height} pixels, [0, 0] the top left corner. "
        "Each call is one action, after which the screen is shown. Say 'done' when the task is finished, 'fail' if it "
        "cannot be done."
    )
    properties = {
        "action": {"type": "string", "enum": list(_OFFERED)},
        "coordinate": {
            **_PLACE,
            "description": "Where; the end of a drag. Clicks and scrolling: where the pointer is.",
        },
        "start_coordinate": {**_PLACE, "description": "Where a drag begins."},
        "text": {
            "type": "string",
            "description": "What is typed; the key or combination that is pressed, 'Return', 'ctrl+s'; the keys that "
            "are held during a click.",
        },
        "scroll_direction": {"type": "string", "enum": ["up", "down", "left", "right"]},
        "scroll_amount": {"type": "integer", "minimum": 1, "description": "Clicks of the wheel."},
        "duration": {"type": "number", "minimum": 0, "maximum": 100, "description": "Seconds to wait or to hold."},
        "repeat": {"type": "integer", "minimum": 1, "maximum": 100, "description": "How often a key is pressed."},
    }
    parameters = {"type": "object", "properties": properties, "required": ["action"], "additionalProperties": False}
    return {"name": "computer", "description": told, "parameters": parameters}


def _anthropic(version: str, **more: Any) -> Callable[[tuple[int, int]], dict[str, Any]]:
    def made(screen: tuple[int, int]) -> dict[str, Any]:
        width, height = screen
        return {"type": version, "name": "computer", "display_width_px": width, "display_height_px": height, **more}

    return made


def _preview(screen: tuple[int, int]) -> dict[str, Any]:
    width, height = screen
    size = {"display_width": width, "display_height": height}
    return {"type": "computer_use_preview", **size, "environment": "linux"}


_KINDS: Mapping[str, Callable[[tuple[int, int]], dict[str, Any]]] = {
    "chat": lambda screen: {"type": "function", "function": _function(screen)},
    "responses": lambda screen: {"type": "function", **_function(screen), "strict": False},
    "computer": lambda _: {"type": "computer"},
    "computer_use_preview": _preview,
    "computer_20241022": _anthropic("computer_20241022"),
    "computer_20250124": _anthropic("computer_20250124"),
    "computer_20251124": _anthropic("computer_20251124", enable_zoom=True),
}
