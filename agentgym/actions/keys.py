"""The key names of the pyautogui API, which OSWorld's actions use too."""

from __future__ import annotations

from difflib import get_close_matches

from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError

__all__ = ["KEYS", "check_key"]

_PRINTABLE = "\t\n\r" + "".join(map(chr, range(0x20, 0x7F)))
_FUNCTION = tuple(f"f{number}" for number in range(1, 25))
_NUMPAD = tuple(f"num{digit}" for digit in range(10))
_NAMED = (
    "accept add alt altleft altright apps backspace browserback browserfavorites browserforward browserhome "
    "browserrefresh browsersearch browserstop capslock clear convert ctrl ctrlleft ctrlright decimal del delete "
    "divide down end enter esc escape execute final fn hanguel hangul hanja help home insert junja kana kanji "
    "launchapp1 launchapp2 launchmail launchmediaselect left modechange multiply nexttrack nonconvert numlock "
    "pagedown pageup pause pgdn pgup playpause prevtrack print printscreen prntscrn prtsc prtscr return right "
    "scrolllock select separator shift shiftleft shiftright sleep space stop subtract tab up volumedown volumemute "
    "volumeup win winleft winright yen command option optionleft optionright "
)

KEYS = frozenset((*_PRINTABLE, *_FUNCTION, *_NUMPAD, *_NAMED.split()))
"""Every name that ``press``, ``keyDown``, ``keyUp`` and ``hotkey`` take, in lower case."""


def check_key(name: object) -> str:
    """The name as the API has it; letters of any case.

    Raises:
        ActionError: if there is no such key.
    """
    if not isinstance(name, str):
        raise ActionError(f"a key is a name such as 'enter', not {short(name)}")
    if name in KEYS:
        return name
    if name.lower() in KEYS:
        return name.lower()
    close = get_close_matches(cut(name).lower(), KEYS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "keys are named as pyautogui.KEYBOARD_KEYS names them"
    raise ActionError(f"no key named {short(name)}; {hint}")
