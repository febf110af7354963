"""The keyboard of the windows of one environment."""

from __future__ import annotations

import time
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QWidget
from shiboken6 import Shiboken

from agentgym.actions.keys import check_key
from agentgym.backends.qt.turns import Seat
from agentgym.errors import ActionError

__all__ = ["Keyboard", "key_named"]

_Key, _Modifier = Qt.Key, Qt.KeyboardModifier
_PRESS, _RELEASE = QEvent.Type.KeyPress, QEvent.Type.KeyRelease
_MODIFIERS: Mapping[str, tuple[Qt.Key, Qt.KeyboardModifier]] = {
    "ctrl": (_Key.Key_Control, _Modifier.ControlModifier),
    "shift": (_Key.Key_Shift, _Modifier.ShiftModifier),
    "alt": (_Key.Key_Alt, _Modifier.AltModifier),
    "win": (_Key.Key_Meta, _Modifier.MetaModifier),
}
_ALIASES = {
    **{f"{name}{side}": name for name in _MODIFIERS for side in ("left", "right")},
    "command": "win",
    "option": "alt",
    "optionleft": "alt",
    "optionright": "alt",
    "return": "enter",
    "escape": "esc",
    "del": "delete",
    "pgup": "pageup",
    "pgdn": "pagedown",
    " ": "space",
    "\n": "enter",
    "\r": "enter",
    "\t": "tab",
    "\b": "backspace",
    "prtsc": "printscreen",
    "prtscr": "printscreen",
    "prntscrn": "printscreen",
    "print": "printscreen",
}
_NAMED: Mapping[str, Qt.Key] = {
    "enter": _Key.Key_Return,
    "tab": _Key.Key_Tab,
    "esc": _Key.Key_Escape,
    "backspace": _Key.Key_Backspace,
    "delete": _Key.Key_Delete,
    "insert": _Key.Key_Insert,
    "home": _Key.Key_Home,
    "end": _Key.Key_End,
    "pageup": _Key.Key_PageUp,
    "pagedown": _Key.Key_PageDown,
    "up": _Key.Key_Up,
    "down": _Key.Key_Down,
    "left": _Key.Key_Left,
    "right": _Key.Key_Right,
    "space": _Key.Key_Space,
    "apps": _Key.Key_Menu,
    "pause": _Key.Key_Pause,
    "printscreen": _Key.Key_Print,
    "capslock": _Key.Key_CapsLock,
    "numlock": _Key.Key_NumLock,
    "scrolllock": _Key.Key_ScrollLock,
    "help": _Key.Key_Help,
    "clear": _Key.Key_Clear,
    "select": _Key.Key_Select,
    **{f"f{number}": Qt.Key(_Key.Key_F1.value + number - 1) for number in range(1, 25)},
    **{name: key for name, (key, _) in _MODIFIERS.items()},
}
_PAD = {
    **{f"num{digit}": str(digit) for digit in range(10)},
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "decimal": ".",
}
_TEXTS = {"enter": "\r", "tab": "\t", "space": " ", "backspace": "\b", "esc": "\x1b", "delete": "\x7f"}
# Where the keys of a keyboard of the United States have them.
_SHIFTED = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
_NEEDS_SHIFT = frozenset(_SHIFTED.values())

# What is typed in one action belongs together, and what is typed in another does not, however fast that comes.
_TOGETHER_MS, _APART_MS = 1_000_000, 0
_MENU_MS = 400
# Qt measures in whole milliseconds.
_SURELY_LATER_NS = 2_000_000


class Keyboard:
    """Sends keys to the widget with the focus, as a window system would: shortcuts, pop-ups and grabs first.

    Args:
        seat: of the environment; its turn must have come.
    """

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._is_first = True
        self._searched_ns = 0

    def begin(self) -> None:
        """Says that another action begins."""
        self._is_first = True

    def type(self, character: str) -> None:
        """Presses and releases the key of a character."""
        if character in _ALIASES and character != " ":
            self.tap(_ALIASES[character])
            return
        shift = _Modifier.ShiftModifier if _is_shifted(character) else _Modifier.NoModifier
        for is_press in (True, False):
            self._send(_code(character), character, self.modifiers | shift, is_press=is_press)

    def tap(self, key: str) -> None:
        self.press(key)
        self.release(key)

    def press(self, key: str) -> None:
        if key in _MODIFIERS and key not in self._seat.keys:
            self._seat.keys.append(key)
        self._key(key, is_press=True)

    def release(self, key: str) -> None:
        if key in self._seat.keys:
            self._seat.keys.remove(key)
        self._key(key, is_press=False)

    @property
    def modifiers(self) -> Qt.KeyboardModifier:
        """Those that are down."""
        down = _Modifier.NoModifier
        for name in self._seat.keys:
            down |= _MODIFIERS[name][1]
        return down

    def _key(self, key: str, *, is_press: bool) -> None:
        modifiers = self.modifiers
        is_shifted = bool(modifiers & _Modifier.ShiftModifier)
        if key == "tab" and is_shifted:
            self._send(_Key.Key_Backtab.value, "", modifiers, is_press=is_press)
        elif key in _NAMED:
            self._send(_NAMED[key].value, _TEXTS.get(key, ""), modifiers, is_press=is_press)
        elif key in _PAD:
            character = _PAD[key]
            self._send(_code(character), character, modifiers | _Modifier.KeypadModifier, is_press=is_press)
        else:
            character = _SHIFTED.get(key, key.upper()) if is_shifted else key
            shift = _Modifier.ShiftModifier if _is_shifted(character) else _Modifier.NoModifier
            self._send(_code(character), character, modifiers | shift, is_press=is_press)

    def _send(self, code: int, text: str, modifiers: Qt.KeyboardModifier, *, is_press: bool) -> None:
        receiver = self._receiver()
        if receiver is None:
            return
        if modifiers & (_Modifier.ControlModifier | _Modifier.AltModifier | _Modifier.MetaModifier):
            text = ""
        if is_press and text:
            self._time_search(receiver)
        if Shiboken.isValid(receiver):
            QTest.simulateEvent(receiver, is_press, code, modifiers, text, False, -1)
        else:
            # What Python calls deleted is a list that Qt made itself; its window knows better who has the focus.
            self._send_to_window(QKeyEvent(_PRESS if is_press else _RELEASE, code, modifiers, text))

    def _send_to_window(self, event: QKeyEvent) -> None:
        window = QApplication.activePopupWidget() or QApplication.activeWindow()
        if window is not None and (handle := window.windowHandle()) is not None:
            QCoreApplication.sendEvent(handle, event)

    def _receiver(self) -> QWidget | None:
        grabber = QWidget.keyboardGrabber()
        if grabber is not None:
            return grabber
        popup = QApplication.activePopupWidget()
        within = QApplication.focusWidget() if popup is None else popup.focusWidget()
        candidates = (within, popup, QApplication.activeWindow(), self._seat.root)
        return next((widget for widget in candidates if widget is not None), None)

    def _time_search(self, receiver: QWidget) -> None:
        """Makes lists search for what is typed in one action, whatever the clock says."""
        is_first, self._is_first = self._is_first, False
        if not isinstance(receiver, QAbstractItemView | QComboBox):
            QApplication.setKeyboardInputInterval(_MENU_MS)
            return
        QApplication.setKeyboardInputInterval(_APART_MS if is_first else _TOGETHER_MS)
        while is_first and time.monotonic_ns() - self._searched_ns < _SURELY_LATER_NS:
            continue
        self._searched_ns = time.monotonic_ns()


def key_named(name: str) -> str:
    """The key that a name of the API means here.

    Raises:
        ActionError: if there is no such key, or it does nothing in applications of Qt.
    """
    key = check_key(name)
    key = _ALIASES.get(key, key)
    if len(key) > 1 and key not in _NAMED and key not in _PAD:
        raise ActionError(f"the key {name!r} does nothing in the applications of the qt backend")
    return key


def _is_shifted(character: str) -> bool:
    return character in _NEEDS_SHIFT or (character.isupper() and character.lower() != character)


def _code(character: str) -> int:
    """Qt's codes of the keys that print are those of Unicode, in upper case."""
    upper = character.upper()
    return ord(upper) if len(upper) == 1 else ord(character)
