"""What goes wrong inside an application, brought to those who asked it to act."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from agentgym.backends.qt.clock import Clock
from agentgym.errors import BackendError

__all__ = ["faults_raised"]


@contextmanager
def faults_raised(clock: Clock, name: str) -> Iterator[None]:
    """Raises what an application raised while Qt called it, which Qt itself only prints.

    Args:
        name: of the application.

    Raises:
        BackendError: of kind ``"application"``, from the error; or if it waited in a loop of its own.
    """
    found: list[BaseException] = []

    def keep(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        found.append(error)

    before, sys.excepthook = sys.excepthook, keep
    clock.stuck = False
    try:
        yield
    finally:
        sys.excepthook = before
        clock.upcoming.clear()
        clock.recover()
    if found and not isinstance(found[0], Exception):
        # An interrupt from the keyboard, say, that came while Qt was at work.
        raise found[0]
    if found:
        raise BackendError(f"the application {name!r} raised {found[0]!r}", kind="application") from found[0]
    if clock.stuck:
        raise BackendError(
            f"the application {name!r} waited for an answer in a loop of its own: dialogues are opened with open() and "
            "menus with popup(), not with exec()",
            kind="application",
        )
