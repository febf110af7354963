"""What goes wrong inside an application, brought to those who asked it to act."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from agentgym.errors import BackendError

if TYPE_CHECKING:
    from agentgym.backends.qt.clock import Clock

__all__ = ["FaultsRaised", "attributed"]


@contextmanager
def attributed(name: str, method: str) -> Iterator[None]:
    """Says of what an application raises while it is asked for something that it was the application.

    Args:
        name: of the application.
        method: of its class, that is called.

    Raises:
        BackendError: of kind ``"application"``, from the error.
    """
    try:
        yield
    except BackendError:
        raise
    except Exception as error:
        raise BackendError(f"the application {name!r} raised {error!r} in {method}()", kind="application") from error


class FaultsRaised:
    """Raises at the end of a block what an application raised while Qt called it, which Qt itself only prints.

    Args:
        clock: of this process.
        name: of the application.

    Raises:
        BackendError: of kind ``"application"``, from the error; or if it waited in a loop of its own.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock, self._name = clock, name
        self._found: list[BaseException] = []

    def __enter__(self) -> None:
        self._before, sys.excepthook = sys.excepthook, self._keep
        self._clock.stuck = False

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        sys.excepthook = self._before
        self._clock.upcoming.clear()
        self._clock.recover()
        if error is None:
            self._raise()

    def _keep(self, _: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        self._found.append(error)

    def _raise(self) -> None:
        name, found = self._name, self._found
        if found and not isinstance(found[0], Exception):
            # An interrupt from the keyboard, say, that came while Qt was at work.
            raise found[0]
        if found:
            raise BackendError(f"the application {name!r} raised {found[0]!r}", kind="application") from found[0]
        if self._clock.stuck:
            raise BackendError(
                f"the application {name!r} waited for an answer in a loop of its own: dialogues are opened with open() "
                "and menus with popup(), not with exec()",
                kind="application",
            )
