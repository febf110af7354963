"""Pictures inside of HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from agentgym.display.elements import Html, element

__all__ = ["Inline", "Picture", "image", "picture_in"]

Picture: TypeAlias = npt.NDArray[np.uint8]

_LARGEST = 800
_SMALL = 320
_QUALITY = 75


@dataclass(frozen=True)
class Inline:
    """A picture that a page holds itself, at most so wide.

    Args:
        picture: uint8 (height, width, 3), RGB.
        widest: a wider one is made smaller.
        lossy: whether one that had to be made smaller may be a JPEG, of a third of the bytes.
    """

    picture: Picture
    widest: int = _LARGEST
    lossy: bool = False

    @cached_property
    def encoded(self) -> bytes:
        from PIL import Image

        made = Image.fromarray(self.picture)
        is_smaller = made.width > self.widest
        if is_smaller:
            made = made.resize((self.widest, max(1, made.height * self.widest // made.width)), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        if self.lossy and is_smaller:
            made.save(buffer, "jpeg", quality=_QUALITY)
        else:
            made.save(buffer, "png", optimize=True)
        return buffer.getvalue()

    @property
    def address(self) -> str:
        kind = "png" if self.encoded.startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64,{base64.b64encode(self.encoded).decode()}"


def image(inline: Inline | Picture, *, width: int | None = None, **attributes: object) -> Html:
    """A picture as an element. A small one is shown larger, in whole pixels.

    Args:
        width: at which it is shown, in pixels of the page; None to fit it.
    """
    inline = inline if isinstance(inline, Inline) else Inline(inline)
    own = inline.picture.shape[1]
    wide = width or (min(own, inline.widest) if own > _SMALL // 2 * 3 // 2 else own * max(1, _SMALL // own))
    sharp = "image-rendering:pixelated;" if wide > own else ""
    style = f"{sharp}width:{wide}px;max-width:100%;height:auto;margin:0;border:1px solid rgba(128,128,128,.35)"
    return element("img", src=inline.address, style=style, **attributes)


def picture_in(observation: Any) -> Picture | None:
    """The picture in an observation, uint8 (height, width, 3), RGB: its screenshot, else its first one."""
    if isinstance(observation, Mapping):
        named = observation.get("screenshot")
        pictures = [named] if named is not None else list(observation.values())
        return next((picture for value in pictures if (picture := picture_in(value)) is not None), None)
    if not isinstance(observation, np.ndarray) or observation.dtype != np.uint8 or observation.ndim not in (2, 3):
        return None
    if observation.ndim == 2:
        return np.stack([observation] * 3, axis=-1)
    channels = observation.shape[-1]
    if channels == 1:
        return np.repeat(observation, 3, axis=-1)
    return observation[..., :3] if channels in (3, 4) else None
