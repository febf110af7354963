"""Observations and actions taken apart: the leaves of a space, and the columns that their values fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.spaces import Computer13, UnicodeText

__all__ = ["Place", "as_text", "channels_first", "is_image", "is_text", "leaf", "leaves", "name", "stacked"]

Space: TypeAlias = spaces.Space[Any]

Place: TypeAlias = tuple[str | int, ...]
"""Where in a value a leaf stands; empty if the value has no parts."""


def leaves(space: Space) -> Iterator[tuple[Place, Space]]:
    """The parts of nested ``Dict`` and ``Tuple`` spaces, in the order of the space."""
    if isinstance(space, spaces.Dict):
        for key, inner in space.spaces.items():
            yield from (((key, *place), found) for place, found in leaves(inner))
    elif isinstance(space, spaces.Tuple):
        for index, inner in enumerate(space.spaces):
            yield from (((index, *place), found) for place, found in leaves(inner))
    else:
        yield (), space


def leaf(value: Any, place: Place) -> Any:
    """The part of a value that stands at a place."""
    for key in place:
        value = value[key]
    return value


def name(root: str, place: Place) -> str:
    """``observation.inner.0``."""
    return ".".join([root, *map(str, place)])


def is_text(space: Space) -> bool:
    """Whether its values are texts, or actions that can be written as text."""
    return isinstance(space, spaces.Text | UnicodeText | Computer13)


def is_image(space: Space) -> bool:
    """Whether it is of pictures: uint8 (height, width, 1, 3 or 4), all of 0 to 255."""
    return (
        isinstance(space, spaces.Box)
        and space.dtype == np.uint8
        and len(space.shape) == 3
        and space.shape[-1] in {1, 3, 4}
        and bool((space.low == 0).all() and (space.high == 255).all())
    )


def channels_first(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(height, width, channels) as (channels, height, width)."""
    return np.ascontiguousarray(np.moveaxis(image, -1, 0))


def as_text(value: Any) -> str:
    """A text as it is; an action that was given as data as JSON, which `agentgym.actions.parse_action` reads."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | msgspec.Struct):
        return msgspec.json.encode(value).decode()
    raise DatasetError(f"expected a text or an action, got {type(value).__name__}: {value!r}")


def stacked(values: Sequence[Any], what: str) -> npt.NDArray[Any]:
    """The values as one array, of the dtype that they were recorded with.

    Raises:
        DatasetError: if they have different shapes; ``what`` names them.
    """
    arrays = [np.asarray(value) for value in values]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise DatasetError(f"{what} must all have one shape, got {', '.join(map(str, sorted(shapes)))}")
    return np.stack(arrays)
