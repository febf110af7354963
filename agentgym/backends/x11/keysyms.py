"""X keysyms: what stands for a character, and what for a key of pyautogui's names."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from agentgym.actions.keys import check_key
from agentgym.errors import ActionError

__all__ = ["KEYS", "RETURN", "keysym_of_character", "keysym_of_key"]

RETURN = 0xFF0D

# The numbers are those of X11/keysymdef.h and XF86keysym.h, in the order of pyautogui.KEYBOARD_KEYS. Keys that only
# other systems have stand for the nearest thing here: pyautogui itself does nothing for them on X11.
_NAMED: dict[str, int] = {
    "add": 0xFFAB,
    "alt": 0xFFE9,
    "altleft": 0xFFE9,
    "altright": 0xFFEA,
    "apps": 0xFF67,
    "backspace": 0xFF08,
    "browserback": 0x1008FF26,
    "browserfavorites": 0x1008FF30,
    "browserforward": 0x1008FF27,
    "browserhome": 0x1008FF18,
    "browserrefresh": 0x1008FF29,
    "browsersearch": 0x1008FF1B,
    "browserstop": 0x1008FF28,
    "capslock": 0xFFE5,
    "clear": 0xFF0B,
    "command": 0xFFEB,
    "convert": 0xFF23,
    "ctrl": 0xFFE3,
    "ctrlleft": 0xFFE3,
    "ctrlright": 0xFFE4,
    "decimal": 0xFFAE,
    "del": 0xFFFF,
    "delete": 0xFFFF,
    "divide": 0xFFAF,
    "down": 0xFF54,
    "end": 0xFF57,
    "enter": RETURN,
    "esc": 0xFF1B,
    "escape": 0xFF1B,
    "execute": 0xFF62,
    "hanguel": 0xFF31,
    "hangul": 0xFF31,
    "hanja": 0xFF34,
    "help": 0xFF6A,
    "home": 0xFF50,
    "insert": 0xFF63,
    "junja": 0xFF38,
    "kana": 0xFF2D,
    "kanji": 0xFF21,
    "launchapp1": 0x1008FF5D,
    "launchapp2": 0x1008FF1D,
    "launchmail": 0x1008FF19,
    "launchmediaselect": 0x1008FF32,
    "left": 0xFF51,
    "modechange": 0xFF7E,
    "multiply": 0xFFAA,
    "nexttrack": 0x1008FF17,
    "nonconvert": 0xFF22,
    "numlock": 0xFF7F,
    "option": 0xFFE9,
    "optionleft": 0xFFE9,
    "optionright": 0xFFEA,
    "pagedown": 0xFF56,
    "pageup": 0xFF55,
    "pause": 0xFF13,
    "pgdn": 0xFF56,
    "pgup": 0xFF55,
    "playpause": 0x1008FF14,
    "prevtrack": 0x1008FF16,
    "print": 0xFF61,
    "printscreen": 0xFF61,
    "prntscrn": 0xFF61,
    "prtsc": 0xFF61,
    "prtscr": 0xFF61,
    "return": RETURN,
    "right": 0xFF53,
    "scrolllock": 0xFF14,
    "select": 0xFF60,
    "separator": 0xFFAC,
    "shift": 0xFFE1,
    "shiftleft": 0xFFE1,
    "shiftright": 0xFFE2,
    "sleep": 0x1008FF2F,
    "space": 0x20,
    "stop": 0x1008FF15,
    "subtract": 0xFFAD,
    "tab": 0xFF09,
    "up": 0xFF52,
    "volumedown": 0x1008FF11,
    "volumemute": 0x1008FF12,
    "volumeup": 0x1008FF13,
    "win": 0xFFEB,
    "winleft": 0xFFEB,
    "winright": 0xFFEC,
    "yen": 0xA5,
}
_FUNCTION = {f"f{number}": 0xFFBD + number for number in range(1, 25)}
_KEYPAD = {f"num{digit}": 0xFFB0 + digit for digit in range(10)}

KEYS: Mapping[str, int] = {**_NAMED, **_FUNCTION, **_KEYPAD}
"""Keysyms by the names of pyautogui's keys that are longer than one character."""

_KEYS_OF_CONTROLS = {"\n": RETURN, "\r": RETURN, "\t": 0xFF09, "\b": 0xFF08}


def keysym_of_key(name: str) -> int:
    """The keysym of a key by pyautogui's name of it, or of the key that types the character ``name``.

    Names of more than one character may be written in any case, as pyautogui lets them.

    Raises:
        ActionError: if there is no such key; the message names the nearest one there is.
    """
    if len(name) == 1:
        return keysym_of_character(name)
    key = check_key(name)
    if key not in KEYS:
        raise ActionError(f"no keyboard of an X server has the key {key!r}")
    return KEYS[key]


def keysym_of_character(character: str) -> int:
    r"""The keysym that stands for a character; ``\n`` and ``\r`` are Return, ``\t`` is Tab, ``\b`` is BackSpace.

    Latin-1 characters are their own keysyms, all others are 0x01000000 + the code point (X11 protocol, appendix A).

    Raises:
        ActionError: if no keysym can carry it: other control characters and lone surrogates.
    """
    if character in _KEYS_OF_CONTROLS:
        return _KEYS_OF_CONTROLS[character]
    if unicodedata.category(character) in ("Cc", "Cs"):
        raise ActionError(f"no key can type the character U+{ord(character):04X}; nothing was typed")
    code_point = ord(character)
    return code_point if code_point < 0x100 else 0x01000000 + code_point
