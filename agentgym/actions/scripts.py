"""Text that is Python, but more than literal calls: what runs inside the machine, where that is allowed."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from agentgym.actions._types import Action, Python

__all__ = ["ALLOWING", "is_script", "script", "switches_fail_safe_off", "written_code"]

ALLOWING = "with allow_code=True (--env-option allow_code=true) it would run as Python inside the sandbox"

# OSWorld's words, and its pause of 0.1 s after each call: nothing else waits between them. The last line has `<` typed
# as Shift and comma: pyautogui 0.9.54 types `>` for it on X11, where it presses Shift with a key that has `<` alone.
_BEFORE = (
    "import pyautogui; import time; pyautogui.FAILSAFE = False\n"
    "_keys = pyautogui.platformModule.keyboardMapping; _keys['<'] = _keys[',']\n"
)


def is_script(statements: Sequence[ast.stmt]) -> bool:
    """Whether it can do anything: prose of one word is Python, too."""
    return any(isinstance(node, ast.Call) for statement in statements for node in ast.walk(statement))


def script(code: str, statements: Sequence[ast.stmt], words: Mapping[str, Action]) -> Sequence[Action]:
    """The actions that a piece of code comes to: itself, to be run, and the words that it ends with.

    Args:
        statements: of the code.
        words: by their names, in capitals.
    """
    ending: list[Action] = []
    running = list(statements)
    while running and (word := _word(running[-1])) in words:
        ending.insert(0, words[word])
        running.pop()
    if ending:
        code = _before(statements[len(running)], code, running) if running else ""
    return [Python(_BEFORE + code), *ending]


def switches_fail_safe_off(action: Python) -> bool:
    """Whether it is of `script`'s making: the user's own desktop is not to be driven so."""
    return action.code.startswith(_BEFORE)


def written_code(action: Python) -> str | None:
    """The code as it was written, if it is of `script`'s making."""
    return action.code.removeprefix(_BEFORE) if switches_fail_safe_off(action) else None


def _before(end: ast.stmt, code: str, statements: Sequence[ast.stmt]) -> str:
    """The statements of a piece of code up to one, as they are written there."""
    *lines, last = code.replace("\r\n", "\n").replace("\r", "\n").split("\n")[: end.lineno]
    text = "\n".join([*lines, last.encode()[: end.col_offset].decode()]).rstrip()
    # A backslash would go on with a line that is left out.
    return "\n".join(map(ast.unparse, statements)) if text.endswith("\\") else text


def _word(statement: ast.stmt) -> str:
    match statement:
        case ast.Expr(value=ast.Name(id=word)):
            return word.upper()
    return ""
