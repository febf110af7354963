"""Methods that are given away and do not keep their object alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar
from weakref import WeakMethod

__all__ = ["Weakly"]

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Weakly(Generic[Given, Result]):
    """A method of an object that outlives whoever calls it.

    An environment whose parts hold its own methods is freed when Python next looks for cycles, which may be hundreds of
    environments later, and each has the bounds of its spaces: ten megabytes for a screen.

    Args:
        method: bound.
    """

    __slots__ = ("_method",)

    def __init__(self, method: Callable[Given, Result]) -> None:
        self._method = WeakMethod(method)

    def __call__(self, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        method = self._method()
        assert method is not None
        return method(*args, **kwargs)

    def __reduce__(self) -> tuple[type[Weakly[Given, Result]], tuple[Callable[Given, Result]]]:
        method = self._method()
        assert method is not None
        return type(self), (method,)
