"""Code that names places by the numbers of marks: ``pyautogui.click(tag_3)``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from agentgym.actions._text import statements_in
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError

__all__ = ["with_places"]

_TAG = re.compile(r"tag_([0-9]{1,9})\Z")
_OPERATIONS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


def with_places(code: str, places: Sequence[tuple[int, int]]) -> str:
    """The code with a pair of numbers for each tag, or a number for one half of it, as for ``tag_3[0] + 10``.

    Code that names no tag, or is no Python, stays as it is.

    Args:
        code: may stand in a block of Markdown.
        places: of ``tag_1``, ``tag_2`` and so on, in pixels.

    Raises:
        ActionError: if it names one that there is not.
    """
    if "tag_" not in code:
        return code
    try:
        statements = statements_in(code)
    except ActionError:
        # Whoever reads it as an action says what is wrong with it.
        return code
    # Names that the code gives a value itself are its own, as in Python.
    own = {
        node.id
        for one in statements
        for node in ast.walk(one)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    tags = _Tags(places, own)
    try:
        lines = [ast.unparse(tags.visit(statement)) for statement in statements]
    except ActionError:
        raise
    except (RecursionError, OverflowError, ValueError) as error:
        raise ActionError(f"the places in {short(code)} cannot be worked out: {cut(str(error))}") from error
    return "\n".join(lines) if tags.found else code


class _Tags(ast.NodeTransformer):
    def __init__(self, places: Sequence[tuple[int, int]], own: Set[str]) -> None:
        self._places, self._own = places, own
        self.found = False

    def visit_Name(self, node: ast.Name) -> ast.expr:  # as `ast` calls it
        tag = _TAG.match(node.id)
        if tag is None or node.id in self._own:
            return node
        number = int(tag[1])
        if not 1 <= number <= len(self._places):
            there = f"there are tag_1 to tag_{len(self._places)}" if self._places else "there is none"
            raise ActionError(f"no {short(node.id)} on the screen; {there}")
        self.found = True
        x, y = self._places[number - 1]
        return ast.Tuple([ast.Constant(x), ast.Constant(y)], ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Subscript(value=ast.Tuple(elts=[x, y]), slice=ast.Constant(value=half)) if half in (0, 1):
                return y if half else x
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.BinOp(
                left=ast.Constant(value=int() | float() as left), right=ast.Constant(value=int() | float() as right)
            ):
                operation = _OPERATIONS.get(type(node.op))
                if operation is not None and not (right == 0 and operation in (operator.truediv, operator.floordiv)):
                    return ast.Constant(operation(left, right))
        return node
