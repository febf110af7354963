"""The screen of a private X server, read from its memory-mapped framebuffer."""

from __future__ import annotations

import mmap
import os
import struct
import threading
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
import xcffib
import xcffib.xproto

from agentgym.errors import BackendError

__all__ = ["Framebuffer"]

_XWD_FIELDS = struct.Struct(">25I")
_XWD_VERSION = 7


class Framebuffer:
    """Copies the screen, the pointer with it, while the X server holds still.

    The file is in XWD format (X11/XWDFile.h): a header of big-endian words, a colour table, then rows of BGRX pixels.

    Args:
        descriptor: the file that ``Xvfb -fbdir`` writes; the framebuffer owns it.
        connection: to the same server; it is asked to serve nobody else while the pixels are copied, since without
            that one frame in six was torn under motion.

    Raises:
        BackendError: if the file is no framebuffer of 32 bits a pixel.
    """

    def __init__(self, descriptor: int, connection: xcffib.Connection) -> None:
        self._connection = connection
        self._looking = threading.Lock()
        try:
            self._memory = mmap.mmap(descriptor, os.fstat(descriptor).st_size, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)
        header = _XWD_FIELDS.unpack_from(self._memory)
        header_size, version, width, height = header[0], header[1], header[4], header[5]
        bits, stride, colours = header[11], header[12], header[19]
        if version != _XWD_VERSION or bits != 32:
            raise BackendError(f"unknown framebuffer: XWD version {version}, {bits} bits a pixel", kind="display")
        offset = header_size + 12 * colours
        rows = np.frombuffer(self._memory, np.uint8, count=stride * height, offset=offset)
        self._pixels = rows.reshape(height, stride // 4, 4)[:, :width]

    def capture(self) -> npt.NDArray[np.uint8]:
        """The screen now: a fresh uint8 array (height, width, 3), RGB.

        Raises:
            BackendError: if the X server is gone.
        """
        height, width = self._pixels.shape[:2]
        frame = np.empty((height, width, 3), np.uint8)
        self.capture_into(frame)
        return frame

    def capture_into(self, frame: npt.NDArray[np.uint8]) -> None:
        """Writes the screen as it is now into uint8 (height, width, 3), RGB, contiguous.

        Raises:
            BackendError: if the X server is gone.
        """
        core = self._connection.core
        try:
            core.GrabServer()
            # The grab holds once a later request has been answered.
            core.GetInputFocus().reply()
            cv2.cvtColor(self._pixels, cv2.COLOR_BGRA2RGB, frame)
            core.UngrabServer()
            self._connection.flush()
        except (xcffib.ConnectionException, xcffib.XcffibException) as error:
            raise BackendError(f"the X server died: {error!r}", kind="display") from error

    def colour(self, x: int, y: int) -> tuple[int, int, int]:
        """A pixel as it is this moment, red, green, blue; the server is not asked to hold still."""
        blue, green, red, _ = self._pixels[y, x].tolist()
        return red, green, blue

    def glance(self) -> npt.NDArray[np.uint8] | None:
        """The screen as it is this moment, for any thread; None once it is closed.

        The server is not asked to hold still, so that nobody notices; a picture that is drawn meanwhile may be torn.
        """
        with self._looking:
            if self._memory.closed:
                return None
            return np.asarray(cv2.cvtColor(self._pixels, cv2.COLOR_BGRA2RGB), np.uint8)

    def close(self) -> None:
        with self._looking:
            # The array holds the map open.
            self._pixels = cast("Any", None)
            self._memory.close()
