"""How a run is going, while it goes: a bar, the mean of the scores so far, how many failed."""

from __future__ import annotations

from agentgym.cli.output import figure, progress_bar
from agentgym.results import Finished, Session

__all__ = ["RunProgress"]


class RunProgress:
    """A bar for the block; nothing where the standard error is no terminal.

    Args:
        shown: False where somebody else needs the terminal.
    """

    def __init__(self, session: Session, *, shown: bool) -> None:
        self._bar = progress_bar(shown=shown)
        self._task = self._bar.add_task("episodes", total=len(session.items), completed=session.before)
        self._scores = 0.0
        self._scored = self._failed = 0

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def show(self, finished: Finished) -> None:
        attempt = finished.attempt
        if attempt.score is not None:
            self._scores += attempt.score
            self._scored += 1
        self._failed += attempt.status == "error" and finished.is_last
        mean = self._scores / self._scored if self._scored else None
        failed = f"  {self._failed} failed" if self._failed else ""
        said = f"{attempt.task}  mean {figure(mean)}{failed}"
        self._bar.update(self._task, advance=int(finished.is_last), description=said)
