"""Actions as text: calls of the pyautogui API, read without being run."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agentgym.actions._calls import CALLS, in_order
from agentgym.actions._types import (
    Action,
    Batch,
    Click,
    Done,
    DoubleClick,
    DragTo,
    Fail,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    Python,
    RightClick,
    Scroll,
    ToolCall,
    TypeText,
    Wait,
)
from agentgym.actions.limits import MAX_WRITTEN
from agentgym.actions.quoting import cut, short
from agentgym.actions.scripts import ALLOWING, is_script, script
from agentgym.errors import ActionError

__all__ = ["WORDS", "read_calls", "statements_in", "to_pyautogui"]

WORDS: Mapping[str, Action] = {"WAIT": Wait(), "DONE": Done(), "FAIL": Fail()}
"""The special actions of OSWorld, as whole statements."""

# Python's filters of warnings are the whole process's: two threads that change them would put back each other's.
_QUIET = threading.Lock()
_FENCE = re.compile(r"^\s*```[a-zA-Z]*\n(.*?)\n?```\s*$", re.DOTALL)
_ALLOWED = "pyautogui calls with literal arguments, time.sleep(…), and the words WAIT, DONE, FAIL"
_CONSTANTS = {"LEFT": "left", "MIDDLE": "middle", "RIGHT": "right", "PRIMARY": "primary", "SECONDARY": "secondary"}


class _NotLiteralError(ActionError):
    """Python that is no literal call."""


def read_calls(text: str, *, code: bool = False) -> Action:
    """The action that a piece of pyautogui code means. Nothing of it is executed.

    Args:
        code: whether Python that is more than literal calls of the API is an action: to run it.

    Raises:
        ActionError: if there is anything else in it.
    """
    statements = statements_in(text)
    try:
        actions: Sequence[Action] = [one for statement in statements if (one := _statement(statement)) is not None]
    except _NotLiteralError as refused:
        if not is_script(statements):
            raise
        if not code:
            raise ActionError(f"{refused}; {ALLOWING}") from refused
        actions = script(_code_in(text), statements, WORDS)
    if not actions:
        raise ActionError(f"{short(text.strip())} does nothing; allowed are {_ALLOWED}")
    return in_order(actions)


def statements_in(text: str) -> Sequence[ast.stmt]:
    """The statements of a piece of code, which may stand in a block of Markdown.

    Raises:
        ActionError: if it is too long, empty or no Python.
    """
    if len(text) > MAX_WRITTEN:
        raise ActionError(f"the action has {len(text)} characters; at most {MAX_WRITTEN} are read")
    code = _code_in(text)
    if not code:
        raise ActionError(f"the action is empty; allowed are {_ALLOWED}")
    try:
        with _QUIET, warnings.catch_warnings():
            # 'C:\d' is text to type, whatever Python thinks of the backslash.
            warnings.simplefilter("ignore")
            return ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ActionError(f"not Python: {short(code)} ({cut(str(error))}); allowed are {_ALLOWED}") from error


def _code_in(text: str) -> str:
    return _FENCE.sub(r"\1", text).strip()


def to_pyautogui(action: Action) -> str:  # noqa: PLR0911 - one return for each kind of action
    """The action as text that `agentgym.actions.parse_action` reads back as the same action.

    What pyautogui has no call for is written as a call of ``agentgym``.
    """
    match action:
        case Batch(actions=actions):
            lines = [to_pyautogui(part) for part in actions]
            return "\n".join(lines) if len(lines) > 1 else f"agentgym.batch({''.join(lines)})"
        case Wait(seconds=None):
            return "WAIT"
        case Wait(seconds=seconds):
            return f"time.sleep({seconds!r})"
        case Done():
            return "DONE"
        case Fail():
            return "FAIL"
        case Python(code=code):
            return f"agentgym.python({code!r})"
        case ToolCall():
            return f"agentgym.tool({msgspec.json.encode(action).decode()!r})"
        case Scroll(dx=dx, dy=dy) if dx and dy:
            return f"agentgym.scroll({dx}, {dy}{_comma_place(action)})"
    return f"pyautogui.{_call(action)}"


def _call(action: Action) -> str:  # noqa: C901, PLR0911, PLR0912 - one return for each kind of action
    match action:
        case MoveTo(x=x, y=y):
            return f"moveTo({x}, {y})"
        case Click(button=button, clicks=clicks):
            extra = [f"clicks={clicks}"] * (clicks != 1) + [f"button={button!r}"] * (button != "left")
            return f"click({', '.join([*_place(action), *extra])})"
        case MouseDown(button=button):
            return f"mouseDown(button={button!r})"
        case MouseUp(button=button):
            return f"mouseUp(button={button!r})"
        case RightClick():
            return f"rightClick({', '.join(_place(action))})"
        case DoubleClick():
            return f"doubleClick({', '.join(_place(action))})"
        case DragTo(x=x, y=y, button=button):
            return f"dragTo({x}, {y}, button={button!r})"
        case Scroll(dx=0, dy=dy):
            return f"scroll({dy}{_comma_place(action)})"
        case Scroll(dx=dx):
            return f"hscroll({dx}{_comma_place(action)})"
        case TypeText(text=text):
            return f"write({text!r})"
        case Press(key=key, presses=presses):
            return f"press({key!r}{f', presses={presses}' * (presses != 1)})"
        case KeyDown(key=key):
            return f"keyDown({key!r})"
        case KeyUp(key=key):
            return f"keyUp({key!r})"
        case Hotkey(keys=keys):
            return f"hotkey({', '.join(map(repr, keys))})"
    raise AssertionError(f"not a call of pyautogui: {action!r}")


def _place(action: Click | RightClick | DoubleClick | Scroll) -> list[str]:
    return [] if action.x is None else [str(action.x), str(action.y)]


def _comma_place(action: Scroll) -> str:
    return "".join(f", {number}" for number in _place(action))


def _statement(node: ast.stmt) -> Action | None:
    match node:
        case ast.Import(names=names) if {name.name for name in names} <= {"pyautogui", "time"}:
            return None
        case ast.Assign(
            targets=[ast.Attribute(value=ast.Name(id="pyautogui"), attr="FAILSAFE" | "PAUSE")], value=ast.Constant()
        ):
            return None
        case ast.Expr(value=ast.Name(id=word)) if word.upper() in WORDS:
            return WORDS[word.upper()]
        case ast.Expr(value=ast.Call() as call):
            return _called(call)
    raise _refused(node)


def _called(call: ast.Call) -> Action:
    match call.func:
        case ast.Attribute(value=ast.Name(id="pyautogui"), attr=name) if name in CALLS:
            return CALLS[name](*_arguments(call))
        case ast.Attribute(value=ast.Name(id="pyautogui"), attr=name):
            raise _NotLiteralError(f"pyautogui.{cut(name)} is not an action; there are {', '.join(CALLS)}")
        case ast.Attribute(value=ast.Name(id="time"), attr="sleep"):
            return CALLS["sleep"](*_arguments(call))
        case ast.Attribute(value=ast.Name(id="agentgym"), attr="batch") if not call.keywords:
            return Batch(tuple(_called_or_word(argument) for argument in call.args))
        case ast.Attribute(value=ast.Name(id="agentgym"), attr=name):
            return _ours(name, *_arguments(call))
    raise _refused(call)


def _called_or_word(node: ast.expr) -> Action:
    action = _statement(ast.Expr(value=node))
    if action is None:
        raise _refused(node)
    return action


def _ours(name: str, positional: Sequence[Any], named: dict[str, Any]) -> Action:
    match name, list(positional), named:
        case "python", [str(code)], {}:
            return Python(code)
        case "tool", [str(call)], {}:
            try:
                return msgspec.json.decode(call, type=ToolCall)
            except msgspec.MsgspecError as error:
                raise ActionError(f"agentgym.tool needs a tool call as JSON: {cut(str(error))}") from error
        case "scroll", [int(), int()] | [int(), int(), int(), int()] as numbers, {} if bool not in map(type, numbers):
            return Scroll(*numbers)
    raise ActionError(
        f"agentgym has no action {cut(name)}{short(tuple(positional))}; it has python, tool, scroll and batch"
    )


def _arguments(call: ast.Call) -> tuple[list[Any], dict[str, Any]]:
    positional: list[Any] = []
    for argument in call.args:
        positional += _several(argument) if isinstance(argument, ast.Starred) else [_literal(argument)]
    named: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise _refused(keyword.value)
        if keyword.arg in named:
            raise ActionError(f"{cut(ast.unparse(call.func))} got {short(keyword.arg)} twice")
        named[keyword.arg] = _tween(keyword.value) if keyword.arg == "tween" else _literal(keyword.value)
    return positional, named


def _several(argument: ast.Starred) -> Sequence[Any]:
    values = _literal(argument.value)
    if not isinstance(values, list | tuple):
        raise _refused(argument)
    return values


def _tween(node: ast.expr) -> Any:
    """The name of what shapes a motion, which is dropped: ``pyautogui.easeInQuad`` is no literal."""
    match node:
        case ast.Attribute(value=ast.Name(id="pyautogui"), attr=name):
            return name
    return _literal(node)


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pyautogui":
        if node.attr in _CONSTANTS:
            return _CONSTANTS[node.attr]
        raise _refused(node)
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise _refused(node) from error
    return value


def _refused(node: ast.AST) -> _NotLiteralError:
    try:
        given = ast.unparse(node)
    except (RecursionError, ValueError):
        given = type(node).__name__
    return _NotLiteralError(f"not allowed: {short(given)}; allowed are {_ALLOWED}")
