"""How much one action may ask for."""

from __future__ import annotations

from typing import Final

__all__ = ["MAX_CLICKS", "MAX_KEYS", "MAX_PIXEL", "MAX_REPEATS", "MAX_TEXT", "MAX_WRITTEN"]

MAX_CLICKS: Final = 10
"""The most clicks of a button at one place."""
MAX_KEYS: Final = 20
"""The most keys held together."""
MAX_PIXEL: Final = 10**9
"""The farthest that a coordinate can be from 0; screens are far smaller."""
MAX_REPEATS: Final = 1_000
"""The most presses of a key or turns of the wheel."""
MAX_TEXT: Final = 20_000
"""The most characters that are typed."""
MAX_WRITTEN: Final = 1 << 18
"""The longest text of an action: `MAX_TEXT` characters fit, each written as an escape sequence."""
