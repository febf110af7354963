"""Pictures for tasks of GIMP, and its own files."""

from __future__ import annotations

import io
import struct
from typing import Literal

import numpy as np
from PIL import Image

__all__ = ["painting", "white_xcf"]

_SIZE = (400, 300)


def painting(form: Literal["PNG", "JPEG"] = "PNG") -> bytes:
    """A picture of soft colours, other on the left than on the right."""
    width, height = _SIZE
    pixels = np.full((height, width, 3), 100, np.uint8)
    pixels[..., 0] = np.linspace(80, 200, width)
    pixels[..., 1] = np.linspace(90, 160, height)[:, None]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def white_xcf() -> bytes:
    """A white layer of one tile as GIMP's own file, by its documented format (devel-docs/xcf.txt)."""
    side = 64
    head = b"gimp xcf file\0" + struct.pack(">III", side, side, 0) + _properties((17, b"\0"))
    layer_at = len(head) + 3 * 4
    layer_head = struct.pack(">III", side, side, 0) + _text("Background") + _properties((6, struct.pack(">I", 255)))
    hierarchy_at = layer_at + len(layer_head) + 2 * 4
    level_at = hierarchy_at + 5 * 4
    tile_at = level_at + 4 * 4
    return b"".join(
        (
            head,
            struct.pack(">III", layer_at, 0, 0),
            layer_head,
            struct.pack(">II", hierarchy_at, 0),
            struct.pack(">IIIII", side, side, 3, level_at, 0),
            struct.pack(">IIII", side, side, tile_at, 0),
            b"\xff" * (3 * side * side),
        )
    )


def _properties(*properties: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack(">II", kind, len(data)) + data for kind, data in (*properties, (0, b"")))


def _text(words: str) -> bytes:
    data = words.encode() + b"\0"
    return struct.pack(">I", len(data)) + data
