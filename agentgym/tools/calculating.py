"""Arithmetic on text: exact while it can be, with 40 digits where it cannot, and bounded in every case."""

from __future__ import annotations

import ast
import decimal
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import TypeAlias

from agentgym.registry import suggestion

__all__ = ["CalculationError", "Number", "calculate", "told"]

Number: TypeAlias = Fraction | Decimal

_LONGEST = 1_000
_MOST_BITS = 10_000
_DEEPEST = 100
_DIGITS = 40
_SHOWN = 15
# As far as the functions of `math` reach.
_CONTEXT = decimal.Context(prec=_DIGITS, Emax=3_000, Emin=-3_000, rounding=decimal.ROUND_HALF_EVEN)
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})
# What stands behind a percentage, not in front of a number: there it would be a remainder.
_PERCENT = re.compile(r"%(?=\s*(?:$|[)\],+*/-]|of\b))")
_OF = re.compile(r"(?<=%)(\s*)of\b")
_WANTS_MORE = re.compile(r"(?:\bof|\*\*|//|[-+*/(,×·÷−–])$")
# "12%" is read as "12**percent", which binds as tightly.
_MARK = "**percent"


class CalculationError(ValueError):
    """Why something cannot be calculated, and the column, from 1, where that shows.

    Args:
        message: what is wrong.
        column: None where it is the whole.
    """

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message if column is None else f"{message} (at column {column})")
        self.column = column


def calculate(expression: str) -> Number:
    """What an expression comes to.

    Args:
        expression: of numbers, ``+ - * / // ** ( )``, percentages such as ``15%`` and ``15% of 80``, the constants
            ``pi`` and ``e``, and functions.

    Raises:
        CalculationError: if it is malformed, has no value, or has one that is too large.
    """
    text = _OF.sub(r"\1* ", expression.translate(_SIGNS))
    if len(text) > _LONGEST:
        raise CalculationError(f"the expression has {len(text)} characters; {_LONGEST} are the most")
    foreign = next((index for index, letter in enumerate(text) if not letter.isascii()), None)
    if foreign is not None:
        raise CalculationError(f"{text[foreign]!r} is nothing to calculate with", foreign + 1)
    with decimal.localcontext(_CONTEXT):
        return _Calculation(text, expression.rstrip()).value()


def told(number: Number) -> str:
    """A number as text: whole, or with all its digits if they end, or with 15 of them and what it is exactly."""
    if isinstance(number, Decimal):
        return f"{_plain(_cut(number))} (rounded)"
    if number.denominator == 1:
        return str(number.numerator)
    rest = number.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    with decimal.localcontext(_CONTEXT):
        value = Decimal(number.numerator) / Decimal(number.denominator)
        if rest == 1 and Fraction(value) == number:
            return _plain(value)
        exactly = f"; exactly {number}" if number.denominator < 10**6 else ""
        return f"{_plain(_cut(value))} (rounded{exactly})"


def _cut(value: Decimal) -> Decimal:
    return value.normalize(decimal.Context(prec=_SHOWN))


def _plain(value: Decimal) -> str:
    """Without an exponent, unless there were many zeros."""
    return f"{value.normalize():f}" if -20 < value.adjusted() < 40 else f"{value.normalize()}"


class _Calculation:
    """One expression, and where in it everything is."""

    def __init__(self, text: str, written: str) -> None:
        self._given = text
        self._written = written
        self._percents = [found.start() for found in _PERCENT.finditer(text)]
        self._read = _PERCENT.sub(_MARK, text.strip())
        self._indent = len(text) - len(text.lstrip())

    def value(self) -> Number:
        try:
            tree = ast.parse(self._read, mode="eval")
        except SyntaxError as error:
            raise self._malformed(error) from error
        except (ValueError, MemoryError, RecursionError) as error:
            raise CalculationError("the expression cannot be read") from error
        return self._of(tree.body, 0)

    def _of(self, node: ast.expr, depth: int) -> Number:
        if depth > _DEEPEST:
            raise self._wrong(node, f"more than {_DEEPEST} things are nested")
        match node:
            case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
                return self._number(node)
            case ast.Name():
                return self._constant(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                value = self._of(node.operand, depth + 1)
                return -value if isinstance(node.op, ast.USub) else value
            case ast.BinOp():
                return self._operation(node, depth)
            case ast.Call(func=ast.Name()):
                return self._function(node, depth)
            case ast.Tuple():
                raise self._wrong(node, "a comma separates what a function is given; one thousand is 1000, not 1,000")
        raise self._wrong(node, f"{ast.unparse(node)[:40]!r} is no arithmetic")

    def _number(self, node: ast.Constant) -> Number:
        # The text, not the float that Python has made of it: 0.1 is a tenth here.
        text = ast.get_source_segment(self._read, node) or str(node.value)
        if isinstance(node.value, int):
            return self._bounded(node, Fraction(node.value))
        value = Decimal(text.replace("_", ""))
        if value and not -3_000 < value.adjusted() < 3_000:
            raise self._wrong(node, f"{text} is too large or too small")
        return self._bounded(node, Fraction(value))

    def _constant(self, node: ast.Name) -> Number:
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        if node.id == "percent":
            raise self._wrong(node, "a percentage that is raised to a power needs brackets: (15%)**2")
        if node.id in _FUNCTIONS:
            raise self._wrong(node, f"{node.id} is a function: {node.id}(…)")
        raise self._wrong(node, f"nothing is called {node.id!r}; {suggestion(node.id, [*_CONSTANTS, *_FUNCTIONS])}")

    def _operation(self, node: ast.BinOp, depth: int) -> Number:
        left = self._of(node.left, depth + 1)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Name) and node.right.id == "percent":
            return self._applied(node, _divided, [left, Fraction(100)])
        if type(node.op) not in _OPERATIONS:
            raise self._wrong(node, _INSTEAD.get(type(node.op), "this operator is no arithmetic"))
        return self._applied(node, _OPERATIONS[type(node.op)], [left, self._of(node.right, depth + 1)])

    def _function(self, node: ast.Call, depth: int) -> Number:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _FUNCTIONS:
            raise self._wrong(node, f"no function is called {name!r}; {suggestion(name, _FUNCTIONS)}")
        function, least, most = _FUNCTIONS[name]
        if node.keywords or not least <= len(node.args) <= most:
            wanted = str(least) if least == most else f"{least} or more" if most > 9 else f"{least} or {most}"
            raise self._wrong(node, f"{name} takes {wanted} numbers, not {len(node.args) + len(node.keywords)}")
        return self._applied(node, function, [self._of(one, depth + 1) for one in node.args])

    def _applied(self, node: ast.expr, function: Callable[..., Number], given: Sequence[Number]) -> Number:
        # Exact numbers stay so among themselves only.
        if len({type(one) for one in given}) > 1:
            given = [_inexact(one) for one in given]
        try:
            return self._bounded(node, function(*given))
        except ZeroDivisionError as error:
            raise self._wrong(node, "division by zero") from error
        except decimal.Overflow as error:
            raise self._wrong(node, "the result is too large") from error
        except (decimal.InvalidOperation, ValueError, OverflowError) as error:
            says = "this has no value" if isinstance(error, decimal.InvalidOperation) else str(error)
            raise self._wrong(node, says) from error

    def _bounded(self, node: ast.expr, value: Number) -> Number:
        if isinstance(value, Fraction) and max(_bits(value.numerator), _bits(value.denominator)) > _MOST_BITS:
            raise self._wrong(node, "the result is too large; about 3,000 digits are the most")
        return value

    def _wrong(self, node: ast.expr, message: str) -> CalculationError:
        return CalculationError(message, self._column(node.col_offset))

    def _malformed(self, error: SyntaxError) -> CalculationError:
        if not self._read:
            return CalculationError("there is nothing to calculate")
        lacking = self._lacking()
        if lacking is not None:
            return CalculationError(lacking, len(self._written) + 1)
        column = self._column(min(max((error.offset or 1) - 1, 0), len(self._read)))
        if "=" in self._read:
            return CalculationError("'=' is no arithmetic; write only what is to be calculated", column)
        return CalculationError("this cannot be read as arithmetic", column)

    def _lacking(self) -> str | None:
        """What is missing at the end, if the expression could be read with it."""
        closing = ")" * max(self._read.count("(") - self._read.count(")"), 0)
        last = _WANTS_MORE.search(self._written)
        if last is not None and _can_be_read(f"{self._read} 1{closing}"):
            return f"something is missing after {last[0]!r}"
        return f"{closing!r} is missing" if closing and _can_be_read(self._read + closing) else None

    def _column(self, offset: int) -> int:
        """Where in what was given, from 1, something of what is read stands."""
        place = offset + self._indent
        for percent in self._percents:
            if place <= percent:
                break
            place = max(percent, place - (len(_MARK) - 1))
        return min(place, len(self._given)) + 1


def _can_be_read(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _bits(number: int) -> int:
    return abs(number).bit_length()


def _inexact(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value.numerator) / Decimal(value.denominator)


def _divided(left: Number, right: Number) -> Number:
    if not right:
        raise ZeroDivisionError
    return _of_two(operator.truediv, left, right)


def _floor_divided(left: Number, right: Number) -> Number:
    return _floor(_divided(left, right))


def _of_two(does: Callable[[Number, Number], Number], left: Number, right: Number) -> Number:
    return does(left, right)


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        if not base and exponent < 0:
            raise ZeroDivisionError
        if abs(exponent) * max(_bits(base.numerator), _bits(base.denominator), 1) > _MOST_BITS and abs(base) not in (
            0,
            1,
        ):
            raise ValueError("the result of this power is too large; about 3,000 digits are the most")
        return Fraction(base**exponent.numerator)
    if exponent == Fraction(1, 2):
        return _sqrt(base)
    return _inexact(base) ** _inexact(exponent)


def _sqrt(value: Number) -> Number:
    if value < 0:
        raise ValueError("a number below 0 has no square root here")
    if isinstance(value, Fraction):
        above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if above * above == value.numerator and below * below == value.denominator:
            return Fraction(above, below)
    return _inexact(value).sqrt()


def _round(value: Number, digits: Number = Fraction(0)) -> Number:
    """Halves are rounded away from zero, as at school."""
    places = _whole(digits, "round", 1_000)
    exact = Fraction(value)
    scaled = abs(exact) * Fraction(10) ** places
    rounded = math.floor(scaled + Fraction(1, 2)) / Fraction(10) ** places
    return rounded if exact >= 0 else -rounded


def _floor(value: Number) -> Number:
    return Fraction(math.floor(value))


def _ceil(value: Number) -> Number:
    return Fraction(math.ceil(value))


def _mod(value: Number, by: Number) -> Number:
    return value - by * _floor_divided(value, by)  # type: ignore[operator]  # both are of one kind


def _factorial(value: Number) -> Number:
    return Fraction(math.factorial(_whole(value, "factorial", 1_000, least=0)))


def _log(value: Number, base: Number | None = None) -> Number:
    if value <= 0 or (base is not None and (base <= 0 or base == 1)):
        raise ValueError("a logarithm is of a number over 0, to a base over 0 that is not 1")
    found = _inexact(value).ln()
    return found if base is None else found / _inexact(base).ln()


def _log10(value: Number) -> Number:
    if value <= 0:
        raise ValueError("a logarithm is of a number over 0")
    return _inexact(value).log10()


def _of_math(function: Callable[[float], float]) -> Callable[[Number], Number]:
    def applied(value: Number) -> Number:
        # As many digits as a float has.
        return Decimal(repr(function(float(value))))

    return applied


def _sum(*values: Number) -> Number:
    return reduce(operator.add, values)


def _mean(*values: Number) -> Number:
    return _divided(_sum(*values), Fraction(len(values)) if isinstance(values[0], Fraction) else Decimal(len(values)))


def _median(*values: Number) -> Number:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else _mean(ordered[middle - 1], ordered[middle])


def _whole(value: Number, name: str, most: int, *, least: int | None = None) -> int:
    if value != int(value) or not (-most if least is None else least) <= value <= most:
        raise ValueError(f"{name} takes a whole number of at most {most} here")
    return int(value)


_OPERATIONS: Mapping[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divided,
    ast.FloorDiv: _floor_divided,
    ast.Pow: _power,
}
_INSTEAD: Mapping[type[ast.operator], str] = {
    ast.Mod: "% is percent here: 15% of 80; the remainder of a division is mod(a, b)",
    ast.BitXor: "a power is written a**b, not a^b",
}
_CONSTANTS: Mapping[str, Number] = {
    "pi": Decimal("3.141592653589793238462643383279502884197"),
    "e": Decimal("2.718281828459045235360287471352662497757"),
}
_MANY = 200
# By name: the function, and how many numbers it takes at least and at most.
_FUNCTIONS: Mapping[str, tuple[Callable[..., Number], int, int]] = {
    "abs": (abs, 1, 1),
    "ceil": (_ceil, 1, 1),
    "cos": (_of_math(math.cos), 1, 1),
    "exp": (lambda value: _inexact(value).exp(), 1, 1),
    "factorial": (_factorial, 1, 1),
    "floor": (_floor, 1, 1),
    "ln": (_log, 1, 1),
    "log": (_log, 1, 2),
    "log10": (_log10, 1, 1),
    "max": (max, 1, _MANY),
    "mean": (_mean, 1, _MANY),
    "median": (_median, 1, _MANY),
    "min": (min, 1, _MANY),
    "mod": (_mod, 2, 2),
    "round": (_round, 1, 2),
    "sin": (_of_math(math.sin), 1, 1),
    "sqrt": (_sqrt, 1, 1),
    "sum": (_sum, 1, _MANY),
    "tan": (_of_math(math.tan), 1, 1),
}
