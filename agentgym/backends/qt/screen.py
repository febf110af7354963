"""What the windows of one environment show, as one array that follows what Qt repaints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, cast

import cv2
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QBackingStore, QImage, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication, QWidget

from agentgym.backends.qt.pointer import POINTER_SIZE, draw_pointer

__all__ = ["Box", "Screen", "Seen", "blank"]

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the screen."""

_Pixels: TypeAlias = npt.NDArray[np.uint8]

_PAINT, _UPDATE = QEvent.Type.Paint, QEvent.Type.UpdateRequest
# What painting itself makes necessary is painted at once, unless it goes on for ever.
_ROUNDS = 8
# More rectangles than these cost more to copy one by one than the one around them.
_MANY = 4

# Of more parts than these nobody asked what they were.
_FORGOTTEN = 32


class Seen(NamedTuple):
    """A picture, uint8 (height, width, 3) RGB, what of it has changed, and the token to say next time."""

    picture: _Pixels
    changed: list[Box]
    token: object


class Screen:
    """Keeps the picture of an environment's windows. Qt repaints what changed, and that is what is copied here.

    Args:
        place: of this screen among Qt's.
    """

    def __init__(self, place: QRect) -> None:
        self._origin = place.topLeft()
        self._width, self._height = place.width(), place.height()
        self._frame: _Pixels = blank((self._width, self._height))
        # The same with the pointer in it, brought up to date when it is asked for.
        self._seen: _Pixels = blank((self._width, self._height))
        self._pointed: tuple[int, int] | None = None
        self._changed: list[Box] = []
        self._unseen: list[Box] = []
        self._token = object()
        self._shown: list[tuple[QWidget, Box]] = []
        self._painted = _Painted()
        self._later = _Later()

    def take_up(self, window: QWidget) -> None:
        """From now on the window is painted when `refresh` says so, however often it asks in between."""
        window.installEventFilter(self._later)

    def refresh(self, windows: Sequence[QWidget]) -> bool:
        """Has Qt paint what changed since the last time, and copies that.

        Args:
            windows: those that are to be seen, the lowest first.

        Returns:
            Whether they, or their places, are others than before.
        """
        painted = self._paint(windows)
        shown = [(window, self._box(window.geometry())) for window in windows]
        damage = _differences(self._shown, shown)
        are_others = bool(damage)
        for widget, boxes in painted:
            corner = widget.mapToGlobal(QPoint(0, 0)) - self._origin
            damage += [_moved(box, corner.x(), corner.y()) for box in boxes]
        self._shown = shown
        self._copy(_apart(self._clipped(damage)))
        return are_others

    def clear(self) -> None:
        """Nothing is to be seen."""
        self._shown = []
        self._frame[...] = 0
        self._changed = [self._whole]

    def capture_into(self, frame: _Pixels, pointer: tuple[int, int]) -> None:
        """Writes the picture, with the pointer in it, into uint8 (height, width, 3) RGB."""
        self._point(pointer)
        np.copyto(frame, self._seen)

    def seen(self, pointer: tuple[int, int], since: object) -> Seen:
        """The picture with the pointer in it, which is not the caller's to write or keep.

        Args:
            pointer: where it is.
            since: the token of the last time, against which parts are changed; any other object for all of it.
        """
        self._point(pointer)
        changed = self._unseen if since is self._token else [self._whole]
        self._unseen, self._token = [], object()
        return Seen(self._seen, changed, self._token)

    def _point(self, pointer: tuple[int, int]) -> None:
        """Brings the picture with the pointer up to date."""
        changed, self._changed = self._changed, []
        if pointer == self._pointed and not changed:
            return
        for x, y in {self._pointed or pointer, pointer}:
            changed += self._clipped([(x, y, x + POINTER_SIZE[0], y + POINTER_SIZE[1])])
        for left, top, right, bottom in changed:
            self._seen[top:bottom, left:right] = self._frame[top:bottom, left:right]
        draw_pointer(self._seen, *pointer)
        self._pointed = pointer
        self._unseen += changed
        if len(self._unseen) > _FORGOTTEN:
            self._unseen = [self._whole]

    @property
    def _whole(self) -> Box:
        return 0, 0, self._width, self._height

    def _paint(self, windows: Sequence[QWidget]) -> list[tuple[QWidget, list[Box]]]:
        found = self._painted.boxes = []
        application = QApplication.instance()
        assert application is not None, "there are windows"
        application.installEventFilter(self._painted)
        self._later.is_now = True
        try:
            for _ in range(_ROUNDS):
                count = len(found)
                for window in windows:
                    QCoreApplication.sendEvent(window, QEvent(_UPDATE))
                if len(found) == count:
                    break
                QCoreApplication.sendPostedEvents()
        finally:
            self._later.is_now = False
            application.removeEventFilter(self._painted)
        return found

    def _copy(self, boxes: list[Box]) -> None:
        if len(boxes) > _MANY:
            boxes = [_around(boxes)]
        self._changed += boxes
        for box in boxes:
            left, top, right, bottom = box
            if not self._shown or not _contains(self._shown[0][1], box):
                self._frame[top:bottom, left:right] = 0
            for window, place in self._shown:
                self._paste(window, place, box)

    def _paste(self, window: QWidget, place: Box, box: Box) -> None:
        store: QBackingStore | None = window.backingStore()
        if store is None:
            return
        left, top = max(place[0], box[0]), max(place[1], box[1])
        right, bottom = min(place[2], box[2]), min(place[3], box[3])
        image = store.paintDevice()
        if left >= right or top >= bottom or not isinstance(image, QImage) or image.isNull():
            return
        pixels = _pixels(image)[top - place[1] : bottom - place[1], left - place[0] : right - place[0]]
        # A window that grows gets a larger image only when it is painted next.
        height, width = pixels.shape[:2]
        if height and width:
            self._frame[top : top + height, left : left + width] = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)

    def _box(self, place: QRect) -> Box:
        left, top = place.x() - self._origin.x(), place.y() - self._origin.y()
        return left, top, left + place.width(), top + place.height()

    def _clipped(self, boxes: Iterable[Box]) -> Iterator[Box]:
        for box in boxes:
            left, top = max(0, box[0]), max(0, box[1])
            right, bottom = min(self._width, box[2]), min(self._height, box[3])
            if left < right and top < bottom:
                yield left, top, right, bottom


class _Painted(QObject):
    """Hears of every part of a widget that Qt paints."""

    def __init__(self) -> None:
        super().__init__()
        self.boxes: list[tuple[QWidget, list[Box]]] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QPaintEvent) and isinstance(watched, QWidget):
            self.boxes.append((watched, _parts(event.region())))
        return False


class _Later(QObject):
    """Puts off what a window wants painted."""

    def __init__(self) -> None:
        super().__init__()
        self.is_now = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        return not self.is_now and event.type() == _UPDATE


def blank(size: tuple[int, int]) -> _Pixels:
    """A black picture of (width, height)."""
    return np.zeros((size[1], size[0], 3), np.uint8)


def _differences(before: list[tuple[QWidget, Box]], after: list[tuple[QWidget, Box]]) -> list[Box]:
    """Where a window came, went, moved or changed its place in the stack."""
    stays = 0
    while stays < min(len(before), len(after)) and before[stays] == after[stays]:
        stays += 1
    return [box for _, box in (*before[stays:], *after[stays:])]


def _parts(region: QRegion) -> list[Box]:
    if region.rectCount() == 1 or region.rectCount() > _MANY:
        return [_corners(region.boundingRect())]
    return [_corners(rect) for rect in cast("Iterable[QRect]", region)]


def _corners(rect: QRect) -> Box:
    return rect.x(), rect.y(), rect.x() + rect.width(), rect.y() + rect.height()


def _moved(box: Box, x: int, y: int) -> Box:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _contains(outer: Box, inner: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and outer[2] >= inner[2] and outer[3] >= inner[3]


def _apart(boxes: Iterable[Box]) -> list[Box]:
    """Those that are not within one before: what a widget is painted on comes first."""
    kept: list[Box] = []
    for box in boxes:
        if not any(_contains(other, box) for other in kept):
            kept.append(box)
    return kept


def _around(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _pixels(image: QImage) -> _Pixels:
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)
