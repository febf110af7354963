"""The keys that models name: X11's keysyms as `xdotool` takes them, browsers' names, and those of OpenAI's models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agentgym.actions import KEYS
from agentgym.actions.keys import check_key
from agentgym.actions.quoting import short
from agentgym.errors import ActionError

__all__ = ["chord", "chords", "key_name"]

_NAMES: Mapping[str, str] = {
    # Modifiers. OpenAI's models have a Mac's names for them too.
    "control": "ctrl",
    "control_l": "ctrlleft",
    "control_r": "ctrlright",
    "shift_l": "shiftleft",
    "shift_r": "shiftright",
    "alt_l": "altleft",
    "alt_r": "altright",
    "option": "alt",
    **dict.fromkeys(("super", "super_l", "meta", "meta_l", "cmd", "command", "windows"), "win"),
    **dict.fromkeys(("super_r", "meta_r"), "winright"),
    # Moving and editing.
    **dict.fromkeys(("page_up", "prior", "kp_page_up", "kp_prior"), "pageup"),
    **dict.fromkeys(("page_down", "next", "kp_page_down", "kp_next"), "pagedown"),
    **{f"arrow{way}": way for way in ("up", "down", "left", "right")},
    **{
        f"kp_{name}": name
        for name in ("up", "down", "left", "right", "home", "end", "insert", "delete", "space", "tab")
    },
    **dict.fromkeys(("kp_enter", "linefeed"), "enter"),
    "spacebar": "space",
    "back_space": "backspace",
    "ins": "insert",
    # The rest of the board.
    "caps_lock": "capslock",
    "num_lock": "numlock",
    "scroll_lock": "scrolllock",
    **dict.fromkeys(("print_screen", "sys_req"), "printscreen"),
    **dict.fromkeys(("menu", "contextmenu"), "apps"),
    "break": "pause",
    # The numeric pad.
    **{f"{pad}{digit}": f"num{digit}" for pad in ("kp_", "numpad", "numpad_") for digit in range(10)},
    "kp_add": "add",
    "kp_subtract": "subtract",
    "kp_multiply": "multiply",
    "kp_divide": "divide",
    "kp_decimal": "decimal",
    "kp_separator": "separator",
    # Keys that play and browse.
    "xf86audioraisevolume": "volumeup",
    "xf86audiolowervolume": "volumedown",
    "xf86audiomute": "volumemute",
    "xf86audioplay": "playpause",
    "xf86audionext": "nexttrack",
    "xf86audioprev": "prevtrack",
    "xf86audiostop": "stop",
    "xf86back": "browserback",
    "xf86forward": "browserforward",
    **dict.fromkeys(("xf86reload", "xf86refresh"), "browserrefresh"),
    "xf86homepage": "browserhome",
    "xf86search": "browsersearch",
    "xf86favorites": "browserfavorites",
    "xf86stop": "browserstop",
    # X11's names of the marks; the shifted ones too.
    "minus": "-",
    "equal": "=",
    "plus": "+",
    "comma": ",",
    "period": ".",
    "slash": "/",
    "backslash": "\\",
    "semicolon": ";",
    "colon": ":",
    "apostrophe": "'",
    "quotedbl": '"',
    "grave": "`",
    "asciitilde": "~",
    "bracketleft": "[",
    "bracketright": "]",
    "braceleft": "{",
    "braceright": "}",
    "parenleft": "(",
    "parenright": ")",
    "underscore": "_",
    "exclam": "!",
    "at": "@",
    "numbersign": "#",
    "dollar": "$",
    "percent": "%",
    "asciicircum": "^",
    "ampersand": "&",
    "asterisk": "*",
    "bar": "|",
    "less": "<",
    "greater": ">",
    "question": "?",
}


def key_name(name: object) -> str:
    """Our name of a key; letters of any case.

    Raises:
        ActionError: if there is no such key.
    """
    if isinstance(name, str) and len(name) > 1:
        return _NAMES.get(name.lower()) or check_key(name)
    return check_key(name)


def chord(names: Iterable[object]) -> tuple[str, ...]:
    """Keys that are held together; each may be a combination itself, ``"ctrl+s"``.

    A letter beside other keys is that key, not the capital: models write ``["CTRL", "S"]``.

    Raises:
        ActionError: if one is no key, or there is none.
    """
    keys = tuple(key_name(part) for name in names for part in _parts(name))
    if not keys:
        raise ActionError("no key is named; give at least one, such as 'Return' or 'ctrl+s'")
    return keys if len(keys) == 1 else tuple(key.lower() for key in keys)


def chords(text: object) -> tuple[tuple[str, ...], ...]:
    """What `xdotool key` presses for a text: combinations, one after the other where blanks are between them.

    Raises:
        ActionError: if one is no key, or there is none.
    """
    if not isinstance(text, str) or not text:
        raise ActionError(f"text must name a key or a combination, such as 'Return' or 'ctrl+s', not {short(text)}")
    if text in KEYS:
        return (chord([text]),)
    return tuple(chord([part]) for part in text.split()) or (chord([" "]),)


def _parts(name: object) -> list[object]:
    """``"ctrl+s"`` is two keys; a plus that stands where a key must is one."""
    if not isinstance(name, str) or "+" not in name or name == "+":
        return [name]
    last = ["+"] if name.endswith("++") else []
    return [*(part.strip() for part in name.removesuffix("++" if last else "").split("+")), *last]
