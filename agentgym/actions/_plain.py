"""What is given as an action, brought down to what JSON has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from agentgym.actions.quoting import short
from agentgym.errors import ActionError

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """The value with mappings as dicts, tuples as lists, and numpy's numbers and arrays as Python's.

    Actions become dicts with their ``kind``. What JSON has nothing for stays as it is, to be refused by name.

    Raises:
        ActionError: at a number that is not finite, or a key that is no text.
        RecursionError: if the value contains itself.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        raise ActionError(f"an action has no number that is {value}")
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        value = {"kind": type(value).__name__, **fields}
    if not isinstance(value, Mapping):
        return value
    wrong = next((key for key in value if not isinstance(key, str)), "")
    if not isinstance(wrong, str):
        raise ActionError(f"the keys of an action are text, not {short(wrong)}")
    return {key: plain(one) for key, one in value.items()}
