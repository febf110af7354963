"""One attempt at an item, in whatever process an engine runs it: what came of it, its error attributed there."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, replace

from agentgym.events import utc_now
from agentgym.results.faults import FaultKind, fault_kind
from agentgym.runner import EpisodeResult, RolloutSpec, rollout

__all__ = ["Attempted", "attempt", "failed"]


@dataclass(frozen=True)
class Attempted:
    """What came of an attempt.

    Attributes:
        result: None if it failed.
        error: the class and its message.
        kind: whose fault it was; told where the error was raised, since not every error survives the way back.
        started: UTC.
        run_id: None if it came to none, or its process was lost with it.
    """

    result: EpisodeResult | None
    started: str | None
    duration_s: float | None
    error: str | None = None
    kind: FaultKind | None = None
    traceback: str | None = None
    run_id: str | None = None


def attempt(spec: RolloutSpec) -> Attempted:
    """Runs the episode; whatever it raises, but an interrupt, is what came of it."""
    started, begun = utc_now().isoformat(timespec="milliseconds"), time.monotonic()
    runs: list[str] = []
    try:
        result = rollout(spec, began=runs.append)
    except Exception as error:  # noqa: BLE001  # of agent, hook, metric or machine: attributed, and kept in its line
        lost = failed(error, started, time.monotonic() - begun)
        return replace(lost, run_id=runs[-1] if runs else None)
    return Attempted(result, started, time.monotonic() - begun, run_id=result.run_id)


def failed(error: Exception, started: str | None = None, duration_s: float | None = None) -> Attempted:
    """What is kept of an error."""
    return Attempted(
        None,
        started,
        duration_s,
        error=_told(error),
        kind=fault_kind(error),
        traceback="".join(traceback.format_exception(error)),
    )


def _told(error: Exception) -> str:
    """The class, what it says, and which hook raised it."""
    said = str(error)
    by = next((note for note in getattr(error, "__notes__", ()) if note.startswith("raised by the hook ")), "")
    return f"{type(error).__name__}{f': {said}' if said else ''}{f' ({by})' if by else ''}"
