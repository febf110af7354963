"""Times that someone wants to pass beside those that a machine takes to settle."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated

import msgspec

from agentgym.errors import UsageError

__all__ = ["Waits", "waits_of"]

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Waits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds; none, where nothing else is said: environments wait by condition.

    Args:
        reset: after a task is set up, before it is first looked at.
        action: after each step's action, before it is looked at.
        evaluate: after the last step, before it is scored.
    """

    reset: _Seconds = 0.0
    action: _Seconds = 0.0
    evaluate: _Seconds = 0.0

    def after_reset(self) -> None:
        _wait(self.reset)

    def after_action(self) -> None:
        _wait(self.action)

    def before_score(self) -> None:
        _wait(self.evaluate)


def waits_of(given: Mapping[str, float] | None) -> Waits:
    """The waits that were asked for.

    Raises:
        UsageError: if one is no number of seconds, or there is no such wait.
    """
    try:
        return msgspec.convert(dict(given or {}), Waits)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        right = "{'reset': seconds, 'action': seconds, 'evaluate': seconds}"
        raise UsageError(f"waits is {given!r}; it must be {right}: {error}") from error


def _wait(seconds: float) -> None:
    if seconds:
        time.sleep(seconds)
