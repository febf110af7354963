"""Keyboard and pointer of an X display, driven through XTEST."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, Final, NamedTuple, cast

import xcffib
import xcffib.xkb
import xcffib.xproto
import xcffib.xtest

from agentgym.actions import (
    Action,
    Batch,
    Button,
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
    TypeText,
)
from agentgym.backends.checks import check_input
from agentgym.backends.x11.keymap import Keymap, Stroke
from agentgym.backends.x11.keysyms import KEYS, RETURN, keysym_of_character, keysym_of_key
from agentgym.errors import BackendError

__all__ = ["MULTI_CLICK_S", "InputDriver", "Sent"]

MULTI_CLICK_S: Final = 0.1
"""The double-click time that applications are configured with."""

_SAME_PLACE_PX = 8
# Events carry whole milliseconds, and the agent's clock is not the server's.
_CLOCK_MARGIN_S = 0.005
_DRAG_STEPS = 8

_KEY_PRESS, _KEY_RELEASE, _BUTTON_PRESS, _BUTTON_RELEASE, _MOTION = 2, 3, 4, 5, 6
_BUTTONS: dict[Button, int] = {"left": 1, "middle": 2, "right": 3}
_WHEEL = _WHEEL_UP, _WHEEL_DOWN, _WHEEL_LEFT, _WHEEL_RIGHT = 4, 5, 6, 7
_BUTTON_MASKS = {button: 0x80 << button for button in range(1, 6)}
_USE_CORE_KEYBOARD = 0x100
_ALL_MODIFIERS = 0xFF
_LAST_BASIC = 0x0100FFFF


@dataclass
class Sent:
    """How many events of each kind were sent, and where the pointer was sent to last.

    A server passes over the press of a button that is down and the release of one that is not: so does this.
    """

    presses: int = 0
    releases: int = 0
    key_releases: int = 0
    wheel_turns: int = 0
    moves: int = 0
    place: tuple[int, int] = (0, 0)
    held: frozenset[int] = frozenset()

    def note(self, event: int, detail: int, x: int, y: int) -> None:
        if event == _MOTION:
            self.moves += 1
            self.place = (x, y)
        elif event == _KEY_RELEASE:
            self.key_releases += 1
        elif detail in _WHEEL:
            self.wheel_turns += event == _BUTTON_PRESS
        elif event == _BUTTON_PRESS and detail not in self.held:
            self.presses += 1
            self.held |= {detail}
        elif event == _BUTTON_RELEASE and detail in self.held:
            self.releases += 1
            self.held -= {detail}


class InputDriver:
    """Does input actions as pyautogui does them, where docs/pyautogui-differences.md does not say otherwise.

    Args:
        connection: stays the caller's. It gets MappingNotify events now and then, which its owner must read and drop.
        screen: (width, height) in pixels.
        drain: blocks until the desktop has dealt with what was sent. Called between the parts of a `Batch`, within text
            after each line and around characters that the keyboard map lacks, and before a dragged thing is let go.
    """

    def __init__(self, connection: xcffib.Connection, *, screen: tuple[int, int], drain: Callable[[], None]) -> None:
        # xcffib makes this attribute when it loads, out of a type checker's sight.
        self._core = cast("Any", connection).core
        self._screen = screen
        self._drain_desktop = drain
        self._xtest = connection(xcffib.xtest.key)
        self._xkb = connection(xcffib.xkb.key)
        self._root = connection.get_setup().roots[connection.pref_screen].root
        self._guard = _MultiClickGuard()
        self._held: set[int] = set()
        self.sent = Sent()
        with _display_errors():
            self._xkb.UseExtension(1, 0).reply()
            self._keymap = Keymap(connection, drain=self._drain)

    def perform(self, action: Action) -> None:
        """Does an action; returns as soon as the X server has taken it.

        Every part of a `Batch` is looked at before the first is done, and each waits until the desktop has dealt with
        the one before it. Presses of a button at one place by different actions are kept so far apart that applications
        do not take them for a double click.

        Raises:
            ActionError: if it cannot be done: off the screen, unknown key, untypable character, not an input action.
                Nothing has happened then.
            BackendError: of kind ``"display"``, if the X server is gone.
        """
        check_input(action, screen=self._screen, key=keysym_of_key, character=keysym_of_character)
        with _display_errors():
            self._do(action)
            self._sync()

    def reset(self) -> None:
        """Puts keyboard and pointer into their first state.

        Releases every key, button and lock, restores the keyboard map, turns auto-repeat off and moves the pointer to
        the centre of the screen.

        Raises:
            BackendError: of kind ``"display"``, if the X server is gone.
        """
        auto_repeat, off = xcffib.xproto.KB.AutoRepeatMode, xcffib.xproto.AutoRepeatMode.Off
        with _display_errors():
            self._release_all()
            self._keymap.restore()
            self._core.ChangeKeyboardControl(auto_repeat, [off])
            self._move(self._screen[0] // 2, self._screen[1] // 2)
            self._sync()
        self._guard = _MultiClickGuard()

    def _do(self, action: Action) -> None:
        match action:
            case Batch(actions):
                for index, part in enumerate(actions):
                    if index and not isinstance(actions[index - 1], MoveTo | KeyDown | KeyUp):
                        self._drain()
                    self._do(part)
            case TypeText(text):
                self._type(text)
            case Press(key, presses):
                self._press(key, presses)
            case KeyDown(key):
                self._key_down(self._stroke(key))
            case KeyUp(key):
                self._key_up(self._stroke(key))
            case Hotkey(keys):
                self._hotkey(keys)
            case _:
                self._point(action)

    def _point(self, action: Action) -> None:
        match action:
            case MoveTo(x, y):
                self._move(x, y)
            case Click(x, y, button, clicks):
                self._click(x, y, button, clicks)
            case RightClick(x, y):
                self._click(x, y, "right", 1)
            case DoubleClick(x, y):
                self._click(x, y, "left", 2)
            case MouseDown(button):
                self._click(None, None, button, 1, release=False)
            case MouseUp(button):
                self._send(_BUTTON_RELEASE, _BUTTONS[button])
            case DragTo(x, y, button):
                self._drag(x, y, button)
            case Scroll(dx, dy, x, y) if dx or dy:
                self._move(x, y)
                self._turn(_WHEEL_UP if dy > 0 else _WHEEL_DOWN, abs(dy))
                self._turn(_WHEEL_RIGHT if dx > 0 else _WHEEL_LEFT, abs(dx))

    def _type(self, text: str) -> None:
        self._keymap.refresh()
        keysyms = [keysym_of_character(character) for character in text.replace("\r\n", "\n")]
        for piece in self._keymap.pieces(keysyms, held=self._held):
            strokes = dict(zip(piece, self._keymap.strokes(piece, held=self._held), strict=True))
            for index, run in enumerate(_runs(piece)):
                if index:
                    self._drain()
                self._type_run([strokes[keysym] for keysym in run])

    def _type_run(self, strokes: Iterable[Stroke]) -> None:
        for shift, run in groupby(strokes, key=self._shift_change):
            with self._shifted(shift):
                for stroke in run:
                    self._push(stroke.keycode)
                    self._key_up(stroke)

    def _press(self, key: str, presses: int) -> None:
        stroke = self._stroke(key)
        for _ in range(presses):
            self._key_down(stroke)
            self._key_up(stroke)

    def _hotkey(self, keys: Iterable[str]) -> None:
        strokes = []
        for key in keys:
            strokes.append(self._stroke(key))
            self._key_down(strokes[-1])
        for stroke in reversed(strokes):
            self._key_up(stroke)

    def _stroke(self, key: str) -> Stroke:
        self._keymap.refresh()
        return self._keymap.strokes([keysym_of_key(key)], held=self._held)[0]

    def _key_down(self, stroke: Stroke) -> None:
        with self._shifted(self._shift_change(stroke)):
            self._push(stroke.keycode)
        self._held.add(stroke.keycode)

    def _push(self, keycode: int) -> None:
        # Without auto-repeat the server ignores the press of a key that is down.
        if keycode in self._held and keycode not in self._keymap.modifiers:
            self._send(_KEY_RELEASE, keycode)
        self._send(_KEY_PRESS, keycode)

    def _key_up(self, stroke: Stroke) -> None:
        self._send(_KEY_RELEASE, stroke.keycode)
        self._held.discard(stroke.keycode)

    def _shift_change(self, stroke: Stroke) -> bool | None:
        """Whether Shift must go down (True) or up (False) for a stroke; None if it is as it should be.

        A key of the map that needs no Shift is pressed as it is while the agent holds Shift, as on a keyboard.
        """
        held = bool(self._shift_keys() & self._held)
        if held == stroke.shift or not (stroke.shift or stroke.spare):
            return None
        return stroke.shift

    @contextmanager
    def _shifted(self, down: bool | None) -> Iterator[None]:
        keys = set() if down is None else {min(self._shift_keys())} if down else self._shift_keys() & self._held
        for code in keys:
            self._send(_KEY_PRESS if down else _KEY_RELEASE, code)
        yield
        for code in keys:
            self._send(_KEY_RELEASE if down else _KEY_PRESS, code)

    def _shift_keys(self) -> set[int]:
        left, right = self._keymap.strokes([KEYS["shiftleft"], KEYS["shiftright"]])
        return {left.keycode, right.keycode}

    def _click(self, x: int | None, y: int | None, button: Button, clicks: int, *, release: bool = True) -> None:
        self._move(x, y)
        if not clicks:
            return
        # A round trip costs as much as the rest of a click: the pointer is not asked for when its place is known.
        place = self._pointer() if x is None or y is None else (x, y)
        press = _Press(button, *place, clicks)
        if self._guard.pending:
            self._sync()
        self._guard.wait(press)
        for _ in range(clicks):
            self._send(_BUTTON_PRESS, _BUTTONS[button])
            if release:
                self._send(_BUTTON_RELEASE, _BUTTONS[button])
        self._guard.pending = press

    def _drag(self, x: int, y: int, button: Button) -> None:
        start_x, start_y = self._pointer()
        self._click(None, None, button, 1, release=False)
        for step in range(1, _DRAG_STEPS + 1):
            part = step / _DRAG_STEPS
            self._move(round(start_x + part * (x - start_x)), round(start_y + part * (y - start_y)))
        # Where a thing may be dropped is settled between two applications, which takes them some messages.
        self._drain()
        self._send(_BUTTON_RELEASE, _BUTTONS[button])

    def _turn(self, wheel: int, clicks: int) -> None:
        for _ in range(clicks):
            self._send(_BUTTON_PRESS, wheel)
            self._send(_BUTTON_RELEASE, wheel)

    def _move(self, x: int | None, y: int | None) -> None:
        if x is None and y is None:
            return
        if x is None or y is None:
            here = self._pointer()
            x, y = here[0] if x is None else x, here[1] if y is None else y
        self._send(_MOTION, 0, x, y)

    def _pointer(self) -> tuple[int, int]:
        reply = self._core.QueryPointer(self._root).reply()
        return reply.root_x, reply.root_y

    def _release_all(self) -> None:
        down = bytes(self._core.QueryKeymap().reply().keys)
        for code in range(8 * len(down)):
            if down[code // 8] >> code % 8 & 1:
                self._send(_KEY_RELEASE, code)
        self._held.clear()
        mask = self._core.QueryPointer(self._root).reply().mask
        for button, bit in _BUTTON_MASKS.items():
            if mask & bit:
                self._send(_BUTTON_RELEASE, button)
        self._xkb.LatchLockState(_USE_CORE_KEYBOARD, _ALL_MODIFIERS, 0, True, 0, _ALL_MODIFIERS, False, 0)

    def _send(self, event: int, detail: int, x: int = 0, y: int = 0) -> None:
        self.sent.note(event, detail, x, y)
        self._xtest.FakeInput(event, detail, 0, self._root if event == _MOTION else 0, x, y, 0)

    def _sync(self) -> None:
        """Returns when the server has done what was sent, which also shows that it lives."""
        self._core.GetInputFocus().reply()
        self._guard.arrived()

    def _drain(self) -> None:
        self._sync()
        self._drain_desktop()


def _runs(keysyms: Sequence[int]) -> Iterator[Sequence[int]]:
    """Splits what is to be typed where a key would overtake the one before it.

    LibreOffice Writer 7.4 puts a Return off until after the characters that follow it, and gathers characters that come
    fast but not those beyond the Basic Multilingual Plane, which so get in front.
    """
    start = 0
    for index, (before, after) in enumerate(pairwise(keysyms), start=1):
        if (before == RETURN != after) or (after > _LAST_BASIC >= before):
            yield keysyms[start:index]
            start = index
    yield keysyms[start:]


class _Press(NamedTuple):
    """Presses of a button at a place, by one action."""

    button: Button
    x: int
    y: int
    clicks: int

    def is_near(self, other: _Press) -> bool:
        distance = max(abs(self.x - other.x), abs(self.y - other.y))
        return self.button == other.button and distance <= _SAME_PLACE_PX


class _MultiClickGuard:
    """Keeps apart what applications would otherwise join to a double or triple click.

    An application compares the times of presses: steps follow each other faster than its double-click time.
    """

    def __init__(self) -> None:
        self.pending: _Press | None = None
        """What was sent and has not been seen to arrive."""
        self._last: _Press | None = None
        self._until = 0.0

    def wait(self, press: _Press) -> None:
        """Waits if this press would be joined to the last one that arrived."""
        if self._last is not None and press.is_near(self._last):
            time.sleep(max(0.0, self._until - time.monotonic()))

    def arrived(self) -> None:
        """Notes that the pending press, if there is one, has reached the server by now."""
        if self.pending is None:
            return
        # GTK takes a press within twice the time of a double click for its third.
        self._until = time.monotonic() + min(self.pending.clicks, 2) * MULTI_CLICK_S + _CLOCK_MARGIN_S
        self._last, self.pending = self.pending, None


@contextmanager
def _display_errors() -> Iterator[None]:
    try:
        yield
    except xcffib.XcffibException as error:
        raise BackendError(f"the X server is gone: {error}", kind="display") from error
