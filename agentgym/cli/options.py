"""Options that more than one command takes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from agentgym.backends.base import BackendOptions
from agentgym.errors import UsageError

__all__ = ["key_values", "known_sandbox", "modules_from_here"]


def key_values(pairs: Sequence[str], *, flag: str) -> dict[str, Any]:
    """Each value as JSON where it is JSON, else as the text it is.

    Args:
        pairs: what was given.
        flag: by which it was given, for the error.
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"{flag} takes KEY=VALUE, got {pair!r}")
        try:
            options[key] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            options[key] = value
    return options


@contextmanager
def modules_from_here() -> Iterator[None]:
    """Lets modules be found in the working directory, too, as ``python -m`` does."""
    # In full: processes that are started meanwhile take it over, and may be elsewhere.
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def known_sandbox(name: str) -> str:
    """The name, if there is such a sandbox."""
    try:
        msgspec.convert({"sandbox": name}, BackendOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"--sandbox can be 'bwrap' or 'none', not {name!r}") from error
    return name
