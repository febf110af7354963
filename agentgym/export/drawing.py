"""Actions drawn onto the screens that they were done on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from agentgym.actions import (
    Action,
    Batch,
    Click,
    DoubleClick,
    DragTo,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    ToolCall,
    TypeText,
    Wait,
    parse_action,
)
from agentgym.errors import ActionError
from agentgym.export.writing import action_text, plain

__all__ = ["Caption", "Pointer", "described", "drawn", "single_actions"]

Picture: TypeAlias = npt.NDArray[np.uint8]
Place: TypeAlias = tuple[int, int]

_LINE = 30
_MARGIN = 12
_BAR, _INK, _FAINT = (24, 26, 30), (245, 245, 245), (160, 166, 176)
_PRESSED, _MOVED, _HALO = (235, 40, 60), (20, 120, 240), (255, 255, 255)
_RADIUS = 18
_SMALLEST_WIDTH = 480


@dataclass(frozen=True)
class Caption:
    """The lines under a picture: where in the episode it is, and what is done next."""

    where: str
    what: str


class Pointer:
    """Where the pointer was left, as far as the actions tell."""

    def __init__(self) -> None:
        self.place: Place | None = None

    def trace(self, action: Any) -> Iterator[tuple[Action, Place | None, Place | None]]:
        """Each single action with where the pointer was before it and is after it."""
        for one in single_actions(action):
            before, self.place = self.place, _target(one) or self.place
            yield one, before, self.place


def single_actions(action: Any) -> list[Action]:
    """The actions in a recorded one; none if it is that of an environment which is no desktop."""
    try:
        read = parse_action(action)
    except ActionError:
        return []
    return [one for part in read.actions for one in single_actions(part)] if isinstance(read, Batch) else [read]


def drawn(picture: Picture, action: Any, pointer: Pointer, caption: Caption) -> Picture:
    """The picture with the action on it and the caption under it, of even width and height.

    A ring is where a button was pressed, two for a double click, with the button's name if it is not the left one; an
    arrow is a drag or the wheel; a cross is where the pointer went. Small pictures are enlarged.

    Args:
        action: what is done next; None after the last one.
        pointer: moved along.
    """
    height, width = picture.shape[:2]
    scale = max(1, -(-_SMALLEST_WIDTH // width))
    shown = Image.fromarray(picture).resize((width * scale, height * scale), Image.Resampling.NEAREST)
    canvas = Image.new("RGB", (_even(shown.width), _even(shown.height + 2 * _LINE + _MARGIN)), _BAR)
    canvas.paste(shown)
    pen = _Pen(ImageDraw.Draw(canvas), scale)
    if action is not None:
        for one, before, after in pointer.trace(action):
            pen.mark(one, before, after)
    pen.write(caption, shown.height, canvas.width)
    return np.asarray(canvas)


class _Pen:
    def __init__(self, draw: ImageDraw.ImageDraw, scale: int) -> None:
        self._draw = draw
        self._scale = scale

    def mark(self, action: Action, before: Place | None, after: Place | None) -> None:
        if after is None:
            return
        match action:
            case Click(button=button, clicks=clicks):
                self._rings(after, clicks, button)
            case DoubleClick():
                self._rings(after, 2, "left")
            case RightClick():
                self._rings(after, 1, "right")
            case MouseDown(button=button) | MouseUp(button=button):
                self._rings(after, 1, button)
            case DragTo(button=button):
                self._arrow(before or after, after, _PRESSED)
                self._rings(after, 1, button)
            case MoveTo():
                self._cross(after)
            case Scroll(dx=dx, dy=dy):
                self._arrow(after, (after[0] + _reach(dx), after[1] - _reach(dy)), _MOVED)

    def write(self, caption: Caption, top: int, width: int) -> None:
        for line, (text, colour) in enumerate(((caption.where, _FAINT), (caption.what, _INK))):
            place = (_MARGIN, top + _MARGIN // 2 + line * _LINE)
            self._draw.text(place, _fitting(text, width - 2 * _MARGIN), fill=colour, font=_font())

    def _rings(self, place: Place, count: int, button: str) -> None:
        x, y = self._scaled(place)
        for number in range(max(1, count)):
            radius = _RADIUS + 8 * number
            box = (x - radius, y - radius, x + radius, y + radius)
            self._draw.ellipse(box, outline=_HALO, width=6)
            self._draw.ellipse(box, outline=_PRESSED, width=4)
        self._draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=_PRESSED, outline=_HALO)
        if button != "left":
            self._label((x + _RADIUS + 8 * count, y - _RADIUS), button)

    def _label(self, place: Place, text: str) -> None:
        box = self._draw.textbbox(place, text, font=_font())
        self._draw.rectangle((box[0] - 4, box[1] - 3, box[2] + 4, box[3] + 3), fill=_PRESSED)
        self._draw.text(place, text, fill=_HALO, font=_font())

    def _cross(self, place: Place) -> None:
        x, y = self._scaled(place)
        for colour, line in ((_HALO, 6), (_MOVED, 3)):
            self._draw.line((x - _RADIUS, y, x + _RADIUS, y), fill=colour, width=line)
            self._draw.line((x, y - _RADIUS, x, y + _RADIUS), fill=colour, width=line)

    def _arrow(self, start: Place, end: Place, colour: tuple[int, int, int]) -> None:
        tail, tip = np.array(self._scaled(start), float), np.array(self._scaled(end), float)
        length = float(np.hypot(*(tip - tail)))
        if length < 1:
            return
        along = (tip - tail) / length
        across = np.array([-along[1], along[0]])
        back = tip - 16 * along
        points = [tuple(tip), tuple(back + 9 * across), tuple(back - 9 * across)]
        self._draw.line((*tail, *tip), fill=_HALO, width=8)
        self._draw.line((*tail, *tip), fill=colour, width=4)
        self._draw.polygon(points, fill=colour, outline=_HALO)

    def _scaled(self, place: Place) -> Place:
        return place[0] * self._scale, place[1] * self._scale


def described(action: Any) -> str:
    """An action in one line: typed text and keys as they are, everything else as it is written."""
    return ", ".join(map(_described, single_actions(action))) or " ".join(action_text(action).split("\n"))


def _described(action: Action) -> str:  # noqa: PLR0911 - one return for each kind of action
    match action:
        case TypeText(text=text):
            return f"type {text!r}"
        case Press(key=key, presses=presses):
            return f"press {key}" + (f" {presses} times" if presses != 1 else "")
        case Hotkey(keys=keys):
            return f"press {'+'.join(keys)}"
        case KeyDown(key=key):
            return f"hold {key}"
        case KeyUp(key=key):
            return f"release {key}"
        case Wait(seconds=seconds):
            return "wait" if seconds is None else f"wait {seconds:g} s"
        case ToolCall(name=name, arguments=arguments):
            return f"{name} {action_text(plain(arguments))}"
    return action_text(action).removeprefix("pyautogui.")


def _target(action: Action) -> Place | None:
    x, y = getattr(action, "x", None), getattr(action, "y", None)
    return None if x is None or y is None else (x, y)


def _reach(clicks: int) -> int:
    return 0 if clicks == 0 else (60 if clicks > 0 else -60)


def _even(length: int) -> int:
    return length + length % 2


def _fitting(text: str, width: int) -> str:
    """The text, or its beginning and an ellipsis."""
    if _font().getlength(text) <= width:
        return text
    kept = text[: max(1, int(len(text) * width / _font().getlength(text)))]
    while kept and _font().getlength(f"{kept}...") > width:
        kept = kept[:-1]
    return f"{kept}..."


@cache
def _font() -> Any:
    return ImageFont.load_default(size=20)
