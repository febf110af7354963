"""Sequences of recorded values that are decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from agentgym.actions.quoting import cut
from agentgym.trajectory.values import ValueReader

__all__ = ["Column", "KeyedColumn", "column"]

_MOST_SHOWN = 6
_LONGEST = 80


class Column(Sequence[Any]):
    """One value a step. ``[t]`` decodes one, a slice gives a list, ``np.asarray`` stacks them."""

    def __init__(self, forms: Sequence[Any], values: ValueReader) -> None:
        self._forms = forms
        self._values = values

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self._values.value(form) for form in self._forms[index]]
        return self._values.value(self._forms[index])

    def __len__(self) -> int:
        return len(self._forms)

    def __iter__(self) -> Iterator[Any]:
        return map(self._values.value, self._forms)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.asarray(list(self), dtype)

    def __repr__(self) -> str:
        shown = [*self._forms] if len(self) <= _MOST_SHOWN else [*self._forms[: _MOST_SHOWN - 1], self._forms[-1]]
        if shown and all(map(_is_array, shown)):
            return f"<{len(self)} arrays, the first {self._values.told(shown[0])}>"
        told = [cut(self._values.told(form), _LONGEST) for form in shown]
        if len(shown) < len(self):
            told.insert(-1, "…")
        return f"<{len(self)} values{': ' if told else ''}{', '.join(told)}>"


class KeyedColumn(Mapping[str, Any]):
    """Values of a ``Dict`` space: a column by key, ``["screenshot"][t]``; or by step, ``[t]``, one dict of them all.

    A ``Dict`` inside is keyed in the same way.
    """

    def __init__(self, forms: Sequence[dict[str, Any]], values: ValueReader) -> None:
        self._forms = forms
        self._values = values

    def __getitem__(self, key: str | int | slice) -> Any:
        if isinstance(key, str):
            return column([form[key] for form in self._forms], self._values)
        return Column(self._forms, self._values)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms[0])

    def __len__(self) -> int:
        return len(self._forms[0])

    def __repr__(self) -> str:
        return f"<{len(self._forms)} values of {', '.join(self)}>"


def column(forms: Sequence[Any], values: ValueReader) -> Column | KeyedColumn:
    """A keyed column if every value is a dict with the same names as keys, else a plain one."""
    keyed = bool(forms) and all(_is_keyed(form) and form.keys() == forms[0].keys() for form in forms)
    return KeyedColumn(forms, values) if keyed else Column(forms, values)


def _is_array(form: Any) -> bool:
    return isinstance(form, dict) and next(iter(form), "") in ("$frame", "$array")


def _is_keyed(form: Any) -> bool:
    return isinstance(form, dict) and not next(iter(form), "$").startswith("$")
