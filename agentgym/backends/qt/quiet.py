"""Times in which widgets do not hear of some things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QCoreApplication, QEvent, QObject

__all__ = ["Quiet"]


class Quiet(QObject):
    """Keeps events of some kinds from widgets.

    Args:
        unheard: the kinds.
        windows: whether they are kept from Qt's windows too, which keep the books of buttons and places.
    """

    def __init__(self, unheard: frozenset[QEvent.Type], *, windows: bool = False) -> None:
        super().__init__()
        self._unheard = unheard
        self._windows = windows

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """As long as the block lasts."""
        application = QCoreApplication.instance()
        assert application is not None, "made before any event"
        application.installEventFilter(self)
        try:
            yield
        finally:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        return event.type() in self._unheard and (self._windows or not watched.isWindowType())
