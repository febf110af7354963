"""The one boundary to libraries that read what an agent left, which may be anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from agentgym.errors import MissingDependencyError

__all__ = ["unless_damaged"]

_Read = TypeVar("_Read")


def unless_damaged(read: Callable[[], _Read]) -> _Read | None:
    """What ``read`` returns; None of a file that it cannot read.

    The libraries for office files, pictures, sounds and PDFs check nothing beforehand: of a damaged file they raise
    whatever they met, at any place. It is then as good as not there.

    Raises:
        MissingDependencyError: if ``read`` needs a library that is not installed.
    """
    try:
        return read()
    except MissingDependencyError:
        raise
    except Exception:  # noqa: BLE001 - see above
        return None
