"""An error as the stream tells it."""

from __future__ import annotations

import traceback
from typing import Any

from agentgym.errors import BackendError
from agentgym.events.types import Failed

__all__ = ["CALLED_OFF", "failure"]

CALLED_OFF = ("CancelledError", "GeneratorExit", "GivenUp", "KeyboardInterrupt", "SystemExit")
"""Names of what ends a run that somebody did not want to go on, with nothing broken."""


def failure(during: str, error: BaseException, *, action: Any = None, agent_id: str | None = None) -> Failed:
    """What broke, and whether it was the machine."""
    return Failed(
        during=during,
        type=type(error).__name__,
        message=str(error),
        kind=error.kind if isinstance(error, BackendError) else None,
        infrastructure=isinstance(error, BackendError),
        traceback="".join(traceback.format_exception(error)),
        action=action,
        agent_id=agent_id,
    )
